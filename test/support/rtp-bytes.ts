// RTP and RTCP datagrams for tests, written byte by byte so that they depend on none of the code under test.

export interface RtpFields {
  readonly sequence?: number;
  readonly timestamp?: number;
  readonly ssrc?: number;
  readonly payloadType?: number;
  readonly marker?: boolean;
  readonly payload?: Uint8Array;
}

export function rtpBytes(fields: RtpFields = {}): Uint8Array {
  const payload = fields.payload ?? new Uint8Array(160).fill(0xd5);
  const bytes = new Uint8Array(12 + payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x80;
  bytes[1] = (fields.marker === true ? 0x80 : 0) | (fields.payloadType ?? 8);
  view.setUint16(2, (fields.sequence ?? 1) & 0xffff);
  view.setUint32(4, (fields.timestamp ?? 160) >>> 0);
  view.setUint32(8, fields.ssrc ?? 0x11223344);
  bytes.set(payload, 12);
  return bytes;
}

export interface BlockFields {
  readonly ssrc: number;
  readonly lost?: number;
  readonly jitter?: number;
  readonly lsr?: number;
  readonly dlsr?: number;
}

export function senderReportBytes(
  ssrc: number,
  ntp: readonly [seconds: number, fraction: number],
  blocks: readonly BlockFields[] = [],
): Uint8Array {
  const bytes = new Uint8Array(28 + blocks.length * 24);
  const view = header(bytes, 200, blocks.length, ssrc);
  view.setUint32(8, ntp[0]);
  view.setUint32(12, ntp[1]);
  writeBlocks(view, 28, blocks);
  return bytes;
}

export function receiverReportBytes(ssrc: number, blocks: readonly BlockFields[] = []): Uint8Array {
  const bytes = new Uint8Array(8 + blocks.length * 24);
  writeBlocks(header(bytes, 201, blocks.length, ssrc), 8, blocks);
  return bytes;
}

/** One chunk with the given items: type and text. */
export function descriptionBytes(ssrc: number, items: readonly (readonly [type: number, text: string])[]): Uint8Array {
  const encoded = items.flatMap(([type, text]) => [type, text.length, ...Buffer.from(text, 'latin1')]);
  const padded = Math.ceil((encoded.length + 1) / 4) * 4;
  const bytes = new Uint8Array(8 + padded);
  header(bytes, 202, 1, ssrc);
  bytes.set(encoded, 8);
  return bytes;
}

/** RFC 3550 section 6.6. */
export function goodbyeBytes(ssrc: number, reason: string): Uint8Array {
  const text = Buffer.from(reason, 'latin1');
  const bytes = new Uint8Array(8 + Math.ceil((1 + text.length) / 4) * 4);
  header(bytes, 203, 1, ssrc);
  bytes[8] = text.length;
  bytes.set(text, 9);
  return bytes;
}

export function compound(...packets: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(packets.flatMap((packet) => [...packet]));
}

function header(bytes: Uint8Array, type: number, count: number, ssrc: number): DataView {
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x80 | count;
  bytes[1] = type;
  view.setUint16(2, bytes.length / 4 - 1);
  view.setUint32(4, ssrc);
  return view;
}

function writeBlocks(view: DataView, offset: number, blocks: readonly BlockFields[]): void {
  blocks.forEach((block, index) => {
    const at = offset + index * 24;
    view.setUint32(at, block.ssrc);
    view.setUint32(at + 4, (block.lost ?? 0) & 0xffffff);
    view.setUint32(at + 12, block.jitter ?? 0);
    view.setUint32(at + 16, block.lsr ?? 0);
    view.setUint32(at + 20, block.dlsr ?? 0);
  });
}
