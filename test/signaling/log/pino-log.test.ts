import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { type OpenLog, openLog } from '../../../signaling/log/pino-log.ts';

function recorded(format: 'json' | 'pretty' = 'json', level: 'debug' | 'info' = 'info'): OpenLog & { lines: string[]; text(): string } {
  const lines: string[] = [];
  return { ...openLog({ level, format, write: (line) => lines.push(line) }), lines, text: () => lines.join('') };
}

function parsed(line: string | undefined): Record<string, unknown> {
  const value: Record<string, unknown> = JSON.parse(line ?? 'null');
  return value;
}

test('openLog writes one JSON object a line: level by name, ISO time, fields, event as msg', () => {
  const { log, lines } = recorded();
  log.child({ callId: 'a@b' }).warn({ code: 486 }, 'call-ended');
  const { time, ...rest } = parsed(lines[0]);
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(rest, { level: 'warn', callId: 'a@b', code: 486, msg: 'call-ended' });
  assert.ok(lines[0]?.endsWith('}\n'));
});

test('openLog setLevel reaches children that were made before', () => {
  const { log, lines, setLevel } = recorded();
  const child = log.child({ leg: 1 }).child({ zone: 'outside' });
  child.debug({}, 'hidden');
  setLevel('debug');
  child.debug({}, 'shown');
  setLevel('error');
  child.warn({}, 'hidden');
  child.error({}, 'failed');
  assert.deepEqual(
    lines.map((line) => parsed(line).msg),
    ['shown', 'failed'],
  );
});

test('openLog writes errors with type, message, stack and cause under the usual keys', () => {
  const { log, lines } = recorded();
  for (const key of ['err', 'error', 'cause']) log.error({ [key]: new TypeError('broken', { cause: new Error('root') }) }, 'failed');
  for (const [index, key] of ['err', 'error', 'cause'].entries()) {
    const entry = parsed(lines[index])[key];
    assert.match(JSON.stringify(entry), /"type":"TypeError","message":"broken: root","stack":"TypeError: broken/);
  }
});

test('openLog masks values under names of secrets, one level down too', () => {
  const { log, text } = recorded();
  log.info({ password: 'hunter2', account: { ha1: 'hunter2', authorization: 'Digest hunter2', name: 'alice' } }, 'x');
  assert.doesNotMatch(text(), /hunter2/);
  assert.match(text(), /"name":"alice"/);
});

const hostile = 'a\r\n{"level":"info"}\u001b[2J\u009b31m\u2028\u007f\u0000';

test('openLog in JSON keeps hostile text in one line, without a control character, and loses nothing of it', () => {
  const { log, lines } = recorded();
  log.warn({ from: hostile, nested: { list: [hostile] } }, hostile);
  assert.equal(lines.length, 1);
  assert.doesNotMatch(lines[0]!.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
  assert.equal(parsed(lines[0]).from, hostile);
  assert.equal(parsed(lines[0]).msg, hostile);
});

test('openLog in pretty shows hostile text escaped, also in an error with a stack', () => {
  const { log, text } = recorded('pretty');
  log.warn({ from: hostile, nested: { list: [hostile] } }, hostile);
  assert.doesNotMatch(text(), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/);
  assert.doesNotMatch(text(), /^\{"level"/m);
  log.error({ err: new Error(hostile) }, 'failed');
  assert.doesNotMatch(text(), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/);
  assert.doesNotMatch(text(), /^\{"level"/m);
});

test('openLog in pretty is readable: time, level, event and fields in one line', () => {
  const { log, text } = recorded('pretty');
  log.info({ zone: 'outside', path: 'C:\\dir "x"' }, 'listening');
  assert.match(text(), /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: listening \{"zone":"outside","path":"C:.*"\}\n$/);
});

test('openLog in pretty prints a stack over several lines', () => {
  const { log, text } = recorded('pretty');
  log.error({ err: new Error('broken') }, 'failed');
  assert.match(text(), /Error: broken\n\s+at /);
});

for (const format of ['json', 'pretty'] as const) {
  test(`openLog in ${format} loses no line when the process exits right after`, () => {
    const module = fileURLToPath(new URL('../../../signaling/log/pino-log.ts', import.meta.url));
    const script = `const { openLog } = await import(${JSON.stringify(module)});
      const { log } = openLog({ level: 'info', format: '${format}' });
      for (let i = 0; i < 3000; i++) log.info({ i }, 'line');
      process.exit(3);`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', maxBuffer: 1e8 });
    assert.equal(run.status, 3, run.stderr);
    assert.equal(run.stdout.match(/line/g)?.length, 3000);
  });
}
