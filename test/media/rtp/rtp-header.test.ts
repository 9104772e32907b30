import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isRtp, kindOf, markerOf, payloadTypeOf, sequenceOf, ssrcOf, timestampOf } from '../../../media/rtp/rtp-header.ts';
import { compound, receiverReportBytes, rtpBytes } from '../../support/rtp-bytes.ts';

test('RTP header fields are read at any offset', () => {
  const packet = rtpBytes({ sequence: 0xfffe, timestamp: 0xfedcba98, ssrc: 0xdeadbeef, payloadType: 101, marker: true });
  const bytes = Uint8Array.of(9, 9, 9, ...packet, 9);
  assert.deepEqual(
    [sequenceOf(bytes, 3), timestampOf(bytes, 3), ssrcOf(bytes, 3), payloadTypeOf(bytes, 3), markerOf(bytes, 3)],
    [0xfffe, 0xfedcba98, 0xdeadbeef, 101, true],
  );
});

test('kindOf tells RTP, RTCP and everything else apart (RFC 5761 section 4)', () => {
  const cases: readonly (readonly [name: string, bytes: Uint8Array, kind: string])[] = [
    ['RTP', rtpBytes(), 'rtp'],
    ['RTP with marker, payload type 0', rtpBytes({ payloadType: 0, marker: true }), 'rtp'],
    ['RTP with payload type 96 and marker (0xe0)', rtpBytes({ payloadType: 96, marker: true }), 'rtp'],
    ['sender of reports', compound(receiverReportBytes(1)), 'rtcp'],
    ['FIR of RFC 2032', Uint8Array.of(0x80, 192, 0, 1, 0, 0, 0, 1), 'rtcp'],
    ['STUN', Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...new Uint8Array(12)), 'other'],
    ['ZRTP', Uint8Array.of(0x10, 0, 0, 1, 0x5a, 0x52, 0x54, 0x50, ...new Uint8Array(12)), 'other'],
    ['DTLS', Uint8Array.of(22, 254, 253, ...new Uint8Array(20)), 'other'],
    ['UDPTL', Uint8Array.of(0, 3, 1, 6, 0, 0, 0, 0, 0), 'other'],
    ['UDPTL that looks like RTP, but short', Uint8Array.of(0x80, 3, 1, 6, 0, 0, 0, 0), 'other'],
    ['keepalive', Uint8Array.of(0, 0, 0, 0), 'other'],
    ['nothing', new Uint8Array(0), 'other'],
  ];
  for (const [name, bytes, kind] of cases) assert.equal(kindOf(bytes, 0, bytes.length), kind, name);
});

test('isRtp asks for room for CSRCs and header extension', () => {
  const plain = rtpBytes({ payload: new Uint8Array(0) });
  assert.equal(isRtp(plain, 0, 12), true);
  assert.equal(isRtp(plain, 0, 11), false);
  const sources = Uint8Array.of(0x82, ...plain.subarray(1), ...new Uint8Array(8));
  assert.equal(isRtp(sources, 0, 20), true);
  assert.equal(isRtp(sources, 0, 19), false);
  const empty = Uint8Array.of(0x90, ...plain.subarray(1), 0xbe, 0xde, 0, 0);
  assert.equal(isRtp(empty, 0, 16), true);
  assert.equal(isRtp(empty, 0, 15), false);
  const extended = Uint8Array.of(0x90, ...plain.subarray(1), 0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0);
  assert.equal(isRtp(extended, 0, 20), true);
  assert.equal(isRtp(extended, 0, 19), false);
});

test('kindOf takes any bytes of any length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      for (let length = 0; length <= bytes.length; length++) kindOf(bytes, 0, length);
    }),
    { seed: 5761 },
  );
});
