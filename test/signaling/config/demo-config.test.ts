import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { demoStateDirectory } from '../../../signaling/config/demo-config.ts';
import { loadConfig } from '../../../signaling/config/load.ts';
import { complaints, directoryWith } from './config-directory.ts';

test('demoConfig is a configuration without a complaint or warning, all on loopback', () => {
  const result = loadConfig({ source: { kind: 'demo' }, env: {}, wallClock: () => 0 });
  assert.deepEqual(complaints(result), []);
  assert.ok(result.kind === 'loaded');
  assert.deepEqual(result.warnings, []);
  const addresses = result.config.zones.flatMap((zone) => [...zone.listeners, ...zone.media].map((entry) => entry.address));
  assert.deepEqual([...new Set(addresses)], ['127.0.0.1']);
});

test('demoConfig takes overrides from the environment', () => {
  const env = { WEIR__zones__0__listeners__0__port: '15060', WEIR__media__ports__min: '41000' };
  const result = loadConfig({ source: { kind: 'demo' }, env, wallClock: () => 0 });
  assert.ok(result.kind === 'loaded');
  assert.equal(result.config.zones[0]?.listeners[0]?.port, 15_060);
});

test('demoStateDirectory lies below the directory, or where that is read-only in the temporary one', (t) => {
  const directory = directoryWith(t, {});
  assert.equal(demoStateDirectory(directory), join(directory, 'var', 'demo'));
  assert.ok(demoStateDirectory(join(directory, 'missing')).startsWith(join(tmpdir(), 'weir-demo-')));
});
