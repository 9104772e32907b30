// What a call of the probe came to: plain data for --json, and the judgement behind the exit codes.
import { meanOpinionScore } from '../../shared/emodel.ts';
import type { StreamStatistics } from '../agent/rtp-stream.ts';
import type { HeardTone } from '../agent/spectrum.ts';

export interface CallReport {
  readonly result: 'ok' | 'call-failed' | 'audio-failed';
  /** What went wrong, in words; empty when nothing did. */
  readonly failure: string;
  readonly uri: string;
  readonly callId: string;
  readonly protocol: string;
  /** `address:port` of both ends of the signalling; empty when it never came so far. */
  readonly local: string;
  readonly remote: string;
  /** Final response to the INVITE; 0 when none came. */
  readonly status: number;
  readonly reason: string;
  /** From the INVITE to the first 180 or 183, and to the 200; null when it never came. */
  readonly ringingMs: number | null;
  readonly answeredMs: number | null;
  readonly earlyMedia: boolean;
  readonly codec: string;
  readonly audio: AudioReport;
  readonly digitsSent: string;
  /** `by`: who ended the call; `none` when it never stood. */
  readonly end: { readonly by: 'us' | 'them' | 'none'; readonly afterMs: number; readonly reason: string };
}

export interface AudioReport {
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly lossPercent: number;
  readonly outOfOrder: number;
  readonly duplicates: number;
  readonly jitterMs: number;
  /** From RTCP; 0 when unknown. */
  readonly roundTripMs: number;
  /** E-model estimate of what we heard; 0 when there is no basis. */
  readonly mos: number;
  readonly tones: readonly HeardTone[];
  readonly digitsHeard: string;
  /** Addresses that sent us RTP. */
  readonly sources: readonly string[];
  /** What the far end reports of our stream, by RTCP; null when it reports nothing. */
  readonly far: { readonly packetsLost: number; readonly jitterMs: number } | null;
}

const noAudio: CallReport['audio'] = {
  packetsSent: 0,
  packetsReceived: 0,
  packetsLost: 0,
  lossPercent: 0,
  outOfOrder: 0,
  duplicates: 0,
  jitterMs: 0,
  roundTripMs: 0,
  mos: 0,
  tones: [],
  digitsHeard: '',
  sources: [],
  far: null,
};

/** A tone counts as heard from this share of all power on; early media or digits may have the rest. */
const heardShare = 0.1;

export function audioReport(codec: string, statistics: StreamStatistics): AudioReport {
  const { received, roundTripMs, far } = statistics;
  const expected = received.packets - received.duplicates + received.lost;
  const loss = expected === 0 ? 0 : received.lost / expected;
  // A packet of 20 ms, twice the jitter in the receiver's buffer, half of the round trip.
  const oneWayDelayMs = 20 + 2 * received.jitterMs + roundTripMs / 2;
  return {
    packetsSent: statistics.packetsSent,
    packetsReceived: received.packets,
    packetsLost: received.lost,
    lossPercent: round(loss * 100, 2),
    outOfOrder: received.outOfOrder,
    duplicates: received.duplicates,
    jitterMs: round(received.jitterMs, 2),
    roundTripMs: round(roundTripMs, 2),
    mos: received.packets === 0 ? 0 : meanOpinionScore({ codec, loss, oneWayDelayMs }),
    tones: statistics.tones.map(({ hz, share }) => ({ hz: round(hz, 1), share: round(share, 3) })),
    digitsHeard: statistics.digits,
    sources: statistics.sources,
    far: far === undefined ? null : { packetsLost: far.lost, jitterMs: round(far.jitterMs, 2) },
  };
}

/** A report of a call that got nowhere, but for what `known` tells. */
export function unfinished(uri: string, result: CallReport['result'], failure: string, known: Partial<CallReport> = {}): CallReport {
  return {
    result,
    failure,
    uri,
    callId: '',
    protocol: 'sip',
    local: '',
    remote: '',
    status: 0,
    reason: '',
    ringingMs: null,
    answeredMs: null,
    earlyMedia: false,
    codec: '',
    audio: noAudio,
    digitsSent: '',
    end: { by: 'none', afterMs: 0, reason: '' },
    ...known,
  };
}

/** What is wrong with the audio; empty when nothing is. */
export function judgeAudio(audio: AudioReport, expectToneHz: number | undefined): string {
  if (audio.packetsSent === 0) return 'no audio was sent: the other side took none';
  if (audio.packetsReceived === 0) return 'no audio came back';
  if (expectToneHz === undefined || hears(audio.tones, expectToneHz)) return '';
  const heard = audio.tones.map((tone) => `${Math.round(tone.hz)} Hz`).join(', ');
  return `the tone of ${expectToneHz} Hz was not heard, but ${heard === '' ? 'silence' : heard}`;
}

function hears(tones: readonly HeardTone[], hz: number): boolean {
  return tones.some((tone) => tone.share >= heardShare && Math.abs(tone.hz - hz) <= Math.max(5, hz * 0.01));
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
