// Protects what we send under one key (RFC 3711 section 3.3). The packets are others': their sequence numbers give the index, and one
// that was used already, or may have been, is refused, since a keystream used twice gives both plaintexts away (section 9.1).
import { packetAt, type SrtpCrypto } from './crypto.ts';
import { replayWindow, srtcpPackets } from './limits.ts';
import { makeTransform } from './make-transform.ts';
import type { MasterKeys } from './master-keys.ts';
import { hasRoom, isRtcpHeader, load, rtpHeaderLength, type SrtpPacket, uint16, uint32 } from './packet.ts';
import { estimateIndex, isBeforeFirst, rocOf } from './packet-index.ts';
import { SourceTable } from './source-table.ts';
import type { Transform } from './transform.ts';

export class SrtpSender {
  readonly #crypto: SrtpCrypto;
  readonly #transform: Transform;
  readonly #sources = new SourceTable();
  /** One counter for all sources, so never the same for any of them. From 1, as libsrtp: some receivers take 0 for a replay. */
  #rtcpIndex = 1;

  constructor(crypto: SrtpCrypto, master: MasterKeys) {
    this.#crypto = crypto;
    this.#transform = makeTransform(crypto, master, 'seal');
  }

  /** False, and the packet as it was, when it may not be sent under this key. */
  protectRtp(packet: SrtpPacket): boolean {
    const { bytes, start, length } = packet;
    const header = rtpHeaderLength(bytes, start, length);
    if (header < 0 || !hasRoom(packet, this.#transform.srtpOverhead)) return false;
    const index = this.#reserve(uint32(bytes, start + 8), uint16(bytes, start + 2));
    if (index < 0) return false;
    load(this.#crypto, packet);
    packet.length = this.#transform.sealRtp(length, header, rocOf(index));
    this.#crypto.memory.copy(bytes, start + header, packetAt + header, packetAt + packet.length);
    return true;
  }

  protectRtcp(packet: SrtpPacket): boolean {
    const { bytes, start, length } = packet;
    if (!isRtcpHeader(bytes, start, length) || !hasRoom(packet, this.#transform.srtcpOverhead)) return false;
    if (this.#rtcpIndex >= srtcpPackets) return false;
    load(this.#crypto, packet);
    packet.length = this.#transform.sealRtcp(length, this.#rtcpIndex++);
    this.#crypto.memory.copy(bytes, start, packetAt, packetAt + packet.length);
    return true;
  }

  free(): void {
    this.#transform.free();
  }

  /** Takes the index of a packet, -1 when it is not to be had. */
  #reserve(ssrc: number, sequence: number): number {
    const window = this.#sources.find(ssrc);
    if (window === undefined) {
      if (!this.#sources.admits(ssrc)) return -1;
      this.#sources.add(ssrc).mark(sequence);
      return sequence;
    }
    // A late one from before the first packet has no index; taken for a jump ahead it would desert all that follow.
    if (isBeforeFirst(window.highest, sequence, replayWindow)) return -1;
    const index = estimateIndex(window.highest, sequence);
    if (index < 0 || window.seen(index)) return -1;
    window.mark(index);
    return index;
  }
}
