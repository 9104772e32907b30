// `weir check` as a process.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { parse } from 'yaml';
import { directoryWith, sound } from '../config/config-directory.ts';
import { realMain, weir } from './weir-process.ts';

test('weir check exits 0 for a sound file and names what it read', async (t) => {
  const directory = directoryWith(t, { 'weir.yaml': sound, 'conf.d/a.yaml': 'limits: { calls: 5 }\n' });
  const { code, out, err } = await weir(t, realMain, ['check', '-c', 'weir.yaml'], {}, directory).ended;
  assert.deepEqual([code, out, err], [0, 'weir.yaml, conf.d/a.yaml: sound, 0 warnings', '']);
});

test('weir check exits 1 and prints every error and warning with its place', async (t) => {
  const text = sound.replace('pool: farm', 'pool: x').replace('address: 127.0.0.1, port: 5060', 'address: 10.0.0.1, port: 5060');
  const directory = directoryWith(t, { 'weir.yaml': text });
  const { code, out, err } = await weir(t, realMain, ['check', '-c', 'weir.yaml'], {}, directory).ended;
  assert.deepEqual([code, out], [1, '']);
  assert.deepEqual(err.trimEnd().split('\n'), [
    'error: weir.yaml:2:5: zones[0].allow: is empty while the zone listens on 10.0.0.1. ' +
      'Weir has no authentication yet: list the networks whose requests it may take',
    'error: weir.yaml:20:9: routing.pool: there is no pool "x", allowed: farm',
    'warning: weir.yaml:5:35: zones[0].listeners[0].address: tells outside peers the address 10.0.0.1, ' +
      'which they cannot reach over the internet; set advertised if they come from there',
    '2 errors, 1 warning',
  ]);
});

test('weir check --print-effective prints the configuration in force, secrets masked', async (t) => {
  const directory = directoryWith(t, { secret: 'hunter2' });
  const text = `${sound}sip: { userAgent: "\${file:${join(directory, 'secret')}}" }\n`;
  const { code, out } = await weir(t, realMain, ['check', '--print-effective'], { WEIR_CONFIG_BODY: text, WEIR__limits__calls: '9' }).ended;
  assert.equal(code, 0);
  const effective = parse(out);
  assert.equal(effective.limits.calls, 9);
  assert.equal(effective.limits.ringMs, 180_000);
  assert.equal(effective.sip.userAgent, '(secret)');
  assert.doesNotMatch(out, /hunter2/);
});

test('weir check without a configuration exits 1 and says how to give one', async (t) => {
  const { code, err } = await weir(t, realMain, ['check']).ended;
  assert.equal(code, 1);
  assert.match(err, /^weir check: no configuration: give -c FILE/);
});
