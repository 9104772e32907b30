import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LineOutput } from '../../../signaling/log/line-output.ts';

function toFile(t: TestContext): { output: LineOutput; read(): string } {
  const directory = mkdtempSync(join(tmpdir(), 'weir-log-'));
  const descriptor = openSync(join(directory, 'log'), 'w');
  t.after(() => {
    closeSync(descriptor);
    rmSync(directory, { recursive: true });
  });
  const output = new LineOutput({ descriptor, maxWaitingBytes: 1000, gatherBytes: 100, gatherMs: 5 });
  return { output, read: () => readFileSync(join(directory, 'log'), 'utf8') };
}

interface Writer {
  readonly child: ChildProcessByStdio<null, Readable, null>;
  /** What came first. */
  readonly first: string;
}

/** A process with an output on descriptor 1 as `output`, which has written something already. */
async function spawnWriter(script: string, gatherBytes = 1): Promise<Writer> {
  const module = JSON.stringify(fileURLToPath(new URL('../../../signaling/log/line-output.ts', import.meta.url)));
  const whole = `const { LineOutput } = await import(${module});
    const output = new LineOutput({ descriptor: 1, maxWaitingBytes: 1e9, gatherBytes: ${gatherBytes}, gatherMs: 60000 });
    output.write('first\\n');
    output.flush();
    ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', whole], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [first] = await once(child.stdout, 'data');
  return { child, first: String(first) };
}

/** The exit code of such a process whose reader leaves after the first bytes. */
async function withoutReader(script: string, gatherBytes = 1): Promise<unknown> {
  const { child } = await spawnWriter(script, gatherBytes);
  child.stdout.destroy();
  const [code] = await once(child, 'exit');
  return code;
}

test('LineOutput writes lines in order, in the background', async (t) => {
  const { output, read } = toFile(t);
  for (let i = 0; i < 20; i++) output.write(`line ${i} ä\n`);
  while (read().split('\n').length < 21) await new Promise(setImmediate);
  assert.equal(read(), Array.from({ length: 20 }, (_, i) => `line ${i} ä\n`).join(''));
});

test('LineOutput gathers lines for some time and writes them together', async (t) => {
  const { output, read } = toFile(t);
  output.write('one\n');
  output.write('two\n');
  assert.equal(read(), '');
  while (read() === '') await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(read(), 'one\ntwo\n');
});

test('LineOutput flush writes at once what waits', (t) => {
  const { output, read } = toFile(t);
  for (let i = 0; i < 10; i++) output.write(`line ${i}\n`);
  output.flush();
  assert.equal(read(), Array.from({ length: 10 }, (_, i) => `line ${i}\n`).join(''));
  output.flush();
});

test('LineOutput goes on after a pipe that was full, and loses and doubles nothing', async () => {
  const script =
    'for (let i = 0; i < 20000; i++) output.write(`${i}\\n`.padStart(20)); setInterval(() => {}, 1000); setTimeout(() => process.exit(0), 600);';
  const { child, first } = await spawnWriter(script);
  child.stdout.pause();
  await new Promise((resolve) => setTimeout(resolve, 100));
  let text = first;
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  child.stdout.resume();
  await once(child, 'close');
  assert.equal(text, `first\n${Array.from({ length: 20_000 }, (_, i) => `${i}\n`.padStart(20)).join('')}`);
});

test('LineOutput drops what exceeds its bound, and says how much', (t) => {
  const { output, read } = toFile(t);
  for (let i = 0; i < 300; i++) output.write('x'.repeat(9).concat('\n'));
  output.flush();
  const dropped = /"dropped":(\d+),"msg":"log-lines-dropped"/.exec(read())?.[1];
  assert.equal(Number(dropped) > 150, true);
});

test('LineOutput lets its process live, flush and end when the reader has left', async () => {
  const script = `setTimeout(() => { for (let i = 0; i < 1000; i++) output.write('x'.repeat(500) + '\\n'); }, 50);
    setTimeout(() => { output.write('y'); output.flush(); process.exit(5); }, 200);`;
  assert.equal(await withoutReader(script), 5);
});

test('LineOutput flush ends although the reader has left and nobody has noticed', async () => {
  const script = `setTimeout(() => { output.write('y'); output.flush(); output.write('z'); output.flush(); process.exit(5); }, 100);`;
  assert.equal(await withoutReader(script, 1e6), 5);
});
