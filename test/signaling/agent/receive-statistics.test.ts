import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReceiveStatistics } from '../../../signaling/agent/receive-statistics.ts';

function receive(sequences: readonly number[], jitterAt: (n: number) => number = () => 0): ReceiveStatistics {
  const statistics = new ReceiveStatistics(8000);
  sequences.forEach((sequence, n) => {
    const packet = { ssrc: 1, sequenceNumber: sequence & 0xffff, timestamp: (sequence * 160) >>> 0 };
    statistics.add(packet, sequence * 20 + jitterAt(n));
  });
  return statistics;
}

const cases = [
  { name: 'a clean stream', sequences: [1, 2, 3, 4], packets: 4, lost: 0, outOfOrder: 0, duplicates: 0 },
  { name: 'a gap', sequences: [1, 2, 5, 6], packets: 4, lost: 2, outOfOrder: 0, duplicates: 0 },
  { name: 'swapped packets', sequences: [1, 3, 2, 4], packets: 4, lost: 0, outOfOrder: 1, duplicates: 0 },
  { name: 'a duplicate', sequences: [1, 2, 2, 3], packets: 4, lost: 0, outOfOrder: 0, duplicates: 1 },
  { name: 'the turn of the sequence', sequences: [65_534, 65_535, 65_536, 65_538], packets: 4, lost: 1, outOfOrder: 0, duplicates: 0 },
  { name: 'a late first packet', sequences: [2, 1, 3], packets: 3, lost: 0, outOfOrder: 1, duplicates: 0 },
];

for (const { name, sequences, ...expected } of cases) {
  test(`ReceiveStatistics counts ${name}`, () => {
    const { jitterMs, ...totals } = receive(sequences).totals();
    assert.deepEqual(totals, expected);
    assert.equal(jitterMs, 0);
  });
}

test('ReceiveStatistics measures jitter as RFC 3550 appendix A.8 does', () => {
  // Arrival alternates by 5 ms: every difference is 5 ms, to which the filter converges.
  const statistics = receive(
    Array.from({ length: 200 }, (_, n) => n),
    (n) => (n % 2) * 5,
  );
  assert.ok(Math.abs(statistics.totals().jitterMs - 5) < 0.01);
  // One late packet of 16 ms counts for one sixteenth.
  assert.equal(receive([0, 1], (n) => n * 16).totals().jitterMs, 1);
});

test('ReceiveStatistics starts anew at another source and at a jump, and keeps the totals', () => {
  const statistics = receive([1, 2, 4]);
  statistics.add({ ssrc: 2, sequenceNumber: 40_000, timestamp: 5 }, 100);
  statistics.add({ ssrc: 2, sequenceNumber: 100, timestamp: 5 }, 120);
  assert.deepEqual(statistics.totals(), { packets: 5, lost: 1, outOfOrder: 0, duplicates: 0, jitterMs: statistics.totals().jitterMs });
  assert.equal(statistics.ssrc, 2);
});

test('ReceiveStatistics report tells the loss since the report before', () => {
  const statistics = receive([1, 2, 4, 5]);
  assert.deepEqual(statistics.report(), { ssrc: 1, fractionLost: 51, lost: 1, highestSequence: 5, jitter: 0 });
  statistics.add({ ssrc: 1, sequenceNumber: 6, timestamp: 960 }, 120);
  assert.equal(statistics.report().fractionLost, 0);
});
