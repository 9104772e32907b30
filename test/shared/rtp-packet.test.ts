import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeReports,
  decodeRtp,
  decodeTelephoneEvent,
  encodeReport,
  encodeRtp,
  type ReportBlock,
  TelephoneEventWriter,
} from '../../shared/rtp-packet.ts';

const block: ReportBlock = {
  ssrc: 7,
  fractionLost: 12,
  lost: -3,
  highestSequence: 70_000,
  jitter: 80,
  lastSenderReport: 0x12345678,
  delaySinceLastSenderReport: 65_536,
};

test('encodeRtp and decodeRtp agree', () => {
  const packet = {
    payloadType: 8,
    sequenceNumber: 65_535,
    timestamp: 2 ** 32 - 1,
    ssrc: 2 ** 31,
    marker: true,
    payload: Buffer.from('abc'),
  };
  const back = decodeRtp(encodeRtp(packet));
  assert.ok(back);
  for (const key of ['payloadType', 'sequenceNumber', 'timestamp', 'ssrc', 'marker'] as const) assert.equal(back[key], packet[key]);
  assert.deepEqual(Buffer.from(back.payload), packet.payload);
});

test('encodeRtp writes the header of RFC 3550 section 5.1', () => {
  const bytes = encodeRtp({ payloadType: 0, sequenceNumber: 1, timestamp: 2, ssrc: 3, marker: false, payload: Buffer.from([9]) });
  assert.equal(bytes.toString('hex'), '80000001000000020000000309');
});

test('decodeRtp refuses what is no RTP, whatever it is', () => {
  assert.equal(decodeRtp(new Uint8Array(11)), undefined);
  assert.equal(decodeRtp(new Uint8Array(20)), undefined);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeRtp(bytes);
      decodeReports(bytes);
      decodeTelephoneEvent(bytes);
    }),
    { seed: 1 },
  );
});

test('encodeReport writes a sender report with a block that decodeReports reads, negative loss too', () => {
  const sender = { ntpSeconds: 4_000_000_000, ntpFraction: 5, rtpTimestamp: 6, packets: 10, bytes: 1720 };
  const compound = decodeReports(encodeReport({ ssrc: 42, sender, blocks: [block] }, 'cname', 'bye'));
  assert.deepEqual(compound.reports[0]?.sender, sender);
  assert.deepEqual(compound.reports[1]?.blocks, [block]);
  assert.equal(compound.reports[1]?.ssrc, 42);
  assert.equal(compound.cname, 'cname');
  assert.deepEqual(compound.left, [42]);
});

test('encodeReport writes an empty receiver report when nothing is known', () => {
  const bytes = encodeReport({ ssrc: 1, blocks: [] }, 'c', 'none');
  // RFC 3550 section 6.1: every compound packet starts with SR or RR.
  assert.equal(bytes.subarray(0, 8).toString('hex'), '80c9000100000001');
  assert.equal(bytes.length % 4, 0);
});

test('decodeReports survives a compound packet cut at every byte', () => {
  const whole = encodeReport({ ssrc: 42, blocks: [block] }, 'cname', 'bye');
  for (let length = 0; length < whole.length; length++) {
    assert.ok(decodeReports(whole.subarray(0, length)).reports.length <= 1);
  }
});

test('TelephoneEventWriter keeps the timestamp, grows the duration and ends three times', () => {
  let sequence = 100;
  const writer = new TelephoneEventWriter({ ssrc: 1, payloadType: 101, clockRate: 8000, nextSequenceNumber: () => sequence++ });
  writer.start('5', 1600);
  const packets = [writer.update(20), writer.update(20), ...writer.end(20)].map((bytes) => decodeRtp(bytes)!);
  assert.deepEqual([...new Set(packets.map((packet) => packet.timestamp))], [1600]);
  assert.deepEqual(
    packets.map((packet) => packet.sequenceNumber),
    [100, 101, 102, 103, 104],
  );
  assert.deepEqual(
    packets.map((packet) => packet.marker),
    [true, false, false, false, false],
  );
  const events = packets.map((packet) => decodeTelephoneEvent(packet.payload)!);
  assert.deepEqual(
    events.map((event) => [event.digit, event.duration, event.end]),
    [
      ['5', 160, false],
      ['5', 320, false],
      ['5', 480, true],
      ['5', 480, true],
      ['5', 480, true],
    ],
  );
});
