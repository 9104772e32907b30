import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PayloadTypes } from '../../../media/rtp/payload-types.ts';

test('PayloadTypes knows the static ones of RFC 3551 without negotiation', () => {
  const types = new PayloadTypes();
  assert.deepEqual([types.count(0), types.count(8), types.count(9), types.count(34), types.count(96)], [8000, 8000, 8000, 90_000, 0]);
});

test('PayloadTypes names the codec that most packets carried, events and unknown ones aside', () => {
  const types = new PayloadTypes();
  types.negotiate([
    { payloadType: 111, name: 'opus', clockRate: 48_000 },
    { payloadType: 101, name: 'telephone-event', clockRate: 8000 },
  ]);
  assert.equal(types.mostSeen(), undefined);
  for (let i = 0; i < 90; i++) types.count(101);
  for (let i = 0; i < 50; i++) assert.equal(types.count(111), 48_000);
  for (let i = 0; i < 40; i++) types.count(0);
  assert.equal(types.count(101), 0, 'events give no jitter');
  assert.equal(types.mostSeen()?.name, 'opus');
});

test('PayloadTypes counts anew when a payload type changes its meaning', () => {
  const types = new PayloadTypes();
  types.negotiate([{ payloadType: 96, name: 'iLBC', clockRate: 8000 }]);
  for (let i = 0; i < 10; i++) types.count(96);
  types.negotiate([{ payloadType: 96, name: 'opus', clockRate: 48_000 }]);
  assert.equal(types.count(96), 48_000);
  assert.equal(types.mostSeen()?.name, 'iLBC');
  for (let i = 0; i < 10; i++) types.count(96);
  types.negotiate([{ payloadType: 96, name: 'opus', clockRate: 48_000 }]);
  assert.equal(types.mostSeen()?.name, 'opus');
});

test('PayloadTypes stays bounded under re-negotiation', () => {
  const types = new PayloadTypes();
  for (let i = 0; i < 1000; i++) types.negotiate([{ payloadType: 96, name: `codec-${i}`, clockRate: 8000 }]);
  types.count(96);
  assert.match(types.mostSeen()?.name ?? '', /^codec-\d+$/);
});
