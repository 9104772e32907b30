// Master keys as signaling hands them over (RFC 4568 section 9.1): checked, decoded, and turned into session keys with the key
// derivation of RFC 3711 section 4.3 (rate 0: once). Not the choice of suite.
import type { SrtpKeys } from '../../shared/relay/session-state.ts';
import { ivAt, packetAt, type SrtpCrypto } from './crypto.ts';
import { mkiBytes } from './limits.ts';
import { authKeyBytes, type Suite, suiteNamed } from './suite.ts';

export interface MasterKeys {
  readonly kind: 'keys';
  readonly suite: Suite;
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
  /** Empty when none is in use. */
  readonly mki: Uint8Array;
}

/** Messages name what is wrong, never a key. */
export type ReadKeys = MasterKeys | { readonly kind: 'unusable'; readonly reason: string };

export interface SessionKeys {
  readonly key: Uint8Array;
  readonly authKey: Uint8Array;
  readonly salt: Uint8Array;
}

// RFC 3711 section 4.3.1 and 4.3.2: encryption, authentication, salt; SRTCP's follow SRTP's.
const labelsOf = { srtp: [0, 1, 2], srtcp: [3, 4, 5] } as const;
/** The salt of the key derivation has 112 bits; GCM's 96 are filled up with zeros (RFC 7714 section 11). */
const derivationSaltBytes = 14;

export function readKeys(keys: SrtpKeys): ReadKeys {
  const suite = suiteNamed(keys.suite);
  if (suite === undefined) return { kind: 'unusable', reason: `suite ${keys.suite.slice(0, 64)} is unknown` };
  const keySalt = Buffer.from(keys.keySalt, 'base64');
  const wanted = suite.keyBytes + suite.saltBytes;
  if (keySalt.length !== wanted) return { kind: 'unusable', reason: `key and salt have ${keySalt.length} bytes, not ${wanted}` };
  const hex = keys.mki ?? '';
  if (!/^(?:[\da-f]{2})*$/i.test(hex) || hex.length > mkiBytes * 2) return { kind: 'unusable', reason: 'malformed MKI' };
  const bytes = Uint8Array.from(keySalt);
  // Buffer.from takes small buffers from a pool that others share.
  keySalt.fill(0);
  return {
    kind: 'keys',
    suite,
    key: bytes.subarray(0, suite.keyBytes),
    salt: bytes.subarray(suite.keyBytes),
    mki: Uint8Array.from(Buffer.from(hex, 'hex')),
  };
}

export function deriveSessionKeys(crypto: SrtpCrypto, master: MasterKeys, use: 'srtp' | 'srtcp'): SessionKeys {
  const [encryption, authentication, salt] = labelsOf[use];
  const { keyBytes, saltBytes } = master.suite;
  return {
    key: deriveKey(crypto, master, encryption, keyBytes),
    authKey: deriveKey(crypto, master, authentication, authKeyBytes),
    salt: deriveKey(crypto, master, salt, saltBytes),
  };
}

/**
 * RFC 3711 section 4.3.3: the keystream of AES-CM under the master key, beginning at (label * 2^48 XOR salt) * 2^16. With a key
 * of 192 or 256 bits it is AES-192 or AES-256 (RFC 6188 section 3, RFC 7714 section 11).
 */
export function deriveKey(crypto: SrtpCrypto, master: Pick<MasterKeys, 'key' | 'salt'>, label: number, length: number): Uint8Array {
  const { memory } = crypto;
  memory.fill(0, ivAt, ivAt + 16);
  memory.set(master.salt.subarray(0, derivationSaltBytes), ivAt);
  memory[ivAt + 7] = (memory[ivAt + 7] ?? 0) ^ label;
  memory.fill(0, packetAt, packetAt + length);
  const cipher = crypto.counterMode(master.key);
  cipher.apply(packetAt, length);
  cipher.free();
  const derived = Uint8Array.from(memory.subarray(packetAt, packetAt + length));
  memory.fill(0, packetAt, packetAt + length);
  return derived;
}

export function wipe(keys: SessionKeys): void {
  keys.key.fill(0);
  keys.authKey.fill(0);
  keys.salt.fill(0);
}
