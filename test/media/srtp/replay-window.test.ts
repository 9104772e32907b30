import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReplayWindow } from '../../../media/srtp/replay-window.ts';

test('ReplayWindow knows every index once and takes late ones up to 128 behind', () => {
  const window = new ReplayWindow();
  assert.equal(window.seen(1000), false);
  window.mark(1000);
  assert.equal(window.seen(1000), true);
  assert.equal(window.seen(873), false);
  assert.equal(window.seen(872), true, 'too old to know');
  window.mark(873);
  assert.equal(window.seen(873), true);
  window.mark(1127);
  assert.equal(window.seen(1000), true);
  assert.equal(window.seen(1001), false);
  assert.equal(window.seen(999), true);
});

test('ReplayWindow stays exact near 2^48', () => {
  const window = new ReplayWindow();
  const top = 2 ** 48 - 1;
  window.mark(top - 1);
  assert.deepEqual([window.seen(top), window.seen(top - 1), window.seen(top - 2)], [false, true, false]);
  window.mark(top);
  assert.deepEqual([window.seen(top), window.seen(top - 1), window.seen(top - 128)], [true, true, true]);
});

test('ReplayWindow agrees with a set of all indices', () => {
  const steps = fc.array(fc.oneof(fc.integer({ min: -140, max: 140 }), fc.integer({ min: -5, max: 5 })), { maxLength: 300 });
  fc.assert(
    fc.property(fc.integer({ min: 200, max: 2 ** 47 }), steps, (start, moves) => {
      const window = new ReplayWindow();
      const marked = new Set<number>();
      let highest = -1;
      for (const move of moves) {
        const index = highest < 0 ? start : highest + move;
        const expected = marked.has(index) || index <= highest - 128;
        assert.equal(window.seen(index), expected, `${index} after ${highest}`);
        if (expected) continue;
        window.mark(index);
        marked.add(index);
        highest = Math.max(highest, index);
      }
    }),
    { seed: 42, numRuns: 200 },
  );
});
