// An independent SRTP (werift) as oracle: it opens what we protect and we open what it protects, over a rollover.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtpHeader, RtpPacket, SrtcpSession, SrtpSession } from 'werift';
import { rtpBytes, senderReportBytes } from '../../support/rtp-bytes.ts';
import { keysOf, Line } from './srtp-bench.ts';

const profiles = [
  ['AES_CM_128_HMAC_SHA1_80', 1],
  ['AEAD_AES_128_GCM', 7],
] as const;

for (const [suite, profile] of profiles) {
  const master = keysOf(suite);
  const [key, salt] = [Buffer.from(master.key), Buffer.from(master.salt)];
  const keys = { localMasterKey: key, localMasterSalt: salt, remoteMasterKey: key, remoteMasterSalt: salt };

  test(`${suite} agrees with werift on RTP over a rollover`, () => {
    const line = new Line(keysOf(suite));
    const oracle = new SrtpSession({ keys, profile });
    for (let index = 65_500; index < 65_600; index++) {
      const plain = rtpBytes({ sequence: index & 0xffff, payload: new Uint8Array(index % 50).fill(index) });
      const packet = RtpPacket.deSerialize(Buffer.from(plain));
      const theirs = oracle.encrypt(packet.payload, packet.header);
      assert.deepEqual(line.open(theirs), plain);
      assert.deepEqual(line.protect(plain), Uint8Array.from(theirs));
    }
    const fresh = new SrtpSession({ keys, profile });
    const other = new Line(keysOf(suite));
    for (let index = 65_500; index < 65_600; index++) {
      const plain = rtpBytes({ sequence: index & 0xffff });
      assert.deepEqual(Uint8Array.from(fresh.decrypt(Buffer.from(other.protect(plain)!))), plain);
    }
    line.free();
    other.free();
  });

  test(`${suite} agrees with werift on header extension and CSRC`, () => {
    const line = new Line(keysOf(suite));
    const oracle = new SrtpSession({ keys, profile });
    const header = new RtpHeader({
      payloadType: 96,
      sequenceNumber: 9,
      timestamp: 5,
      ssrc: 3,
      marker: true,
      extension: true,
      csrc: [7, 8],
      extensions: [{ id: 1, payload: Buffer.from('abc') }],
    });
    const payload = Buffer.from('hello');
    const plain = Uint8Array.from(new RtpPacket(header, payload).serialize());
    const theirs = oracle.encrypt(payload, header);
    assert.deepEqual(line.open(theirs), plain);
    assert.deepEqual(line.protect(plain), Uint8Array.from(theirs));
    line.free();
  });

  test(`${suite} agrees with werift on RTCP`, () => {
    const line = new Line(keysOf(suite));
    const oracle = new SrtcpSession({ keys, profile });
    const report = senderReportBytes(5, [1, 2], [{ ssrc: 4, lost: 3 }]);
    for (let i = 0; i < 5; i++) {
      const theirs = oracle.encrypt(Buffer.from(report));
      assert.deepEqual(line.openRtcp(theirs), report);
      assert.deepEqual(Uint8Array.from(oracle.decrypt(Buffer.from(line.protectRtcp(report)!))), report);
    }
    line.free();
  });
}
