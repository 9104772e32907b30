// The primitives of SRTP on OpenSSL: one context each, made with its key, set back for every packet, freed by hand.
import { WeirError } from '../../shared/errors.ts';
import { type BlockCipher, type CounterMode, type Gcm, type Hmac, ivAt, packetAt, type SrtpCrypto, tagAt } from '../srtp/crypto.ts';
import { checked, noAddress, type OpensslFunctions, type OpensslLibrary } from './openssl-library.ts';

const controlGetTag = 0x10n;
const controlSetTag = 0x11n;
const blockBytes = 16;
const gcmIvBytes = 12;
const sha1Bytes = 20;

export class Openssl implements SrtpCrypto {
  readonly name = 'openssl';
  readonly memory: Buffer;
  readonly view: DataView;
  readonly #library: OpensslLibrary;

  constructor(library: OpensslLibrary) {
    this.#library = library;
    this.memory = library.memory;
    this.view = new DataView(this.memory.buffer, this.memory.byteOffset, this.memory.length);
  }

  counterMode(key: Uint8Array): CounterMode {
    return new OpensslCounterMode(this.#library, key);
  }

  block(key: Uint8Array): BlockCipher {
    return new OpensslBlockCipher(this.#library, key);
  }

  hmacSha1(key: Uint8Array): Hmac {
    return new OpensslHmac(this.#library, key);
  }

  gcm(key: Uint8Array, direction: 'seal' | 'open'): Gcm {
    return direction === 'seal' ? new OpensslSeal(this.#library, key) : new OpensslOpen(this.#library, key);
  }
}

/** An EVP_CIPHER_CTX that is used no more once it is freed. */
class CipherContext {
  readonly #library: OpensslLibrary;
  #pointer: bigint;

  constructor(library: OpensslLibrary, mode: 'ctr' | 'ecb' | 'gcm', key: Uint8Array, direction: 'seal' | 'open') {
    const { functions } = library;
    this.#library = library;
    this.#pointer = functions.EVP_CIPHER_CTX_new();
    const cipher = cipherOf(functions, mode, key.length);
    const init = direction === 'seal' ? functions.EVP_EncryptInit_ex : functions.EVP_DecryptInit_ex;
    library.withKey(key, (address) => init(this.pointer, cipher, noAddress, address, noAddress));
  }

  get pointer(): bigint {
    if (this.#pointer === noAddress) throw new WeirError('openssl-misuse', 'Cannot use a cipher context: it was freed');
    return this.#pointer;
  }

  free(): void {
    // No address is fine for these: a second call does nothing.
    this.#library.functions.EVP_CIPHER_CTX_free(this.#pointer);
    this.#pointer = noAddress;
  }
}

function cipherOf(functions: OpensslFunctions, mode: 'ctr' | 'ecb' | 'gcm', keyBytes: number): bigint {
  const of = (bits: 128 | 192 | 256): bigint => functions[`EVP_aes_${bits}_${mode}`]();
  if (keyBytes === 16) return of(128);
  return of(keyBytes === 24 ? 192 : 256);
}

class OpensslCounterMode implements CounterMode {
  readonly #library: OpensslLibrary;
  readonly #context: CipherContext;
  readonly #iv: bigint;

  constructor(library: OpensslLibrary, key: Uint8Array) {
    this.#library = library;
    this.#context = new CipherContext(library, 'ctr', key, 'seal');
    this.#iv = library.address(ivAt, blockBytes);
  }

  apply(at: number, length: number): void {
    if (length === 0) return;
    const library = this.#library;
    const { pointer } = this.#context;
    const place = library.address(at, length);
    checked(library.functions.EVP_EncryptInit_ex(pointer, noAddress, noAddress, noAddress, this.#iv));
    checked(library.functions.EVP_EncryptUpdate(pointer, place, library.written, place, library.size(length)));
  }

  free(): void {
    this.#context.free();
  }
}

class OpensslBlockCipher implements BlockCipher {
  readonly #library: OpensslLibrary;
  readonly #context: CipherContext;

  constructor(library: OpensslLibrary, key: Uint8Array) {
    this.#library = library;
    this.#context = new CipherContext(library, 'ecb', key, 'seal');
    checked(library.functions.EVP_CIPHER_CTX_set_padding(this.#context.pointer, noAddress));
  }

  encrypt(at: number): void {
    const library = this.#library;
    const place = library.address(at, blockBytes);
    checked(library.functions.EVP_EncryptUpdate(this.#context.pointer, place, library.written, place, library.size(blockBytes)));
  }

  free(): void {
    this.#context.free();
  }
}

class OpensslHmac implements Hmac {
  readonly #library: OpensslLibrary;
  readonly #packet: bigint;
  readonly #tag: bigint;
  #context: bigint;

  constructor(library: OpensslLibrary, key: Uint8Array) {
    const { functions } = library;
    this.#library = library;
    this.#packet = library.address(packetAt, 0);
    this.#tag = library.address(tagAt, sha1Bytes);
    this.#context = functions.HMAC_CTX_new();
    if (this.#context === noAddress) throw new WeirError('openssl-failed', 'Cannot make an HMAC context');
    library.withKey(key, (address) =>
      functions.HMAC_Init_ex(this.#context, address, library.size(key.length), functions.EVP_sha1(), noAddress),
    );
  }

  sign(length: number): void {
    const library = this.#library;
    const { functions } = library;
    const context = this.#context;
    if (context === noAddress) throw new WeirError('openssl-misuse', 'Cannot use an HMAC context: it was freed');
    // Without a key it starts anew with the one it has.
    checked(functions.HMAC_Init_ex(context, noAddress, noAddress, noAddress, noAddress));
    checked(functions.HMAC_Update(context, this.#packet, library.size(length)));
    checked(functions.HMAC_Final(context, this.#tag, library.written));
  }

  free(): void {
    this.#library.functions.HMAC_CTX_free(this.#context);
    this.#context = noAddress;
  }
}

class OpensslSeal implements Gcm {
  readonly #library: OpensslLibrary;
  readonly #context: CipherContext;
  readonly #iv: bigint;
  readonly #tag: bigint;

  constructor(library: OpensslLibrary, key: Uint8Array) {
    this.#library = library;
    this.#context = new CipherContext(library, 'gcm', key, 'seal');
    this.#iv = library.address(ivAt, gcmIvBytes);
    this.#tag = library.address(tagAt, blockBytes);
  }

  run(aadAt: number, aadLength: number, at: number, length: number): boolean {
    const library = this.#library;
    const { functions, written } = library;
    const { pointer } = this.#context;
    const aad = library.address(aadAt, aadLength);
    const place = library.address(at, length);
    checked(functions.EVP_EncryptInit_ex(pointer, noAddress, noAddress, noAddress, this.#iv));
    checked(functions.EVP_EncryptUpdate(pointer, noAddress, written, aad, library.size(aadLength)));
    if (length > 0) checked(functions.EVP_EncryptUpdate(pointer, place, written, place, library.size(length)));
    checked(functions.EVP_EncryptFinal_ex(pointer, this.#tag, written));
    checked(functions.EVP_CIPHER_CTX_ctrl(pointer, controlGetTag, library.size(blockBytes), this.#tag));
    return true;
  }

  free(): void {
    this.#context.free();
  }
}

class OpensslOpen implements Gcm {
  readonly #library: OpensslLibrary;
  readonly #context: CipherContext;
  readonly #iv: bigint;
  readonly #tag: bigint;

  constructor(library: OpensslLibrary, key: Uint8Array) {
    this.#library = library;
    this.#context = new CipherContext(library, 'gcm', key, 'open');
    this.#iv = library.address(ivAt, gcmIvBytes);
    this.#tag = library.address(tagAt, blockBytes);
  }

  run(aadAt: number, aadLength: number, at: number, length: number): boolean {
    const library = this.#library;
    const { functions, written } = library;
    const { pointer } = this.#context;
    const aad = library.address(aadAt, aadLength);
    const place = library.address(at, length);
    checked(functions.EVP_DecryptInit_ex(pointer, noAddress, noAddress, noAddress, this.#iv));
    checked(functions.EVP_DecryptUpdate(pointer, noAddress, written, aad, library.size(aadLength)));
    if (length > 0) checked(functions.EVP_DecryptUpdate(pointer, place, written, place, library.size(length)));
    checked(functions.EVP_CIPHER_CTX_ctrl(pointer, controlSetTag, library.size(blockBytes), this.#tag));
    // Compares in constant time, and leaves nothing in the thread's error queue.
    return functions.EVP_DecryptFinal_ex(pointer, this.#tag, written) === 1;
  }

  free(): void {
    this.#context.free();
  }
}
