// One direction of a bench call as the generator sends it and checks it on arrival: G.711 packets with the time of sending in
// the RTP timestamp, which SRTP leaves readable, and a payload that tells whether a relay changed it.
import { chooseCrypto } from '../../../media/crypto/choose-crypto.ts';
import { readKeys } from '../../../media/srtp/master-keys.ts';
import { SrtpReceiver } from '../../../media/srtp/receiver.ts';
import { SrtpSender } from '../../../media/srtp/sender.ts';
import type { SrtpKeys } from '../../../shared/relay/session-state.ts';

export const rtpBytes = 172;
const ssrcBase = 0x10000;
const payloadByte = 0xd5;

/** SDES keys of side A of a call; side B is plain. */
export interface CallKeys {
  /** What A sends is protected with. */
  readonly send: SrtpKeys;
  /** What A receives is protected with, by the relay. */
  readonly receive: SrtpKeys;
}

const { crypto } = chooseCrypto();

export class RtpStream {
  readonly #ssrc: number;
  readonly #sender: SrtpSender | undefined;
  readonly #receiver: SrtpReceiver | undefined;
  #sequence = 0;

  /** `protect`: keys of what is sent; `open`: keys of what arrives at the other end. */
  constructor(number: number, protect: SrtpKeys | undefined, open: SrtpKeys | undefined) {
    this.#ssrc = ssrcBase + number;
    this.#sender = protect === undefined ? undefined : new SrtpSender(crypto, masterKeys(protect));
    this.#receiver = open === undefined ? undefined : new SrtpReceiver(crypto, masterKeys(open));
  }

  /** Writes the next packet at the start of `bytes` and returns its length. */
  write(bytes: Uint8Array, view: DataView, timeUs: number): number {
    view.setUint16(0, 0x8000);
    view.setUint16(2, this.#sequence);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    view.setUint32(4, timeUs >>> 0);
    view.setUint32(8, this.#ssrc);
    if (this.#sender === undefined) return rtpBytes;
    // The slot's last use left ciphertext.
    bytes.fill(payloadByte, 12, rtpBytes);
    const packet = { bytes, start: 0, length: rtpBytes };
    if (!this.#sender.protectRtp(packet)) throw new Error('The generator cannot protect a packet');
    return packet.length;
  }

  /** Whether a packet of this stream arrived as it was sent. */
  intact(bytes: Uint8Array, length: number): boolean {
    const packet = { bytes, start: 0, length };
    if (this.#receiver !== undefined && this.#receiver.openRtp(packet) !== 'opened') return false;
    if (packet.length !== rtpBytes) return false;
    for (let i = 12; i < rtpBytes; i++) if (bytes[i] !== payloadByte) return false;
    return true;
  }

  free(): void {
    this.#sender?.free();
    this.#receiver?.free();
  }
}

/** The stream a packet belongs to, from its SSRC; -1 when it is none of ours. */
export function streamNumber(view: DataView, at: number): number {
  return view.getUint32(at + 8) - ssrcBase;
}

export function fillPayload(bytes: Uint8Array): void {
  bytes.fill(payloadByte);
}

function masterKeys(keys: SrtpKeys): Extract<ReturnType<typeof readKeys>, { kind: 'keys' }> {
  const read = readKeys(keys);
  if (read.kind !== 'keys') throw new Error(read.reason);
  return read;
}
