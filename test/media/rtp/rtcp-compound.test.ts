import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  cumulativeLost,
  delaySinceLastSenderReport,
  hasSenderInfo,
  isCompound,
  lastSenderReport,
  middleNtpOf,
  reportAt,
  reportCount,
  reportedJitter,
  reportedSource,
  reportsAt,
  senderOf,
} from '../../../media/rtp/rtcp-compound.ts';
import { compound, descriptionBytes, receiverReportBytes, rtpBytes, senderReportBytes } from '../../support/rtp-bytes.ts';

const report = compound(
  senderReportBytes(
    7,
    [0x11112222, 0x33334444],
    [
      { ssrc: 9, lost: -2, jitter: 80, lsr: 0xa1b2c3d4, dlsr: 65_536 },
      { ssrc: 10, lost: 300 },
    ],
  ),
  descriptionBytes(7, [[1, 'someone@example.com']]),
);

test('isCompound takes whole compounds and nothing cut or lengthened', () => {
  assert.equal(isCompound(report, 0, report.length), true);
  for (let length = 0; length < report.length; length++) {
    // After the sender report the rest is a whole compound of its own.
    assert.equal(isCompound(report, 0, length), length === 28 + 48, String(length));
  }
  const longer = compound(report, Uint8Array.of(0));
  assert.equal(isCompound(longer, 0, longer.length), false);
  assert.equal(isCompound(rtpBytes(), 0, 172), false);
});

test('report blocks are read where they are', () => {
  const at = 5;
  const bytes = Uint8Array.of(...new Uint8Array(at), ...report);
  assert.equal(senderOf(bytes, at), 7);
  assert.equal(hasSenderInfo(bytes, at), true);
  assert.equal(middleNtpOf(bytes, at), 0x22223333);
  assert.equal(reportCount(bytes, at), 2);
  const block = reportAt(reportsAt(bytes, at), 0);
  assert.deepEqual([reportedSource(bytes, block), cumulativeLost(bytes, block), reportedJitter(bytes, block)], [9, -2, 80]);
  assert.deepEqual([lastSenderReport(bytes, block), delaySinceLastSenderReport(bytes, block)], [0xa1b2c3d4, 65_536]);
  assert.equal(cumulativeLost(bytes, reportAt(reportsAt(bytes, at), 1)), 300);
});

test('reportCount believes the length more than the count', () => {
  const bytes = receiverReportBytes(1, [{ ssrc: 2 }]);
  bytes[0] = 0x80 | 31;
  assert.equal(reportCount(bytes, 0), 1);
  const none = receiverReportBytes(1);
  none[0] = 0x9f;
  assert.equal(reportCount(none, 0), 0);
  const cut = Uint8Array.of(0x81, 200, 0, 1, 0, 0, 0, 1);
  assert.equal(reportCount(cut, 0), 0);
  assert.equal(hasSenderInfo(cut, 0), false);
});

test('isCompound takes any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      isCompound(bytes, 0, bytes.length);
    }),
    { seed: 3550 },
  );
});
