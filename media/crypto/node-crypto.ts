// The primitives of SRTP on node:crypto, for where node:ffi is switched off. It has no context that can be set back, so every packet
// makes its own: several times the cost, the same results.
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import {
  type BlockCipher,
  type CounterMode,
  type Gcm,
  type Hmac,
  ivAt,
  memoryBytes,
  packetAt,
  type SrtpCrypto,
  tagAt,
} from '../srtp/crypto.ts';

export class NodeCrypto implements SrtpCrypto {
  readonly name = 'node-crypto';
  readonly memory = Buffer.allocUnsafeSlow(memoryBytes).fill(0);
  readonly view = new DataView(this.memory.buffer, this.memory.byteOffset, memoryBytes);

  counterMode(key: Uint8Array): CounterMode {
    return new NodeCounterMode(this.memory, key);
  }

  block(key: Uint8Array): BlockCipher {
    return new NodeBlockCipher(this.memory, key);
  }

  hmacSha1(key: Uint8Array): Hmac {
    return new NodeHmac(this.memory, key);
  }

  gcm(key: Uint8Array, direction: 'seal' | 'open'): Gcm {
    return direction === 'seal' ? new NodeSeal(this.memory, key) : new NodeOpen(this.memory, key);
  }
}

class NodeCounterMode implements CounterMode {
  readonly #memory: Buffer;
  readonly #name: string;
  readonly #iv: Buffer;
  readonly #key: KeyObject;

  constructor(memory: Buffer, key: Uint8Array) {
    this.#memory = memory;
    this.#name = `aes-${key.length * 8}-ctr`;
    this.#iv = memory.subarray(ivAt, ivAt + 16);
    this.#key = createSecretKey(key);
  }

  apply(at: number, length: number): void {
    const cipher = createCipheriv(this.#name, this.#key, this.#iv);
    cipher.update(this.#memory.subarray(at, at + length)).copy(this.#memory, at);
  }

  free(): void {}
}

class NodeBlockCipher implements BlockCipher {
  readonly #memory: Buffer;
  readonly #cipher: ReturnType<typeof createCipheriv>;

  constructor(memory: Buffer, key: Uint8Array) {
    this.#memory = memory;
    this.#cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
  }

  encrypt(at: number): void {
    this.#cipher.update(this.#memory.subarray(at, at + 16)).copy(this.#memory, at);
  }

  free(): void {}
}

class NodeHmac implements Hmac {
  readonly #memory: Buffer;
  readonly #key: KeyObject;

  constructor(memory: Buffer, key: Uint8Array) {
    this.#memory = memory;
    this.#key = createSecretKey(key);
  }

  sign(length: number): void {
    const hmac = createHmac('sha1', this.#key);
    hmac
      .update(this.#memory.subarray(packetAt, packetAt + length))
      .digest()
      .copy(this.#memory, tagAt);
  }

  free(): void {}
}

class NodeSeal implements Gcm {
  readonly #memory: Buffer;
  readonly #name: 'aes-128-gcm' | 'aes-256-gcm';
  readonly #iv: Buffer;
  readonly #key: KeyObject;

  constructor(memory: Buffer, key: Uint8Array) {
    this.#memory = memory;
    this.#name = key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm';
    this.#iv = memory.subarray(ivAt, ivAt + 12);
    this.#key = createSecretKey(key);
  }

  run(aadAt: number, aadLength: number, at: number, length: number): boolean {
    const memory = this.#memory;
    const cipher = createCipheriv(this.#name, this.#key, this.#iv);
    cipher.setAAD(memory.subarray(aadAt, aadAt + aadLength));
    cipher.update(memory.subarray(at, at + length)).copy(memory, at);
    cipher.final();
    cipher.getAuthTag().copy(memory, tagAt);
    return true;
  }

  free(): void {}
}

class NodeOpen implements Gcm {
  readonly #memory: Buffer;
  readonly #name: 'aes-128-gcm' | 'aes-256-gcm';
  readonly #iv: Buffer;
  readonly #key: KeyObject;

  constructor(memory: Buffer, key: Uint8Array) {
    this.#memory = memory;
    this.#name = key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm';
    this.#iv = memory.subarray(ivAt, ivAt + 12);
    this.#key = createSecretKey(key);
  }

  run(aadAt: number, aadLength: number, at: number, length: number): boolean {
    const memory = this.#memory;
    const decipher = createDecipheriv(this.#name, this.#key, this.#iv);
    decipher.setAAD(memory.subarray(aadAt, aadAt + aadLength));
    decipher.setAuthTag(memory.subarray(tagAt, tagAt + 16));
    const plain = decipher.update(memory.subarray(at, at + length));
    try {
      decipher.final();
    } catch {
      return false;
    }
    plain.copy(memory, at);
    return true;
  }

  free(): void {}
}
