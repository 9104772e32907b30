// a=rtpmap (RFC 8866 section 6.6) and the payload types that need none (RFC 3551 tables 4 and 5).
import { attributes, type SdpLine } from './document.ts';

export interface Rtpmap {
  readonly payloadType: number;
  readonly name: string;
  readonly clockRate: number;
  readonly channels?: number;
}

const entry = (payloadType: number, name: string, clockRate: number, channels?: number): [number, Rtpmap] => [
  payloadType,
  channels === undefined ? { payloadType, name, clockRate } : { payloadType, name, clockRate, channels },
];

/** G722 counts at 8000 although it samples at 16000 (RFC 3551 section 4.5.2). */
export const staticPayloadTypes: ReadonlyMap<number, Rtpmap> = new Map([
  entry(0, 'PCMU', 8000),
  entry(3, 'GSM', 8000),
  entry(4, 'G723', 8000),
  entry(5, 'DVI4', 8000),
  entry(6, 'DVI4', 16_000),
  entry(7, 'LPC', 8000),
  entry(8, 'PCMA', 8000),
  entry(9, 'G722', 8000),
  entry(10, 'L16', 44_100, 2),
  entry(11, 'L16', 44_100),
  entry(12, 'QCELP', 8000),
  entry(13, 'CN', 8000),
  entry(14, 'MPA', 90_000),
  entry(15, 'G728', 8000),
  entry(16, 'DVI4', 11_025),
  entry(17, 'DVI4', 22_050),
  entry(18, 'G729', 8000),
  entry(25, 'CelB', 90_000),
  entry(26, 'JPEG', 90_000),
  entry(28, 'nv', 90_000),
  entry(31, 'H261', 90_000),
  entry(32, 'MPV', 90_000),
  entry(33, 'MP2T', 90_000),
  entry(34, 'H263', 90_000),
]);

/** `value` is what stands behind "a=rtpmap:". Rates beyond 10 MHz are no clock of any payload format. */
export function parseRtpmap(value: string): Rtpmap | undefined {
  const match = /^(\d{1,3}) ([^ /]{1,64})\/(\d{1,8})(?:\/(\d{1,3}))?$/.exec(value.trimEnd());
  if (match === null) return undefined;
  const payloadType = Number(match[1]);
  const name = match[2] ?? '';
  const clockRate = Number(match[3]);
  if (payloadType > 127 || clockRate < 1 || clockRate > 10_000_000) return undefined;
  return match[4] === undefined ? { payloadType, name, clockRate } : { payloadType, name, clockRate, channels: Number(match[4]) };
}

/** The codecs of an RTP media section in the order of its format list; formats without a known clock are left out. */
export function codecsOf(formats: readonly string[], media: readonly SdpLine[]): Rtpmap[] {
  const mapped = new Map<number, Rtpmap>();
  for (const value of attributes(media, 'rtpmap')) {
    const rtpmap = parseRtpmap(value);
    if (rtpmap !== undefined && !mapped.has(rtpmap.payloadType)) mapped.set(rtpmap.payloadType, rtpmap);
  }
  const codecs = new Map<number, Rtpmap>();
  for (const format of formats) {
    const payloadType = parsePayloadType(format);
    if (payloadType === undefined) continue;
    const codec = mapped.get(payloadType) ?? staticPayloadTypes.get(payloadType);
    if (codec !== undefined) codecs.set(payloadType, codec);
  }
  return [...codecs.values()];
}

export function parsePayloadType(format: string): number | undefined {
  if (!/^\d{1,3}$/.test(format)) return undefined;
  const payloadType = Number(format);
  return payloadType > 127 ? undefined : payloadType;
}
