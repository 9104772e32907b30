// The real `weir run --demo` as a process: it comes up, answers a call of `weir call`, and goes down on SIGTERM.
import assert from 'node:assert/strict';
import test from 'node:test';
import { directoryWith } from '../config/config-directory.ts';
import { realMain, weir } from './weir-process.ts';

test('weir run --demo takes a call that hears itself, and ends cleanly on SIGTERM', async (t) => {
  const directory = directoryWith(t, {});
  // Addresses of its own on loopback, so that a Weir running beside the tests is not in the way.
  const env = {
    ...Object.fromEntries([0, 1, 2].map((n) => [`WEIR__zones__0__listeners__${n}__address`, '127.21.0.1'])),
    ...Object.fromEntries([0, 1].map((n) => [`WEIR__zones__1__listeners__${n}__address`, '127.21.0.2'])),
    WEIR__zones__0__media__0__address: '127.21.0.1',
    WEIR__zones__1__media__0__address: '127.21.0.2',
    WEIR__pools__0__nodes__0__uri: 'sip:127.21.0.3:5090',
  };
  const { child, line, ended } = weir(t, realMain, ['run', '--demo', '--log-format', 'json'], env, directory);
  await line('"msg":"ready"');
  const call = weir(t, realMain, ['call', 'sip:echo@127.21.0.1', '--seconds', '0.5', '--expect-tone', '1000']);
  const result = await call.ended;
  assert.equal(result.code, 0, `${result.out}\n${result.err}`);
  assert.match(await line('"msg":"call-ended"'), /"reason":"caller-hangup"/);
  child.kill('SIGTERM');
  const { code, out, err } = await ended;
  assert.equal(code, 0, out);
  assert.equal(err, '');
  assert.doesNotMatch(out, /"level":"error"/);
});
