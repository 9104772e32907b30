import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatCryptoAttribute, mkiHex, parseCryptoAttribute } from '../../../signaling/sdp/crypto-attribute.ts';
import { samples } from './samples.ts';

const key30 = 'd0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj';
const key46 = 'O7OEEacgI9hPiPt0Vp2eaN7RNy7BClvZvoDYw+9aBbjn5ZwayWpvm62zqmWeiQ==';

// The examples of RFC 4568 (sections 4.3, 5.1.2, 9.2 and appendix A of it), RFC 6188 and what FreeSWITCH sends.
for (const value of [
  `1 AES_CM_128_HMAC_SHA1_80 inline:${key30}|2^20|1:32`,
  `1 AES_CM_128_HMAC_SHA1_80 inline:${key30}`,
  `2 F8_128_HMAC_SHA1_80 inline:${key30}|2^20|1:4;inline:${key30}|2^20|2:4 FEC_ORDER=FEC_SRTP`,
  `1 AES_CM_128_HMAC_SHA1_32 inline:${key30}|1048576 KDR=24 UNENCRYPTED_SRTCP WSH=60 -vendor=1`,
  `1 AES_CM_128_HMAC_SHA1_80 inline:${key30}|1:4`,
  `999999999 AES_256_CM_HMAC_SHA1_80 inline:${key46}`,
  `0 AES_256_CM_HMAC_SHA1_80 inline:${key46.replace(/=+$/, '')}`,
]) {
  test(`parseCryptoAttribute and formatCryptoAttribute give "${value.slice(0, 30)}..." back`, () => {
    const crypto = parseCryptoAttribute(value);
    assert.ok(crypto !== undefined);
    assert.equal(formatCryptoAttribute(crypto), value);
  });
}

test('parseCryptoAttribute reads every part', () => {
  assert.deepEqual(parseCryptoAttribute(`7 AES_CM_128_HMAC_SHA1_80 inline:${key30}|2^31|258:2 KDR=0`), {
    tag: 7,
    suite: 'AES_CM_128_HMAC_SHA1_80',
    keys: [{ keySalt: key30, lifetime: '2^31', mki: { value: 258n, length: 2 } }],
    parameters: ['KDR=0'],
  });
});

test('parseCryptoAttribute takes the registered suites of FreeSWITCH and leaves the others', () => {
  const offered = [...(samples.get('freeswitch/offer-savp-and-avp.sdp') ?? '').matchAll(/^a=crypto:(.*)\r$/gm)].map(
    (match) => match[1] ?? '',
  );
  const taken = offered.filter((value) => parseCryptoAttribute(value) !== undefined).map((value) => Number.parseInt(value, 10));
  assert.deepEqual(taken, [2, 4, 5, 6, 7, 8, 9, 10]);
});

for (const [what, value] of [
  ['nothing', ''],
  ['no key', '1 AES_CM_128_HMAC_SHA1_80'],
  ['an empty key', '1 AES_CM_128_HMAC_SHA1_80 inline:'],
  ['a short key', '1 AES_CM_128_HMAC_SHA1_80 inline:AAAA'],
  ['the key of a longer suite', `1 AES_CM_128_HMAC_SHA1_80 inline:${key46}`],
  ['10,000 characters of key', `1 AES_CM_128_HMAC_SHA1_80 inline:${'A'.repeat(10_000)}`],
  ['bad base64', `1 AES_CM_128_HMAC_SHA1_80 inline:${key30.replace('d', '*')}`],
  ['base64url', `1 AES_CM_128_HMAC_SHA1_80 inline:${key30.replace('d', '_')}`],
  ['padding where none belongs', `1 AES_CM_128_HMAC_SHA1_80 inline:${key30}==`],
  ['half a padding', `1 AES_256_CM_HMAC_SHA1_80 inline:${key46.slice(0, -1)}`],
  ['bits behind the end', `1 AES_256_CM_HMAC_SHA1_80 inline:${key46.replace('iQ==', 'iR==')}`],
  ['an unknown suite', `1 AES_CM_128_NULL_AUTH inline:${key30}`],
  ['a suite from the prototype', `1 constructor inline:${key30}`],
  ['a tag with a leading zero', `01 AES_CM_128_HMAC_SHA1_80 inline:${key30}`],
  ['a tag of ten digits', `1000000000 AES_CM_128_HMAC_SHA1_80 inline:${key30}`],
  ['a lifetime over 2^48', `1 AES_CM_128_HMAC_SHA1_80 inline:${key30}|2^49`],
  ['a lifetime of 0', `1 AES_CM_128_HMAC_SHA1_80 inline:${key30}|0`],
  ['a lifetime that is no number', `1 AES_CM_128_HMAC_SHA1_80 inline:${key30}|2^x`],
  ['an MKI longer than its field', `1 AES_CM_128_HMAC_SHA1_80 inline:${key30}|2^20|256:1`],
  ['an MKI of no bytes', `1 AES_CM_128_HMAC_SHA1_80 inline:${key30}|2^20|1:0`],
  ['an MKI of 129 bytes', `1 AES_CM_128_HMAC_SHA1_80 inline:${key30}|2^20|1:129`],
  ['two keys without MKI', `1 AES_CM_128_HMAC_SHA1_80 inline:${key30};inline:${key30}`],
  ['two keys with MKIs of different length', `1 AES_CM_128_HMAC_SHA1_80 inline:${key30}|1:1;inline:${key30}|2:2`],
  ['17 keys', `1 AES_CM_128_HMAC_SHA1_80 ${Array.from({ length: 17 }, (_, i) => `inline:${key30}|${i}:1`).join(';')}`],
  ['another key method', `1 AES_CM_128_HMAC_SHA1_80 uri:${key30}`],
  ['an unknown mandatory parameter', `1 AES_CM_128_HMAC_SHA1_80 inline:${key30} FOO=1`],
  ['KDR over 24', `1 AES_CM_128_HMAC_SHA1_80 inline:${key30} KDR=25`],
] as const) {
  test(`parseCryptoAttribute refuses ${what}`, () => assert.equal(parseCryptoAttribute(value), undefined));
}

test('mkiHex pads to the length of the field', () => {
  assert.equal(mkiHex({ value: 1n, length: 4 }), '00000001');
  assert.equal(mkiHex({ value: 0xabcdn, length: 2 }), 'abcd');
});

test('parseCryptoAttribute takes any key of the right size and never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 30, maxLength: 30 }), (key) => {
      const value = `1 AES_CM_128_HMAC_SHA1_80 inline:${Buffer.from(key).toString('base64')}`;
      assert.notEqual(parseCryptoAttribute(value), undefined);
    }),
    { seed: 4568, numRuns: 200 },
  );
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('1', ' ', 'AES_CM_128_HMAC_SHA1_80', 'inline:', key30, '|', '2^', ':', ';', '=', '-'), { maxLength: 12 }),
      (parts) => {
        parseCryptoAttribute(parts.join(''));
      },
    ),
    { seed: 4568, numRuns: 2000 },
  );
});
