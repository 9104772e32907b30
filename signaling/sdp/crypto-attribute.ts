// a=crypto, SRTP keys in SDP (RFC 4568; suites of RFC 6188 and RFC 7714). Strict: keys go to the peer's SRTP stack
// unseen by anyone else, so what does not parse completely is not passed on (RFC 4568 section 6.1, security row 51).
import { invariant } from '../../shared/assert.ts';
import { sdpLimits } from './limits.ts';

export interface CryptoAttribute {
  readonly tag: number;
  readonly suite: string;
  readonly keys: readonly CryptoKey[];
  /** Session parameters (RFC 4568 section 6.3) as written. */
  readonly parameters: readonly string[];
}

export interface CryptoKey {
  /** Base64 of master key and salt, as written. */
  readonly keySalt: string;
  /** As written, a number of packets or "2^n"; absent means the suite's maximum. */
  readonly lifetime?: string;
  readonly mki?: MasterKeyIdentifier;
}

export interface MasterKeyIdentifier {
  readonly value: bigint;
  /** Bytes of the MKI field in every packet. */
  readonly length: number;
}

/** Bytes of master key and master salt together. The unauthenticated and draft suites some peers offer are left out. */
const keySaltBytes: ReadonlyMap<string, number> = new Map([
  ['AES_CM_128_HMAC_SHA1_80', 30],
  ['AES_CM_128_HMAC_SHA1_32', 30],
  ['F8_128_HMAC_SHA1_80', 30],
  ['AES_192_CM_HMAC_SHA1_80', 38],
  ['AES_192_CM_HMAC_SHA1_32', 38],
  ['AES_256_CM_HMAC_SHA1_80', 46],
  ['AES_256_CM_HMAC_SHA1_32', 46],
  ['AEAD_AES_128_GCM', 28],
  ['AEAD_AES_256_GCM', 44],
]);

/** `value` is what stands behind "a=crypto:". Undefined for anything we would not hand to a peer. */
export function parseCryptoAttribute(value: string): CryptoAttribute | undefined {
  const [tag, suite, keyList, ...parameters] = value.trimEnd().split(/ +/);
  if (tag === undefined || suite === undefined || keyList === undefined) return undefined;
  // RFC 4568 section 4.1: decimal, at most 9 digits, no leading zeros.
  if (!/^(?:0|[1-9]\d{0,8})$/.test(tag)) return undefined;
  const bytes = keySaltBytes.get(suite);
  if (bytes === undefined || !parameters.every(isSessionParameter)) return undefined;
  const keys = parseKeys(keyList, bytes);
  return keys === undefined ? undefined : { tag: Number(tag), suite, keys, parameters };
}

export function formatCryptoAttribute(crypto: CryptoAttribute): string {
  const keys = crypto.keys.map((key) => {
    const lifetime = key.lifetime === undefined ? '' : `|${key.lifetime}`;
    const mki = key.mki === undefined ? '' : `|${key.mki.value}:${key.mki.length}`;
    return `inline:${key.keySalt}${lifetime}${mki}`;
  });
  return [`${crypto.tag}`, crypto.suite, keys.join(';'), ...crypto.parameters].join(' ');
}

/** Bytes of key and salt of a suite that parses. */
export function keySaltLength(suite: string): number {
  const bytes = keySaltBytes.get(suite);
  invariant(bytes !== undefined, `suite ${suite} has a length`);
  return bytes;
}

/** The reverse of mkiHex. */
export function mkiOf(hex: string): MasterKeyIdentifier {
  return { value: BigInt(`0x${hex}`), length: hex.length / 2 };
}

/** As it stands in a packet, for the relay: hex, left-padded to its length. */
export function mkiHex(mki: MasterKeyIdentifier): string {
  return mki.value.toString(16).padStart(mki.length * 2, '0');
}

function parseKeys(list: string, bytes: number): CryptoKey[] | undefined {
  const texts = list.split(';');
  if (texts.length > sdpLimits.cryptoKeys) return undefined;
  const keys: CryptoKey[] = [];
  for (const text of texts) {
    const key = parseKey(text, bytes);
    if (key === undefined) return undefined;
    keys.push(key);
  }
  // RFC 4568 section 6.1: with several keys each has an MKI, all of one length, so that the receiver can choose.
  const length = keys[0]?.mki?.length;
  if (keys.some((key) => key.mki?.length !== length) || (keys.length > 1 && length === undefined)) return undefined;
  return keys;
}

/** "inline:" key||salt ["|" lifetime] ["|" MKI ":" length] */
function parseKey(text: string, bytes: number): CryptoKey | undefined {
  const match = /^inline:([A-Za-z0-9+/]{1,128}={0,2})(?:\|((?:2\^)?\d{1,15}))?(?:\|(\d{1,39}):(\d{1,3}))?$/.exec(text);
  const keySalt = match?.[1];
  if (match === null || keySalt === undefined || !isBase64Of(keySalt, bytes)) return undefined;
  const lifetime = match[2];
  if (lifetime !== undefined && !isLifetime(lifetime)) return undefined;
  const mki = match[3] === undefined || match[4] === undefined ? undefined : parseMki(match[3], match[4]);
  if (mki === undefined && match[3] !== undefined) return undefined;
  return { keySalt, ...(lifetime === undefined ? {} : { lifetime }), ...(mki === undefined ? {} : { mki }) };
}

/** Some peers leave the padding out; with it, the length must be right, and unused bits must be zero (RFC 4648 3.5). */
function isBase64Of(text: string, bytes: number): boolean {
  const bare = text.replace(/=+$/, '');
  if (bare.length !== text.length && text.length % 4 !== 0) return false;
  if (bare.length !== Math.ceil((bytes * 4) / 3)) return false;
  return Buffer.from(bare, 'base64').toString('base64').replace(/=+$/, '') === bare;
}

/** At most 2^48 packets (RFC 3711 section 9.2), at least one. */
function isLifetime(text: string): boolean {
  if (text.startsWith('2^')) return Number(text.slice(2)) <= 48;
  return Number(text) >= 1 && Number(text) <= 2 ** 48;
}

/** RFC 4568 section 9.1 bounds the length to 128 bytes; 39 decimal digits fill 16, which is more than anyone uses. */
function parseMki(value: string, length: string): MasterKeyIdentifier | undefined {
  const bytes = Number(length);
  const number = BigInt(value);
  if (bytes < 1 || bytes > 128 || number >= 1n << BigInt(bytes * 8)) return undefined;
  return { value: number, length: bytes };
}

function isSessionParameter(text: string): boolean {
  if (
    /^(?:KDR=(?:1?\d|2[0-4])|UNENCRYPTED_SRTP|UNENCRYPTED_SRTCP|UNAUTHENTICATED_SRTP|FEC_ORDER=(?:FEC_SRTP|SRTP_FEC)|WSH=\d{2,5})$/.test(
      text,
    )
  ) {
    return true;
  }
  // Extensions: a leading "-" marks what a receiver may ignore; what it may not ignore, we cannot vouch for.
  return /^-[A-Za-z0-9_.=-]{1,64}$/.test(text);
}
