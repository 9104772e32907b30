// The parts of the npm package rtp-packet that shared/rtp-packet.ts uses; the package ships no types of its own.
declare module 'rtp-packet' {
  interface WrittenPacket {
    payloadType: number;
    sequenceNumber: number;
    timestamp: number;
    ssrc: number;
    marker?: boolean;
    payload?: Uint8Array;
  }
  interface ReadPacket {
    padding: boolean;
    marker: boolean;
    payloadType: number;
    sequenceNumber: number;
    timestamp: number;
    ssrc: number;
    csrc: number[];
    payload: Buffer;
    headerLength: number;
  }
  interface ReadReport {
    mediaSsrc: number;
    fractionLost: number;
    totalLost: number;
    highestSeq: number;
    jitter: number;
    lastSR: number;
    delaySinceLastSR: number;
  }
  interface ReadRtcp {
    type: number;
    name?: string;
    ssrc?: number;
    ntpTimestampMsw?: number;
    ntpTimestampLsw?: number;
    rtpTimestamp?: number;
    packetCount?: number;
    octetCount?: number;
    reports?: ReadReport[];
    cname?: string;
    ssrcs?: number[];
  }
  interface WrittenReport extends ReadReport {
    ssrc: number;
  }
  interface WrittenSenderReport {
    ssrc: number;
    ntpTimestamp: readonly [number, number];
    rtpTimestamp: number;
    packetCount: number;
    octetCount: number;
  }
  interface TelephoneEvent {
    event: number;
    tone: string;
    end: boolean;
    volume: number;
    duration: number;
  }
  export function serialize(packet: WrittenPacket): Buffer;
  export function parse(bytes: Buffer): ReadPacket | null;
  export function buildSR(report: WrittenSenderReport): Buffer;
  export function buildRR(report: WrittenReport): Buffer;
  export function buildSDES(ssrc: number, cname: string): Buffer;
  export function buildBYE(ssrcs: number[], reason?: string): Buffer;
  export function buildCompound(packets: Buffer[]): Buffer;
  export function parseRTCPCompound(bytes: Buffer): ReadRtcp[];
  export function parseDtmf(payload: Buffer): TelephoneEvent | null;
  export class DtmfPacketizer {
    constructor(options: { ssrc: number; payloadType: number; clockRate: number; nextSequenceNumber: () => number });
    static codeForTone(tone: string): number | null;
    startEvent(tone: string, timestamp: number): void;
    update(deltaMs: number): Buffer;
    endEvent(finalDeltaMs: number): Buffer[];
  }
}
