// What SRTP needs of a crypto library: four primitives over one piece of fixed memory. A packet is copied in, worked on, and copied
// out when all went well: the library never sees other memory, and a packet that fails is left as it came. Fulfilled in media/crypto.
//
//   memory: | packet, then the ROC | associated data of GCM | IV | tag | spare for the library |

export const packetAt = 0;
export const associatedAt = 2304;
export const ivAt = 4608;
export const tagAt = 4624;
export const blockAt = 4656;
export const spareAt = 4704;
export const memoryBytes = 5120;

export interface SrtpCrypto {
  readonly name: 'openssl' | 'node-crypto';
  /** One for all contexts made here; nothing in it outlives a call. */
  readonly memory: Buffer;
  readonly view: DataView;
  /** AES in counter mode; the key has 16, 24 or 32 bytes. All keys are copied, none is kept in JavaScript memory of ours. */
  counterMode(key: Uint8Array): CounterMode;
  /** AES on single blocks, for F8. */
  block(key: Uint8Array): BlockCipher;
  hmacSha1(key: Uint8Array): Hmac;
  /** AES-GCM for one direction; the key has 16 or 32 bytes. */
  gcm(key: Uint8Array, direction: 'seal' | 'open'): Gcm;
}

/** A context of the library. Not to be used after `free`; using it then throws. Offsets are multiples of 4. */
interface Context {
  free(): void;
}

export interface CounterMode extends Context {
  /** XORs the keystream that starts with the 16 bytes at `ivAt` onto memory[at, at + length). */
  apply(at: number, length: number): void;
}

export interface BlockCipher extends Context {
  /** Encrypts the 16 bytes at `at` in place. */
  encrypt(at: number): void;
}

export interface Hmac extends Context {
  /** Writes the 20 bytes of the HMAC of memory[packetAt, packetAt + length) to `tagAt`. */
  sign(length: number): void;
}

export interface Gcm extends Context {
  /**
   * Works in place on memory[at, at + length) with the 12 bytes at `ivAt`; the 16 bytes of the tag are at `tagAt`. False when an
   * opened packet is not authentic; what is in memory then is void.
   */
  run(aadAt: number, aadLength: number, at: number, length: number): boolean;
}
