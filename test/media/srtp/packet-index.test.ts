import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { estimateIndex, isBeforeFirst, rocOf } from '../../../media/srtp/packet-index.ts';

const at = (roc: number, sequence: number): number => roc * 65_536 + sequence;

const cases: readonly (readonly [name: string, highest: number, sequence: number, index: number])[] = [
  ['the next', at(0, 5), 6, at(0, 6)],
  ['the same', at(3, 5), 5, at(3, 5)],
  ['a late one', at(3, 5), 4, at(3, 4)],
  ['over the wrap', at(0, 65_535), 0, at(1, 0)],
  ['a gap of 300 over the wrap', at(1, 65_400), 164, at(2, 164)],
  ['a gap of 32,768 over the wrap', at(1, 40_000), 7232, at(1, 7232)],
  ['a gap of 32,767 over the wrap', at(1, 40_000), 7231, at(2, 7231)],
  ['a late one from before the wrap', at(2, 3), 65_530, at(1, 65_530)],
  ['a jump ahead by half', at(1, 0), 32_768, at(1, 32_768)],
  ['just more than half ahead is behind', at(1, 0), 32_769, at(0, 32_769)],
  ['before the first wrap there is no behind', at(0, 10), 40_000, at(0, 40_000)],
  ['the end of the last circle', 2 ** 48 - 2, 65_535, 2 ** 48 - 1],
  ['nothing after the last circle', 2 ** 48 - 1, 0, -1],
];

for (const [name, highest, sequence, index] of cases) {
  test(`estimateIndex: ${name}`, () => assert.equal(estimateIndex(highest, sequence), index));
}

test('estimateIndex finds every index within half a circle of the highest', () => {
  const highest = fc.integer({ min: 40_000, max: 2 ** 48 - 40_000 });
  fc.assert(
    fc.property(highest, fc.integer({ min: -32_767, max: 32_767 }), (from, by) => {
      assert.equal(estimateIndex(from, (from + by) % 65_536), from + by);
      assert.equal(rocOf(from), Math.floor(from / 65_536));
    }),
    { seed: 42, numRuns: 1000 },
  );
});

test('isBeforeFirst tells a late packet from a jump', () => {
  assert.equal(isBeforeFirst(0, 65_535, 128), true);
  assert.equal(isBeforeFirst(100, 65_530, 128), true);
  assert.equal(isBeforeFirst(100, 65_400, 128), false);
  assert.equal(isBeforeFirst(at(1, 0), 65_535, 128), false);
});
