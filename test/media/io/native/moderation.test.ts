import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatherUs } from '../../../../media/io/limits.ts';
import { Moderation } from '../../../../media/io/native/moderation.ts';

/** Runs 100 ms of one rate, a look every millisecond, and returns what the last look said. */
function after(moderation: Moderation, from: number, packetsPerMs: number): number {
  let last = -1;
  for (let ms = 1; ms <= 100; ms++) {
    moderation.handled(packetsPerMs);
    last = moderation.gatherUs(from + ms);
  }
  return last;
}

test('Moderation lets packets gather at high rates only', () => {
  const moderation = new Moderation();
  assert.equal(moderation.gatherUs(1000), 0, 'at first');
  assert.equal(after(moderation, 1000, 5), 0, '5,000 a second');
  assert.equal(after(moderation, 1100, 40), gatherUs, '40,000 a second');
  assert.equal(after(moderation, 1200, 5), 0, 'back to 5,000');
});

test('Moderation does not take one burst after a pause for a rate', () => {
  const moderation = new Moderation();
  moderation.gatherUs(1000);
  moderation.handled(200);
  assert.equal(moderation.gatherUs(1100), 0);
});
