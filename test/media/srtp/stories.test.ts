// What happens to streams over time: order, loss, replays, rollovers, several sources, and what a sender may not send.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveSources, retiredSources } from '../../../media/srtp/limits.ts';
import { rtpBytes, senderReportBytes } from '../../support/rtp-bytes.ts';
import { keysOf, Line, nodeCrypto, openssl } from './srtp-bench.ts';

const suites = ['AES_CM_128_HMAC_SHA1_80', 'AEAD_AES_128_GCM'];

function each(name: string, story: (line: Line) => void): void {
  for (const suite of suites) {
    test(`${name} [${suite}]`, () => {
      const line = new Line(keysOf(suite));
      story(line);
      line.free();
    });
  }
}

function sent(line: Line, sequence: number, ssrc = 1): Uint8Array {
  const bytes = line.protect(rtpBytes({ sequence, ssrc }));
  assert.ok(bytes !== undefined, `sends ${sequence}`);
  return bytes;
}

function takes(line: Line, bytes: Uint8Array, sequence: number, ssrc = 1): void {
  assert.deepEqual(line.open(bytes), rtpBytes({ sequence, ssrc }), `opens ${sequence}`);
}

each('SrtpReceiver opens a stream over two rollovers with loss and changed order', (line) => {
  let dropped = 0;
  let held: readonly [bytes: Uint8Array, sequence: number] | undefined;
  for (let index = 65_500; index < 3 * 65_536 + 100; index += 1) {
    // Only near the wraps every packet; between them one in a hundred, as far as the estimate reaches.
    const near = index % 65_536 < 50 || index % 65_536 > 65_480;
    if (!near && index % 100 !== 0) continue;
    const sequence = index % 65_536;
    const bytes = sent(line, sequence);
    if (index % 13 === 0) {
      dropped++;
    } else if (near && index % 7 === 0 && held === undefined) {
      held = [bytes, sequence];
    } else {
      takes(line, bytes, sequence);
      if (held !== undefined) takes(line, ...held);
      held = undefined;
    }
  }
  assert.ok(dropped > 100);
});

each('SrtpReceiver follows over a gap of 400 packets around the rollover', (line) => {
  takes(line, sent(line, 65_300), 65_300);
  for (let index = 65_301; index < 65_736; index++) sent(line, index & 0xffff);
  takes(line, sent(line, 200), 200);
  takes(line, sent(line, 201), 201);
});

each('SrtpReceiver takes a packet from before the rollover after it', (line) => {
  const late = sent(line, 65_534);
  takes(line, sent(line, 65_535), 65_535);
  takes(line, sent(line, 0), 0);
  takes(line, late, 65_534);
  takes(line, sent(line, 1), 1);
});

each('SrtpReceiver finds the rollover of a stream whose begin it missed', (line) => {
  sent(line, 65_530);
  for (let index = 65_531; index < 65_540; index++) sent(line, index & 0xffff);
  takes(line, sent(line, 4), 4);
  takes(line, sent(line, 5), 5);
});

each('SrtpReceiver refuses every replay, also of old and of late packets', (line) => {
  const captured: Uint8Array[] = [];
  for (let sequence = 1000; sequence < 1400; sequence++) {
    const bytes = sent(line, sequence);
    captured.push(bytes);
    takes(line, bytes, sequence);
  }
  for (const bytes of captured) assert.equal(line.open(bytes), 'unauthenticated');
  takes(line, sent(line, 1400), 1400);
});

each('SrtpReceiver refuses replays of SRTCP', (line) => {
  const report = senderReportBytes(7, [1, 2]);
  const captured = Array.from({ length: 200 }, () => line.protectRtcp(report) ?? new Uint8Array(0));
  for (const bytes of captured) assert.deepEqual(line.openRtcp(bytes), report);
  for (const bytes of captured) assert.equal(line.openRtcp(bytes), 'unauthenticated');
  assert.deepEqual(line.openRtcp(line.protectRtcp(report) ?? new Uint8Array(0)), report);
});

each('SrtpReceiver takes SRTCP in any order within the window', (line) => {
  const report = senderReportBytes(7, [1, 2]);
  const captured = Array.from({ length: 129 }, () => line.protectRtcp(report) ?? new Uint8Array(0));
  assert.deepEqual(line.openRtcp(captured[128]!), report);
  assert.equal(line.openRtcp(captured[0]!), 'unauthenticated');
  for (const bytes of captured.slice(1, 128).reverse()) assert.deepEqual(line.openRtcp(bytes), report);
});

each('SrtpReceiver learns nothing from packets that are not authentic', (line) => {
  takes(line, sent(line, 10), 10);
  const forged = sent(line, 30_000);
  forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1;
  assert.equal(line.open(forged), 'unauthenticated');
  // Had the forged one counted, these would be too old.
  takes(line, sent(line, 30_001), 30_001);
  for (let ssrc = 100; ssrc < 100 + 2 * liveSources; ssrc++) {
    const garbage = rtpBytes({ sequence: 1, ssrc, payload: new Uint8Array(180) });
    assert.equal(line.open(garbage), 'unauthenticated');
  }
  takes(line, sent(line, 30_002), 30_002);
});

each('SrtpReceiver refuses a packet with any bit changed', (line) => {
  const bytes = line.protect(rtpBytes({ payload: Uint8Array.of(1, 2, 3, 4) })) ?? new Uint8Array(0);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.ok(typeof line.open(changed) === 'string', `bit ${bit}`);
  }
  assert.ok(typeof line.open(bytes) !== 'string');
});

each('SrtpReceiver opens no replay of a source it has forgotten', (line) => {
  const first = sent(line, 1, 1);
  takes(line, first, 1, 1);
  for (let ssrc = 2; ssrc <= liveSources + 1; ssrc++) takes(line, sent(line, 1, ssrc), 1, ssrc);
  assert.equal(line.open(first), 'unauthenticated');
});

each('SrtpReceiver keeps the sources of a line apart', (line) => {
  for (let ssrc = 1; ssrc <= 10; ssrc++) takes(line, sent(line, 65_530 + (ssrc % 5), ssrc), 65_530 + (ssrc % 5), ssrc);
  for (let ssrc = 1; ssrc <= 10; ssrc++) takes(line, sent(line, 3, ssrc), 3, ssrc);
});

each('SrtpReceiver opens the same with a key of its own, and nothing with another', (line) => {
  const bytes = sent(line, 1);
  const other = new Line(keysOf('AES_CM_128_HMAC_SHA1_80', 2));
  assert.equal(other.open(bytes), 'unauthenticated');
  other.free();
});

each('SrtpSender refuses an index it has used, or may have used', (line) => {
  sent(line, 1000);
  assert.equal(line.protect(rtpBytes({ sequence: 1000, ssrc: 1, payload: Uint8Array.of(9) })), undefined);
  sent(line, 1200);
  sent(line, 1199);
  assert.equal(line.protect(rtpBytes({ sequence: 1199, ssrc: 1 })), undefined);
  assert.equal(line.protect(rtpBytes({ sequence: 1001, ssrc: 1 })), undefined, 'too old to know');
  sent(line, 1201);
});

each('SrtpSender refuses a source that goes back, until keys change', (line) => {
  for (let sequence = 5000; sequence < 5200; sequence++) sent(line, sequence);
  assert.equal(line.protect(rtpBytes({ sequence: 100, ssrc: 1 })), undefined);
  const renewed = new Line(keysOf('AES_CM_128_HMAC_SHA1_80', 2));
  takes(renewed, sent(renewed, 100), 100);
  renewed.free();
});

each('SrtpSender refuses what came before the first packet', (line) => {
  takes(line, sent(line, 2), 2);
  assert.equal(line.protect(rtpBytes({ sequence: 65_535, ssrc: 1 })), undefined);
  takes(line, sent(line, 3), 3);
});

each('SrtpSender never reuses a source it has forgotten', (line) => {
  for (let ssrc = 1; ssrc <= liveSources + 1; ssrc++) sent(line, 1, ssrc);
  assert.equal(line.protect(rtpBytes({ sequence: 2, ssrc: 1 })), undefined);
  for (let ssrc = 1000; ssrc < 1000 + retiredSources - 1; ssrc++) sent(line, 1, ssrc);
  assert.equal(line.protect(rtpBytes({ sequence: 1, ssrc: 999_999 })), undefined, 'full');
  sent(line, 2, 1000 + retiredSources - 2);
});

test('SrtpSender leaves a packet it refuses as it was', () => {
  const line = new Line();
  const { sender } = line;
  const bytes = new Uint8Array(300);
  bytes.set(rtpBytes({ sequence: 1 }), 100);
  const packet = { bytes, start: 100, length: 172 };
  assert.equal(sender.protectRtp({ bytes: bytes.subarray(0, 280), start: 100, length: 172 }), false, 'no room for the tag');
  assert.equal(sender.protectRtp(packet), true);
  const before = bytes.slice();
  assert.equal(sender.protectRtp({ bytes, start: 100, length: 172 }), false);
  assert.deepEqual(bytes, before);
  line.free();
});

test('SrtpReceiver carries the MKI of a known length along', () => {
  for (const suite of suites) {
    const line = new Line(keysOf(suite, 1, '0000002a'));
    const plain = rtpBytes({ sequence: 1 });
    const bytes = line.protect(plain) ?? new Uint8Array(0);
    const tag = suite.startsWith('AEAD') ? 16 : 10;
    assert.equal(bytes.length, plain.length + 4 + tag);
    const at = suite.startsWith('AEAD') ? bytes.length - 4 : plain.length;
    assert.deepEqual([...bytes.slice(at, at + 4)], [0, 0, 0, 42]);
    assert.deepEqual(line.open(bytes), plain);
    const report = senderReportBytes(7, [1, 2]);
    assert.deepEqual(line.openRtcp(line.protectRtcp(report) ?? new Uint8Array(0)), report);
    // Without the MKI the same packets are not authentic.
    const bare = new Line(keysOf(suite, 1));
    assert.equal(bare.open(bytes), 'unauthenticated');
    line.free();
    bare.free();
  }
});

test('a context that was freed throws instead of touching memory', () => {
  for (const suite of suites) {
    const line = new Line(keysOf(suite), openssl);
    line.free();
    line.free();
    assert.throws(() => line.protect(rtpBytes()), /freed/);
  }
  const line = new Line(keysOf('AES_CM_128_HMAC_SHA1_80'), nodeCrypto);
  line.free();
});
