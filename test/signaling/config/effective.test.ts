import assert from 'node:assert/strict';
import test from 'node:test';
import { parse } from 'yaml';
import { changedPaths, effectiveYaml } from '../../../signaling/config/effective.ts';
import { configSchema } from '../../../signaling/config/schema.ts';
import { isSecretKey } from '../../../signaling/config/secrets.ts';
import { loadBody, sound } from './config-directory.ts';

test('effectiveYaml is a configuration that loads to the same one', () => {
  const first = loadBody(sound);
  assert.ok(first.kind === 'loaded');
  const second = loadBody(effectiveYaml(first.config, first.secretPaths));
  assert.ok(second.kind === 'loaded');
  assert.deepEqual(second.config, first.config);
});

test('effectiveYaml masks what came from a file of secrets', () => {
  const result = loadBody(sound);
  assert.ok(result.kind === 'loaded');
  const text = effectiveYaml(result.config, new Set(['pools[0].nodes[0].uri']));
  assert.equal(parse(text).pools[0].nodes[0].uri, '(secret)');
  assert.doesNotMatch(text, /5090/);
});

test('isSecretKey goes by the last name on the path', () => {
  assert.equal(isSecretKey(['database', 'password']), true);
  assert.equal(isSecretKey(['admin', 'apiTokens', 0]), true);
  assert.equal(isSecretKey(['zones', 0, 'listeners', 0, 'key']), false);
  assert.equal(isSecretKey([0]), false);
});

test('changedPaths names the deepest keys that differ', () => {
  const base = loadBody(sound);
  assert.ok(base.kind === 'loaded');
  const changed = structuredClone(base.config);
  changed.log.level = 'debug';
  changed.zones[0]!.allow.push('192.0.2.1');
  changed.zones[1]!.listeners[0]!.port = 5081;
  changed.zones[1]!.domain = 'example.com';
  assert.deepEqual(changedPaths(base.config, configSchema.parse(changed)), [
    'zones[0].allow',
    'zones[1].listeners[0].port',
    'zones[1].domain',
    'log.level',
  ]);
  assert.deepEqual(changedPaths(base.config, structuredClone(base.config)), []);
});
