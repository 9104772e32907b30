// The real `weir run --demo` as a process: it comes up, answers a call of `weir call`, and goes down on SIGTERM.
import assert from 'node:assert/strict';
import test from 'node:test';
import { demoEnvironment } from '../../support/demo-environment.ts';
import { directoryWith } from '../config/config-directory.ts';
import { realMain, weir } from './weir-process.ts';

test('weir run --demo takes a call that hears itself, and ends cleanly on SIGTERM', async (t) => {
  const directory = directoryWith(t, {});
  const { sip, env } = demoEnvironment('127.21.0');
  const { child, line, ended } = weir(t, realMain, ['run', '--demo', '--log-format', 'json'], env, directory);
  await line('"msg":"ready"');
  const call = weir(t, realMain, ['call', `sip:echo@${sip}`, '--seconds', '0.5', '--expect-tone', '1000']);
  const result = await call.ended;
  assert.equal(result.code, 0, `${result.out}\n${result.err}`);
  assert.match(await line('"msg":"call-ended"'), /"reason":"caller-hangup"/);
  child.kill('SIGTERM');
  const { code, out, err } = await ended;
  assert.equal(code, 0, out);
  assert.equal(err, '');
  assert.doesNotMatch(out, /"level":"error"/);
});
