// The published vectors, on both backends: RFC 3711 appendix B, RFC 6188 section 7, RFC 7714 sections 16 and 17, and the reference
// packets of libsrtp's tests.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AeadTransform } from '../../../media/srtp/aead-transform.ts';
import { ivAt, packetAt, type SrtpCrypto } from '../../../media/srtp/crypto.ts';
import { deriveKey, deriveSessionKeys } from '../../../media/srtp/master-keys.ts';
import { F8Cipher } from '../../../media/srtp/packet-cipher.ts';
import { suiteNamed } from '../../../media/srtp/suite.ts';
import { backends, hex, Line, masterKeys, toHex } from './srtp-bench.ts';

function each(name: string, story: (crypto: SrtpCrypto) => void): void {
  for (const crypto of backends) test(`${name} [${crypto.name}]`, () => story(crypto));
}

test('chooseCrypto finds OpenSSL in this node', () => {
  assert.deepEqual(
    backends.map((crypto) => crypto.name),
    ['openssl', 'node-crypto'],
  );
});

const derivations: readonly (readonly [name: string, suite: string, keySalt: string, key: string, auth: string, salt: string])[] = [
  [
    'RFC 3711 B.3',
    'AES_CM_128_HMAC_SHA1_80',
    'E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6',
    'c61e7a93744f39ee10734afe3ff7a087',
    'cebe321f6ff7716b6fd4ab49af256a156d38baa4',
    '30cbbc08863d8c85d49db34a9ae1',
  ],
  [
    'RFC 6188 7.2',
    'AES_256_CM_HMAC_SHA1_80',
    'f0f04914b513f2763a1b1fa130f10e29 98f6f6e43e4309d1e622a0e332b9f1b6 3b04803de51ee7c96423ab5b78d2',
    '5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4',
    'fd9c32d39ed5fbb5a9dc96b30818454d1313dc05',
    'fa31791685ca444a9e07c6c64e93',
  ],
  [
    'RFC 6188 7.4',
    'AES_192_CM_HMAC_SHA1_80',
    '73edc66c4fa15776fb57f9505c171365 50ffda71f3e8e5f1 c8522f3acd4ce86d5add78edbb11',
    '31874736a8f1143870c26e4857d8a5b2c4a354407faadabb',
    '355b10973cd95b9eacf4061c7e1a7151e7cfbfcb',
    '2372b82d639b6d8503a47adc0a6c',
  ],
];

each('deriveSessionKeys gives the keys of RFC 3711 B.3 and RFC 6188 7.2, 7.4', (crypto) => {
  for (const [name, suite, keySalt, key, auth, salt] of derivations) {
    const keys = deriveSessionKeys(crypto, masterKeys(suite, hex(keySalt)), 'srtp');
    assert.deepEqual([toHex(keys.key), toHex(keys.authKey), toHex(keys.salt)], [key, auth, salt], name);
  }
});

each('deriveKey runs over several blocks as in RFC 3711 B.3', (crypto) => {
  const master = masterKeys('AES_CM_128_HMAC_SHA1_80', hex('E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6'));
  assert.equal(
    toHex(deriveKey(crypto, master, 1, 94)),
    'cebe321f6ff7716b6fd4ab49af256a156d38baa48f0a0acf3c34e2359e6cdbcee049646c43d9327ad175578ef7227098' +
      '6371c10c9a369ac2f94a8c5fbcdddc256d6e919a48b610ef17c2041e474035766b68642c59bbfc2f34db60dbdfb2',
  );
});

const keystreams: readonly (readonly [name: string, key: string, stream: string])[] = [
  [
    'RFC 3711 B.2',
    '2B7E151628AED2A6ABF7158809CF4F3C',
    'e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0',
  ],
  [
    'RFC 6188 7.1',
    '57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98',
    '92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756ded165bac63c4868b7096d88421b563b8c94c9a31',
  ],
  [
    'RFC 6188 7.3',
    'eab234764e517b2d3d160d587d8c86219740f65f99b6bcf7',
    '35096cba4610028dc1b57503804ce37c5de986291dcce161d5165ec4568f5c9a474a40c77894bc17180202272a4c264d',
  ],
];

each('counterMode gives the keystreams of RFC 3711 B.2 and RFC 6188 7.1, 7.3', (crypto) => {
  for (const [name, key, stream] of keystreams) {
    const mode = crypto.counterMode(hex(key));
    crypto.memory.set(hex('F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000'), ivAt);
    crypto.memory.fill(0, packetAt, packetAt + 48);
    mode.apply(packetAt, 48);
    assert.equal(crypto.memory.toString('hex', packetAt, packetAt + 48), stream, name);
    mode.free();
  }
});

each('F8Cipher encrypts the packet of RFC 3711 B.1', (crypto) => {
  const cipher = new F8Cipher(crypto, { key: hex('234829008467be186c3de14aae72d62c'), salt: hex('32f2870d') });
  const packet = hex('806e5cba50681de55c621599 70736575646f72616e646f6d6e657373 20697320746865206e65787420626573 74207468696e67');
  crypto.memory.set(packet, packetAt);
  cipher.rtp(12, packet.length, 0xd462564a);
  assert.equal(
    crypto.memory.toString('hex', packetAt, packetAt + packet.length),
    '806e5cba50681de55c621599019ce7a26e7854014a6366aa95d4eefd1ad4172a14f9faf455b7f1d4b62bd08f562c0eef7c4802',
  );
  cipher.free();
});

const gallia = '8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573';
const mars = '81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef';
const key128 = '000102030405060708090a0b0c0d0e0f';
const key256 = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const aead = [
  {
    suite: 'AEAD_AES_128_GCM',
    key: key128,
    srtp: '8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce',
    srtcp:
      '81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4',
    clearTag: '841dd9683dd78ec92ae58790125f62b3',
  },
  {
    suite: 'AEAD_AES_256_GCM',
    key: key256,
    srtp: '8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13',
    srtcp:
      '81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4',
    clearTag: '91db4afbfeee5a978fab4393ed2615fe',
  },
];

/** These vectors begin with session keys. */
function aeadTransform(crypto: SrtpCrypto, name: string, key: string, direction: 'seal' | 'open'): AeadTransform {
  const suite = suiteNamed(name);
  assert.ok(suite !== undefined);
  const keys = { key: hex(key), authKey: new Uint8Array(0), salt: hex('517569642070726f2071756f') };
  return new AeadTransform({ crypto, suite, srtp: keys, srtcp: keys, mki: new Uint8Array(0), direction });
}

each('AeadTransform protects and opens the packets of RFC 7714 16.1, 16.2, 17.1, 17.2', (crypto) => {
  const put = (text: string): number => {
    crypto.memory.set(hex(text), packetAt);
    return text.length / 2;
  };
  const inMemory = (length: number): string => crypto.memory.toString('hex', packetAt, packetAt + length);
  for (const { suite, key, srtp, srtcp, clearTag } of aead) {
    const seal = aeadTransform(crypto, suite, key, 'seal');
    assert.equal(inMemory(seal.sealRtp(put(gallia), 12, 0)), srtp);
    assert.equal(inMemory(seal.sealRtcp(put(mars), 0x5d4)), srtcp);
    const open = aeadTransform(crypto, suite, key, 'open');
    assert.equal(inMemory(open.openRtp(put(srtp), 12, 0)), gallia);
    const length = put(srtcp);
    assert.equal(open.rtcpIndex(length), 0x5d4);
    assert.equal(inMemory(open.openRtcp(length)), mars);
    // 17.3 and 17.4: authenticated only.
    assert.equal(inMemory(open.openRtcp(put(`${mars}${clearTag}000005d4`))), mars);
    assert.equal(open.openRtcp(put(`${mars.replace('deadbeef', 'deadbeee')}${clearTag}000005d4`)), -1);
    seal.free();
    open.free();
  }
});

const ab = 'ab'.repeat(16);
const references = [
  {
    suite: 'AES_CM_128_HMAC_SHA1_80',
    keySalt: 'e1f97a0d3e018be0d64fa32c06de4139 0ec675ad498afeebb6960b3aabe6',
    srtp: '800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb',
    srtcp: '81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798',
  },
  {
    suite: 'AES_256_CM_HMAC_SHA1_80',
    keySalt: 'f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6 3b04803de51ee7c96423ab5b78d2',
    srtp: '800f1234decafbadcafebabef1d9de17ff251ff1aa007774b0b4b40da08d9d9a5b3a55d8873b',
    srtcp: undefined,
  },
];

each("SrtpSender and SrtpReceiver agree with the reference packets of libsrtp's tests", (crypto) => {
  for (const { suite, keySalt, srtp, srtcp } of references) {
    const line = new Line(masterKeys(suite, hex(keySalt)), crypto);
    const rtp = hex(`800f1234decafbadcafebabe${ab}`);
    assert.equal(toHex(line.protect(rtp) ?? hex('')), srtp);
    assert.deepEqual(line.open(hex(srtp)), rtp);
    if (srtcp !== undefined) {
      const rtcp = hex(`81c8000bcafebabe${ab}`);
      assert.equal(toHex(line.protectRtcp(rtcp) ?? hex('')), srtcp);
      assert.deepEqual(line.openRtcp(hex(srtcp)), rtcp);
    }
    line.free();
  }
});
