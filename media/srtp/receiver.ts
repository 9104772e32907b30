// Opens what one peer sends under its key (RFC 3711 section 3.3). Nothing is known of a source, and nothing changes, before a packet
// proved authentic; what came before or is too old is refused unread.
import { packetAt, type SrtpCrypto } from './crypto.ts';
import { packetBytes } from './limits.ts';
import { makeTransform } from './make-transform.ts';
import type { MasterKeys } from './master-keys.ts';
import { isRtcpHeader, load, type Opened, rtpHeaderLength, type SrtpPacket, uint16, uint32 } from './packet.ts';
import { estimateIndex, rocOf } from './packet-index.ts';
import { SourceTable } from './source-table.ts';
import { rtcpHeaderBytes, type Transform } from './transform.ts';

const sequences = 0x1_0000;

export class SrtpReceiver {
  readonly #crypto: SrtpCrypto;
  readonly #transform: Transform;
  readonly #rtpSources = new SourceTable();
  readonly #rtcpSources = new SourceTable();

  constructor(crypto: SrtpCrypto, master: MasterKeys) {
    this.#crypto = crypto;
    this.#transform = makeTransform(crypto, master, 'open');
  }

  openRtp(packet: SrtpPacket): Opened {
    const { bytes, start, length } = packet;
    const header = rtpHeaderLength(bytes, start, length - this.#transform.srtpOverhead);
    if (header < 0 || length > packetBytes) return 'malformed';
    const ssrc = uint32(bytes, start + 8);
    const sequence = uint16(bytes, start + 2);
    const window = this.#rtpSources.find(ssrc);
    if (window === undefined) return this.#openFirst(packet, header, ssrc, sequence);
    const index = estimateIndex(window.highest, sequence);
    if (index < 0 || window.seen(index) || !this.#open(packet, header, index)) return 'unauthenticated';
    window.mark(index);
    return 'opened';
  }

  openRtcp(packet: SrtpPacket): Opened {
    const { bytes, start, length } = packet;
    const plainLength = length - this.#transform.srtcpOverhead;
    if (!isRtcpHeader(bytes, start, plainLength) || length > packetBytes) return 'malformed';
    const ssrc = uint32(bytes, start + 4);
    const window = this.#rtcpSources.find(ssrc);
    if (window === undefined && !this.#rtcpSources.admits(ssrc)) return 'unauthenticated';
    load(this.#crypto, packet);
    const index = this.#transform.rtcpIndex(length);
    if (window?.seen(index) === true || this.#transform.openRtcp(length) < 0) return 'unauthenticated';
    (window ?? this.#rtcpSources.add(ssrc)).mark(index);
    this.#store(packet, rtcpHeaderBytes, plainLength);
    return 'opened';
  }

  free(): void {
    this.#transform.free();
  }

  #openFirst(packet: SrtpPacket, header: number, ssrc: number, sequence: number): Opened {
    if (!this.#rtpSources.admits(ssrc)) return 'unauthenticated';
    let index = sequence;
    if (!this.#open(packet, header, index)) {
      // A sender may begin close to the rollover, and its first packets be lost, or be sent before we had its key.
      if (sequence >= sequences / 2) return 'unauthenticated';
      index += sequences;
      if (!this.#open(packet, header, index)) return 'unauthenticated';
    }
    this.#rtpSources.add(ssrc).mark(index);
    return 'opened';
  }

  #open(packet: SrtpPacket, header: number, index: number): boolean {
    load(this.#crypto, packet);
    const plain = this.#transform.openRtp(packet.length, header, rocOf(index));
    if (plain < 0) return false;
    this.#store(packet, header, plain);
    return true;
  }

  #store(packet: SrtpPacket, from: number, length: number): void {
    this.#crypto.memory.copy(packet.bytes, packet.start + from, packetAt + from, packetAt + length);
    packet.length = length;
  }
}
