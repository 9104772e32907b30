// `weir call` as a process: what it prints and its exit codes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { silentLog } from '../../../shared/log.ts';
import { startTestAgent, type TestAgent } from '../../../signaling/agent/test-agent.ts';

let agent: TestAgent;
before(async () => {
  agent = await startTestAgent({ address: '127.20.8.1', port: 0, log: silentLog });
});
after(() => agent.close());

const program = `
  import { Command } from 'commander';
  import { addCallCommand } from ${JSON.stringify(new URL('../../../signaling/cli/call.ts', import.meta.url).href)};
  const program = new Command('weir');
  addCallCommand(program);
  await program.parseAsync(['node', 'weir', 'call', ...process.argv.slice(1)]);
`;

async function weirCall(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const flags = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program, '--'];
  const child = spawn(process.execPath, [...flags, ...args], { stdio: ['ignore', 'pipe', 'pipe'], cwd: import.meta.dirname });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, out, err };
}

const to = (user: string): string => `sip:${user}@127.20.8.1:${agent.port}`;

test('weir call exits 0 when the tone came back and prints a table', async () => {
  const { code, out, err } = await weirCall(to('echo'), '--seconds', '0.6', '--expect-tone', '1000', '--codec', 'pcma');
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /codec {5}PCMA\n[\s\S]*heard {5}1000 Hz[\s\S]*\nOK\n$/);
});

test('weir call prints JSON with --json', async () => {
  const { code, out } = await weirCall(to('tone-600'), '--seconds', '0.6', '--json', '--from', 'sip:me@example.test');
  assert.equal(code, 0);
  const report = JSON.parse(out);
  assert.equal(report.result, 'ok');
  assert.equal(Math.round(report.audio.tones[0].hz), 600);
});

test('weir call exits 1 when the call fails and says the code', async () => {
  const { code, out } = await weirCall(to('reject-480'));
  assert.equal(code, 1);
  assert.match(out, /CALL FAILED: 480 Temporarily Unavailable\n$/);
});

test('weir call exits 2 when the audio fails', async () => {
  const { code, out } = await weirCall(to('silent'), '--seconds', '0.3');
  assert.equal(code, 2);
  assert.match(out, /AUDIO FAILED: no audio came back\n$/);
});

for (const args of [
  [],
  ['tel:1'],
  ['sip:x@127.0.0.1', '--codec', 'opus'],
  ['sip:x@127.0.0.1', '--tone', 'loud'],
  ['sip:x@127.0.0.1', '--dtmf', 'x'],
  ['--nonsense'],
]) {
  test(`weir call exits 3 for ${JSON.stringify(args)}`, async () => {
    const { code, out, err } = await weirCall(...args);
    assert.equal(code, 3);
    assert.equal(out, '');
    assert.notEqual(err, '');
  });
}

test('weir call explains itself with --help', async () => {
  const { code, out } = await weirCall('--help');
  assert.equal(code, 0);
  assert.match(out, /Exit codes/);
});
