// What the tests of SRTP share: packets in slots as the relay has them, both crypto backends, keys by suite.
import assert from 'node:assert/strict';
import { chooseCrypto } from '../../../media/crypto/choose-crypto.ts';
import { NodeCrypto } from '../../../media/crypto/node-crypto.ts';
import type { SrtpCrypto } from '../../../media/srtp/crypto.ts';
import { type MasterKeys, readKeys } from '../../../media/srtp/master-keys.ts';
import type { SrtpPacket } from '../../../media/srtp/packet.ts';
import { SrtpReceiver } from '../../../media/srtp/receiver.ts';
import { SrtpSender } from '../../../media/srtp/sender.ts';
import { suiteNamed } from '../../../media/srtp/suite.ts';

export const openssl = chooseCrypto().crypto;
export const nodeCrypto = new NodeCrypto();
export const backends: readonly SrtpCrypto[] = [openssl, nodeCrypto];

export const allSuites = [
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
  'AES_192_CM_HMAC_SHA1_80',
  'AES_192_CM_HMAC_SHA1_32',
  'AES_256_CM_HMAC_SHA1_80',
  'AES_256_CM_HMAC_SHA1_32',
  'F8_128_HMAC_SHA1_80',
  'F8_128_HMAC_SHA1_32',
  'NULL_HMAC_SHA1_80',
  'NULL_HMAC_SHA1_32',
  'AEAD_AES_128_GCM',
  'AEAD_AES_256_GCM',
];

const room = 64;

export function slot(payload: Uint8Array): SrtpPacket {
  const bytes = new Uint8Array(room + payload.length + 192);
  bytes.set(payload, room);
  return { bytes, start: room, length: payload.length };
}

export function content(packet: SrtpPacket): Uint8Array {
  return packet.bytes.slice(packet.start, packet.start + packet.length);
}

export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Any key of the suite; another `seed` gives another. */
export function keysOf(name: string, seed = 1, mki?: string): MasterKeys {
  const suite = suiteNamed(name);
  assert.ok(suite !== undefined, name);
  const bytes = Uint8Array.from({ length: suite.keyBytes + suite.saltBytes }, (_, index) => (index * 7 + seed * 31) & 0xff);
  return masterKeys(name, bytes, mki);
}

export function masterKeys(suite: string, keySalt: Uint8Array, mki?: string): MasterKeys {
  const read = readKeys({ suite, keySalt: Buffer.from(keySalt).toString('base64'), ...(mki === undefined ? {} : { mki }) });
  assert.ok(read.kind === 'keys', read.kind === 'unusable' ? read.reason : '');
  return read;
}

/** A sender and the receiver of its packets. */
export class Line {
  readonly sender: SrtpSender;
  readonly receiver: SrtpReceiver;

  constructor(keys: MasterKeys = keysOf('AES_CM_128_HMAC_SHA1_80'), crypto: SrtpCrypto = openssl) {
    this.sender = new SrtpSender(crypto, keys);
    this.receiver = new SrtpReceiver(crypto, keys);
  }

  /** The protected packet, undefined when the sender refuses. */
  protect(plain: Uint8Array): Uint8Array | undefined {
    const packet = slot(plain);
    return this.sender.protectRtp(packet) ? content(packet) : undefined;
  }

  protectRtcp(plain: Uint8Array): Uint8Array | undefined {
    const packet = slot(plain);
    return this.sender.protectRtcp(packet) ? content(packet) : undefined;
  }

  /** The plain packet, or why there is none. */
  open(bytes: Uint8Array): Uint8Array | string {
    return opened(bytes, (packet) => this.receiver.openRtp(packet));
  }

  openRtcp(bytes: Uint8Array): Uint8Array | string {
    return opened(bytes, (packet) => this.receiver.openRtcp(packet));
  }

  free(): void {
    this.sender.free();
    this.receiver.free();
  }
}

function opened(bytes: Uint8Array, open: (packet: SrtpPacket) => string): Uint8Array | string {
  const packet = slot(bytes);
  const result = open(packet);
  if (result === 'opened') return content(packet);
  assert.deepEqual(content(packet), Uint8Array.from(bytes), 'a packet that is not opened stays as it came');
  return result;
}
