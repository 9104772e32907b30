import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlainCall, RelayWorld, targets } from './relay-world.ts';

test('relayPacket forwards both ways between signalled addresses', () => {
  const world = new RelayWorld();
  const call = new PlainCall(world);
  call.apply();
  assert.deepEqual(targets(call.fromCaller('198.51.100.7:4000')), ['10.0.0.5:6000']);
  assert.deepEqual(targets(call.fromNode('10.0.0.5:6000')), ['198.51.100.7:4000']);
});
