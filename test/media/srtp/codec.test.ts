// Every suite on packets of every shape: there and back, on both backends with the same bytes, cut at every byte, and noise.
import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { packetAt } from '../../../media/srtp/crypto.ts';
import { makeTransform } from '../../../media/srtp/make-transform.ts';
import { deriveSessionKeys, readKeys } from '../../../media/srtp/master-keys.ts';
import { suiteNames } from '../../../media/srtp/suite.ts';
import { rtpBytes, senderReportBytes } from '../../support/rtp-bytes.ts';
import { allSuites, content, keysOf, Line, nodeCrypto, openssl, slot } from './srtp-bench.ts';

const empty = new Uint8Array(0);

/** RTP with whatever the header can hold. */
const rtp = fc
  .record({
    csrc: fc.integer({ min: 0, max: 15 }),
    extension: fc.option(fc.integer({ min: 0, max: 20 })),
    padding: fc.boolean(),
    payloadType: fc.integer({ min: 0, max: 127 }),
    payload: fc.uint8Array({ maxLength: 1500 }),
  })
  .map(({ csrc, extension, padding, payloadType, payload }) => {
    const words = extension === null ? [] : [0xbe, 0xde, extension >> 8, extension & 0xff, ...new Uint8Array(extension * 4).fill(7)];
    const head = [...rtpBytes({ payloadType, sequence: 77, payload: empty }), ...new Uint8Array(csrc * 4).fill(3), ...words];
    head[0] = 0x80 | (padding ? 0x20 : 0) | (extension === null ? 0 : 0x10) | csrc;
    return Uint8Array.from([...head, ...payload]);
  });

test('suiteNamed knows exactly these suites', () => assert.deepEqual(suiteNames().sort(), [...allSuites].sort()));

for (const suite of allSuites) {
  test(`${suite} protects and opens RTP of every shape, the same on both backends`, () => {
    fc.assert(
      fc.property(rtp, (plain) => {
        const native = new Line(keysOf(suite), openssl);
        const portable = new Line(keysOf(suite), nodeCrypto);
        const bytes = native.protect(plain) ?? empty;
        assert.deepEqual(portable.protect(plain), bytes);
        assert.deepEqual(native.open(bytes), plain);
        assert.deepEqual(portable.open(bytes), plain);
        native.free();
        portable.free();
      }),
      { seed: 42, numRuns: 30 },
    );
  });

  test(`${suite} protects and opens RTCP, the same on both backends`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1400 }), fc.integer({ min: 0, max: 0xffff_ffff }), (rest, ssrc) => {
        const plain = Uint8Array.from([...senderReportBytes(ssrc, [1, 2]), ...rest]);
        const native = new Line(keysOf(suite), openssl);
        const portable = new Line(keysOf(suite), nodeCrypto);
        const bytes = native.protectRtcp(plain) ?? empty;
        assert.deepEqual(portable.protectRtcp(plain), bytes);
        assert.equal(bytes.length - plain.length, suite.startsWith('AEAD') ? 20 : 14, 'SRTCP keeps 80 bits');
        assert.deepEqual(native.openRtcp(bytes), plain);
        assert.deepEqual(portable.openRtcp(bytes), plain);
        native.free();
        portable.free();
      }),
      { seed: 42, numRuns: 20 },
    );
  });

  test(`${suite} opens no packet that was cut`, () => {
    const line = new Line(keysOf(suite));
    const bytes = line.protect(rtpBytes({ payload: new Uint8Array(40) })) ?? empty;
    const report = line.protectRtcp(senderReportBytes(1, [1, 2])) ?? empty;
    for (let length = 0; length < bytes.length; length++) assert.ok(typeof line.open(bytes.subarray(0, length)) === 'string');
    for (let length = 0; length < report.length; length++) assert.ok(typeof line.openRtcp(report.subarray(0, length)) === 'string');
    assert.ok(typeof line.open(bytes) !== 'string' && typeof line.openRtcp(report) !== 'string');
    line.free();
  });

  test(`${suite} hides the payload, and only the payload`, () => {
    const line = new Line(keysOf(suite));
    const plain = rtpBytes({ payload: new Uint8Array(100) });
    const bytes = line.protect(plain) ?? empty;
    assert.deepEqual(bytes.slice(0, 12), plain.slice(0, 12));
    const same = bytes.slice(12, 112).filter((byte) => byte === 0).length;
    assert.equal(same === 100, suite.startsWith('NULL'));
    line.free();
  });
}

test('packets deep in a stream are those that other code computes by the book', () => {
  const [ssrc, roc, sequence] = [0x9abcdef0, 0xd462564a, 0xfedc];
  const plain = rtpBytes({ ssrc, sequence });
  for (const suite of ['AEAD_AES_128_GCM', 'AES_CM_128_HMAC_SHA1_80']) {
    const master = keysOf(suite);
    const keys = deriveSessionKeys(openssl, master, 'srtp');
    const index = (BigInt(roc) << 16n) | BigInt(sequence);
    const aead = suite.startsWith('AEAD');
    // RFC 7714 section 8.1: 00 00 | SSRC | ROC | SEQ; RFC 3711 section 4.1.1: SSRC * 2^64 XOR index * 2^16.
    const number = aead ? (BigInt(ssrc) << 48n) | index : (BigInt(ssrc) << 64n) ^ (index << 16n);
    const iv = Buffer.from(number.toString(16).padStart(aead ? 24 : 32, '0'), 'hex');
    keys.salt.forEach((byte, at) => {
      iv[at] = (iv[at] ?? 0) ^ byte;
    });
    const cipher = createCipheriv(aead ? 'aes-128-gcm' : 'aes-128-ctr', keys.key, iv);
    const expected = Uint8Array.from([...plain.subarray(0, 12), ...cipher.update(plain.subarray(12))]);
    const transform = makeTransform(openssl, master, 'seal');
    openssl.memory.set(plain, packetAt);
    transform.sealRtp(plain.length, 12, roc);
    assert.deepEqual(Uint8Array.from(openssl.memory.subarray(packetAt, packetAt + plain.length)), expected);
    transform.free();
  }
});

test('SrtpReceiver refuses noise of every length and shape', () => {
  const lines = allSuites.map((suite) => new Line(keysOf(suite)));
  const noise = fc.uint8Array({ maxLength: 2000 }).map((bytes) => {
    // Half of it looks like RTP.
    if (bytes.length > 0 && (bytes[0] ?? 0) % 2 === 0) bytes[0] = 0x80 | ((bytes[0] ?? 0) & 0x1f);
    return bytes;
  });
  fc.assert(
    fc.property(noise, (bytes) => {
      for (const line of lines) {
        assert.ok(typeof line.open(bytes) === 'string');
        assert.ok(typeof line.openRtcp(bytes) === 'string');
      }
    }),
    { seed: 42, numRuns: 300 },
  );
  for (const line of lines) line.free();
});

test('SrtpSender and SrtpReceiver refuse packets longer than a slot', () => {
  const line = new Line();
  assert.equal(line.protect(rtpBytes({ payload: new Uint8Array(4000) })), undefined);
  assert.equal(line.open(rtpBytes({ payload: new Uint8Array(4000) })), 'malformed');
  assert.equal(line.openRtcp(senderReportBytes(1, [0, 0]).length > 0 ? new Uint8Array(4000).fill(0x80) : empty), 'malformed');
  assert.equal(line.protectRtcp(new Uint8Array(4000).fill(0x80)), undefined);
  line.free();
});

test('SrtpSender refuses what is no RTP: nothing of it may leave in clear', () => {
  const line = new Line();
  for (const bytes of [empty, Uint8Array.of(0x80), new Uint8Array(40), Uint8Array.of(0x9f, ...new Uint8Array(30))]) {
    assert.equal(line.protect(bytes), undefined);
  }
  assert.equal(line.protectRtcp(new Uint8Array(7)), undefined);
  assert.equal(line.protectRtcp(new Uint8Array(20)), undefined);
  line.free();
});

const unusable: readonly (readonly [name: string, keys: { suite: string; keySalt: string; mki?: string }, reason: RegExp])[] = [
  ['an unknown suite', { suite: 'AES_CM_1', keySalt: '' }, /suite AES_CM_1 is unknown/],
  ['a name of Object', { suite: 'constructor', keySalt: '' }, /unknown/],
  ['a short key', { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: 'AAAA' }, /3 bytes, not 30/],
  ['a long key', { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: 'A'.repeat(44) }, /33 bytes, not 30/],
  ['a broken MKI', { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: 'A'.repeat(40), mki: '0g' }, /MKI/],
  ['half a byte of MKI', { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: 'A'.repeat(40), mki: '012' }, /MKI/],
  ['a long MKI', { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: 'A'.repeat(40), mki: '00'.repeat(129) }, /MKI/],
];

for (const [name, keys, reason] of unusable) {
  test(`readKeys refuses ${name} without telling it`, () => {
    const read = readKeys(keys);
    assert.ok(read.kind === 'unusable');
    assert.match(read.reason, reason);
    assert.ok(keys.keySalt === '' || !read.reason.includes(keys.keySalt));
  });
}

test('readKeys takes base64 without padding', () => {
  const read = readKeys({ suite: 'AES_256_CM_HMAC_SHA1_80', keySalt: Buffer.alloc(46, 1).toString('base64').replace(/=+$/, '') });
  assert.ok(read.kind === 'keys');
  assert.deepEqual([read.key.length, read.salt.length, read.mki.length], [32, 14, 0]);
});

test('a slot keeps what lies around the packet', () => {
  const line = new Line();
  const packet = slot(rtpBytes());
  packet.bytes.fill(0xee, 0, packet.start);
  packet.bytes.fill(0xee, packet.start + packet.length);
  assert.ok(line.sender.protectRtp(packet));
  assert.ok(packet.bytes.subarray(0, packet.start).every((byte) => byte === 0xee));
  assert.ok(packet.bytes.subarray(packet.start + packet.length).every((byte) => byte === 0xee));
  assert.equal(line.receiver.openRtp(packet), 'opened');
  assert.deepEqual(content(packet), rtpBytes());
  line.free();
});
