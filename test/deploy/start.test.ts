// `npm start` as a user types it: it comes up, and SIGTERM to npm reaches Weir.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { demoEnvironment } from '../support/demo-environment.ts';

test('npm start runs the demo, and ends cleanly when npm gets SIGTERM', async (t) => {
  const state = mkdtempSync(join(tmpdir(), 'weir-start-'));
  t.after(() => rmSync(state, { recursive: true, force: true }));
  const own = { WEIR__state__directory: state, WEIR_CONFIG: '', WEIR_CONFIG_BODY: '' };
  const env = { ...process.env, ...demoEnvironment('127.23.0').env, ...own };
  const root = fileURLToPath(new URL('../..', import.meta.url));
  // A group of its own, to be ended as a whole should the test fail.
  const child = spawn('npm', ['start'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  t.after(() => child.exitCode === null && process.kill(-(child.pid ?? 0), 'SIGKILL'));
  let out = '';
  const closed = once(child, 'close');
  const ready = Promise.withResolvers<void>();
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    out += chunk;
    if (out.includes('ready')) ready.resolve();
  });
  await Promise.race([ready.promise, closed]);
  child.kill('SIGTERM');
  await closed;
  assert.match(out, /draining[\s\S]*ended \{"code":0\}/);
});
