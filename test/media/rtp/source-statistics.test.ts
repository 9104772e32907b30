import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SourceStatistics } from '../../../media/rtp/source-statistics.ts';

/** Feeds sequence numbers 20 ms apart. */
function fed(sequences: readonly number[]): SourceStatistics {
  const source = new SourceStatistics();
  source.start(1, sequences[0] ?? 0, 0);
  for (const [index, sequence] of sequences.entries()) source.packet(sequence, index * 160, 8000, index * 20);
  return source;
}

function run(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => (first + index) & 0xffff);
}

test('SourceStatistics counts loss, order and duplicates', () => {
  const cases: readonly (readonly [name: string, sequences: number[], lost: number, late: number, twice: number, expected: number])[] = [
    ['a clean run', run(10, 100), 0, 0, 0, 100],
    ['one packet', [7], 0, 0, 0, 1],
    ['wrap-around', run(65_500, 100), 0, 0, 0, 100],
    ['three lost', [...run(1, 10), ...run(14, 10)], 3, 0, 0, 23],
    ['lost across the wrap', [65_534, 2], 3, 0, 0, 5],
    ['two swapped', [1, 2, 4, 3, 5], 0, 1, 0, 5],
    ['a duplicate', [1, 2, 2, 3], 0, 0, 1, 3],
    ['a late duplicate', [1, 2, 3, 4, 2, 5], 0, 0, 1, 5],
    ['a late one and its duplicate', [1, 3, 4, 2, 2, 5], 0, 1, 1, 5],
    ['a duplicate of 40 packets ago', [...run(1, 50), 10], 0, 0, 1, 50],
    ['a late one of 40 packets ago', [...run(1, 9), ...run(11, 40), 10], 0, 1, 0, 50],
    ['a stray far away', [...run(1, 10), 30_000, ...run(11, 10)], 0, 0, 0, 20],
    ['a restart elsewhere', [...run(1, 10), ...run(30_000, 10)], 0, 0, 0, 20],
    ['a restart after loss', [1, 2, 5, ...run(30_000, 10)], 2, 0, 0, 15],
    ['every other packet', run(1, 100).filter((n) => n % 2 === 1), 49, 0, 0, 99],
  ];
  for (const [name, sequences, lost, late, twice, expected] of cases) {
    const source = fed(sequences);
    assert.deepEqual([source.lost, source.outOfOrder, source.duplicates, source.expected], [lost, late, twice, expected], name);
  }
});

test('SourceStatistics sees through any shuffling within its history', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(12), { minLength: 2, maxLength: 200 }), fc.nat(65_535), (delays, first) => {
      // Packet i is sent at i and arrives at i + delay; the first and last stay in place, so that all are expected.
      const order = delays.map((delay, index) => ({ index, at: index === 0 ? -1 : index === delays.length - 1 ? 1000 : index + delay }));
      order.sort((one, other) => one.at - other.at || one.index - other.index);
      const source = fed(order.map(({ index }) => (first + index) & 0xffff));
      assert.deepEqual([source.lost, source.duplicates, source.expected], [0, 0, delays.length]);
    }),
    { seed: 3550 },
  );
});

test('SourceStatistics measures the jitter of RFC 3550 appendix A.8', () => {
  const steady = new SourceStatistics();
  steady.start(1, 0, 0);
  const shaky = new SourceStatistics();
  shaky.start(1, 0, 0);
  let expected = 0;
  let before = 0;
  for (let i = 0; i < 400; i++) {
    steady.packet(i, i * 160, 8000, i * 20);
    const delay = i % 2 === 0 ? 0 : 8;
    shaky.packet(i, i * 160, 8000, i * 20 + delay);
    if (i > 0) expected += (Math.abs(delay - before) - expected) / 16;
    before = delay;
  }
  assert.equal(steady.jitterMs, 0);
  assert.ok(Math.abs(shaky.jitterMs - expected) < 1e-9, `${shaky.jitterMs} ${expected}`);
  assert.ok(Math.abs(shaky.jitterMs - 8) < 0.01);
});

test('SourceStatistics takes its jitter over timestamps that wrap, stand still or jump', () => {
  const source = new SourceStatistics();
  source.start(1, 0, 0);
  const stamps = [0xffffff00, 0xffffff00 + 160, 160 - 0x100 + 160, 160 - 0x100 + 160, 90_000_000, 90_000_160];
  for (const [i, stamp] of stamps.entries()) source.packet(i, stamp >>> 0, 8000, i * 20);
  assert.equal(source.jitterMs, 0);
});

test('SourceStatistics takes any numbers', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(65_535), fc.integer({ min: 0, max: 0xffffffff }), fc.nat(5000))), (packets) => {
      const source = new SourceStatistics();
      source.start(1, packets[0]?.[0] ?? 0, 0);
      let now = 0;
      for (const [sequence, timestamp, pause] of packets) {
        now += pause;
        source.packet(sequence, timestamp, 8000, now);
        assert.ok(source.lost >= 0 && Number.isFinite(source.jitterMs) && source.jitterMs < 5000);
      }
    }),
    { seed: 1889 },
  );
});
