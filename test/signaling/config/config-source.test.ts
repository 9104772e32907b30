import assert from 'node:assert/strict';
import test from 'node:test';
import { namedSource } from '../../../signaling/config/config-source.ts';

test('namedSource prefers -c to WEIR_CONFIG to WEIR_CONFIG_BODY', () => {
  const env = { WEIR_CONFIG: '/b', WEIR_CONFIG_BODY: 'c: 1' };
  assert.deepEqual(namedSource('/a', env), { kind: 'file', path: '/a' });
  assert.deepEqual(namedSource(undefined, env), { kind: 'file', path: '/b' });
  assert.deepEqual(namedSource(undefined, { WEIR_CONFIG_BODY: 'c: 1' }), { kind: 'body', text: 'c: 1' });
  assert.equal(namedSource(undefined, {}), undefined);
});

test('namedSource takes an empty variable for an unset one', () => {
  assert.equal(namedSource(undefined, { WEIR_CONFIG: '', WEIR_CONFIG_BODY: '' }), undefined);
});
