// `weir run` as a process, with an application that only tells what is done to it.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { directoryWith, sound } from '../config/config-directory.ts';
import { fakeMain, realMain, type WeirProcess, weir } from './weir-process.ts';

const quick = `${sound}limits: { drainMs: 1000 }\n`;

async function running(t: TestContext, text = quick, args: readonly string[] = []): Promise<WeirProcess & { file: string }> {
  const file = join(directoryWith(t, { 'weir.yaml': text }), 'weir.yaml');
  const run = weir(t, fakeMain, ['run', '-c', file, ...args]);
  await run.line('fake-started');
  return { ...run, file };
}

test('weir run drains on SIGTERM, closes and exits 0', async (t) => {
  const { child, ended } = await running(t);
  child.kill('SIGTERM');
  const { code, out } = await ended;
  assert.equal(code, 0);
  assert.match(out, /"limitMs":1000,"msg":"fake-draining"[\s\S]*fake-closed[\s\S]*"ended"/);
});

test('weir run ends at once on SIGINT while it drains', async (t) => {
  const { child, ended, line } = await running(t, sound);
  child.kill('SIGTERM');
  await line('fake-draining');
  child.kill('SIGINT');
  assert.equal((await ended).code, 0);
});

test('weir run keeps the old configuration on SIGHUP when the new one is wrong, and lives', async (t) => {
  const { child, ended, line, file } = await running(t);
  writeFileSync(file, sound.replace('zones:', 'zoness:'));
  child.kill('SIGHUP');
  assert.match(await line('reload-refused'), /weir\.yaml:1:1: zoness: is no known key \(did you mean \\"zones\\"\?\)/);
  child.kill('SIGINT');
  assert.equal((await ended).code, 0);
});

test('weir run tells on SIGHUP what changed and what needs a restart', async (t) => {
  const { child, line, file } = await running(t);
  writeFileSync(file, `${sound.replace('port: 5060', 'port: 5070')}limits: { drainMs: 2 }\nlog: { level: debug }\n`);
  child.kill('SIGHUP');
  const expected = /"changed":\["log\.level","limits\.drainMs"\],"needRestart":\["zones\[0\]\.listeners\[0\]\.port"\]/;
  assert.match(await line('"reloaded"'), expected);
});

test('weir run lets --log-level and --log-format win over the file', async (t) => {
  const { child, ended, lines } = await running(t, `${quick}log: { level: error }\n`, ['--log-level', 'info', '--log-format', 'pretty']);
  child.kill('SIGINT');
  await ended;
  assert.match(lines[0] ?? '', /INFO: fake-started/);
});

test('weir run exits 78 with every problem when the configuration is wrong, before it starts anything', async (t) => {
  const directory = directoryWith(t, { 'weir.yaml': sound.replace('port: 5060', 'port: 0').replace('pool: farm', 'pool: x') });
  const { code, out, err } = await weir(t, fakeMain, ['run', '-c', join(directory, 'weir.yaml')]).ended;
  assert.equal(code, 78);
  assert.equal(out, '');
  assert.match(err, /^error: .*weir\.yaml:5:52: zones\[0\]\.listeners\[0\]\.port: found 0.*\nweir run: 1 error in the configuration\n$/);
});

test('weir run without a configuration says how to give one', async (t) => {
  const { code, err } = await weir(t, fakeMain, ['run']).ended;
  assert.equal(code, 78);
  assert.match(err, /^weir run: no configuration: give -c FILE, .*; or try weir run --demo\n$/);
});

test('weir run --demo runs the embedded configuration, unless the environment names one', async (t) => {
  const directory = directoryWith(t, { 'weir.yaml': `${sound}limits: { calls: 77 }\n` });
  const demo = weir(t, fakeMain, ['run', '--demo', '--log-format', 'json'], {}, directory);
  assert.match(await demo.line('fake-started'), /"mode":"demo","calls":20000/);
  const configured = weir(t, fakeMain, ['run', '--demo'], { WEIR_CONFIG: 'weir.yaml' }, directory);
  assert.match(await configured.line('fake-started'), /"mode":"configured","calls":77/);
  const whole = weir(t, fakeMain, ['run', '--demo'], { WEIR_CONFIG_BODY: sound, WEIR__limits__calls: '78' }, directory);
  assert.match(await whole.line('fake-started'), /"mode":"configured","calls":78/);
});

test('weir run tells the warnings of the configuration in the log', async (t) => {
  const { lines } = await running(t, quick.replace('routing:\n  pool: farm\n', ''));
  assert.match(lines[0] ?? '', /"level":"warn".*"key":"routing\.pool".*"msg":"config-warning"/);
});

const failures: [kind: string, env: string, expected: RegExp][] = [
  [
    'cannot start, with the reason and no stack',
    'refuse',
    /"code":"listen-failed","reason":"Cannot listen on udp [^"]*","hint":"the demo wants [^"]*","msg":"start-failed"/,
  ],
  ['has a bug at the start, with the stack', 'bug', /"type":"TypeError".*"stack":"TypeError: a bug at the start\\n.*"msg":"start-failed"/],
  ['has a bug later, with the stack', 'bug-later', /"fatal":true.*"stack":"SyntaxError.*"msg":"uncaught-exception"/],
  ['drops a promise, with the stack', 'rejection-later', /"fatal":true.*"stack":"Error: nobody cared.*"msg":"unhandled-rejection"/],
];
for (const [kind, how, expected] of failures) {
  test(`weir run exits 1 when the application ${kind}`, async (t) => {
    const { code, out, err } = await weir(t, fakeMain, ['run', '--demo', '--log-format', 'json'], { FAKE_START: how }, directoryWith(t, {}))
      .ended;
    assert.equal(code, 1);
    assert.match(out, expected);
    assert.equal(err, '');
  });
}

test('weir run --supervise starts a killed child again, passes SIGTERM on and exits with it', async (t) => {
  const directory = directoryWith(t, { 'weir.yaml': quick });
  const mark = join(directory, 'crashed');
  const run = weir(t, fakeMain, ['run', '-c', join(directory, 'weir.yaml'), '--supervise'], { FAKE_CRASH_ONCE: mark });
  assert.match(await run.line('child-died'), /"signal":"SIGKILL","restart_in_ms":1000/);
  await run.line('fake-started');
  run.child.kill('SIGTERM');
  const { code, out } = await run.ended;
  assert.equal(code, 0);
  assert.match(out, /fake-draining[\s\S]*fake-closed/);
});

test('weir --version and --help tell what they should', async (t) => {
  const version = await weir(t, realMain, ['--version']).ended;
  assert.match(version.out, /^weir \d+\.\d+\.\d+, Node\.js 2[6-9]\.\d+\.\d+$/);
  const help = await weir(t, realMain, ['run', '--help']).ended;
  assert.equal(help.code, 0);
  assert.match(help.out, /--supervise[\s\S]*SIGHUP reads the configuration again/);
  const wrong = await weir(t, realMain, ['rum']).ended;
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /unknown command 'rum'[\s\S]*Did you mean run/);
});
