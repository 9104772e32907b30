import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseCrypto } from '../../../media/crypto/choose-crypto.ts';
import { loadLibrary, type OpensslLibrary } from '../../../media/crypto/openssl-library.ts';

test('chooseCrypto takes OpenSSL where node:ffi works', () => {
  const { crypto, why } = chooseCrypto();
  assert.equal(crypto.name, 'openssl');
  assert.equal(why, 'openssl: through node:ffi, tested');
});

test('chooseCrypto falls back to node:crypto and says why', () => {
  const { crypto, why } = chooseCrypto({ kind: 'unavailable', reason: 'node:ffi is switched off' });
  assert.equal(crypto.name, 'node-crypto');
  assert.equal(why, 'node-crypto: node:ffi is switched off');
});

test('chooseCrypto does not trust an OpenSSL that gives other results or fails', () => {
  const found = loadLibrary();
  assert.ok(found.kind === 'library');
  const { library } = found;
  const broken = (changes: object): OpensslLibrary =>
    Object.create(library, { functions: { value: { ...library.functions, ...changes } }, memory: { value: library.memory } });
  const wrong = (changes: object): string => {
    const spoiled = broken(changes);
    // Private members live on the instance: the broken one borrows the methods of the sound one.
    Object.defineProperties(spoiled, {
      address: { value: library.address.bind(library) },
      size: { value: library.size.bind(library) },
      withKey: { value: library.withKey.bind(library) },
      written: { value: library.written },
    });
    return chooseCrypto({ kind: 'library', library: spoiled }).why;
  };
  assert.match(wrong({}), /^openssl/);
  assert.match(wrong({ HMAC_Update: () => 1 }), /^node-crypto: .* gives wrong results/);
  assert.match(wrong({ EVP_DecryptFinal_ex: () => 1 }), /^node-crypto: .* gives wrong results/);
  assert.match(wrong({ EVP_EncryptUpdate: () => 0 }), /^node-crypto: .* fails: OpenSSL failed: 0/);
});

test('OpensslLibrary lets nobody work outside its memory', () => {
  const found = loadLibrary();
  assert.ok(found.kind === 'library');
  const { library } = found;
  assert.throws(() => library.address(1, 4), /1/);
  assert.throws(() => library.address(-4, 4), /-4/);
  assert.throws(() => library.address(5116, 8), /5116/);
  assert.throws(() => library.address(0, -1), /-1/);
  assert.throws(() => library.address(Number.NaN, 1));
  assert.throws(() => library.size(100_000), /100000/);
});
