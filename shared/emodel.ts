// The E-model in its short form: transmission rating R from codec, loss and delay, and from R the mean opinion score.
// ITU-T G.107 (06/2015) clause 7 and Annex B; delay term as simplified by R. G. Cole and J. H. Rosenbluth, "Voice over IP
// performance monitoring", ACM SIGCOMM CCR 31(2), 2001; codec values of ITU-T G.113 (11/2007) Appendix I. An estimate of how a
// call sounded from what the wire tells, not a measurement of speech (ITU-T P.862, P.863).

export interface Listening {
  /** Encoding name as in rtpmap, any case. */
  readonly codec: string;
  /** Share of packets lost, 0-1. */
  readonly loss: number;
  /** Mouth to ear, as far as it is known. */
  readonly oneWayDelayMs: number;
}

interface Impairment {
  /** Equipment impairment factor without loss. */
  readonly ie: number;
  /** Packet-loss robustness factor: the higher, the better losses are concealed. */
  readonly bpl: number;
}

/** R of a connection with all parameters of G.107 at their defaults. */
const defaultRating = 93.2;

/**
 * G.113 Appendix I lists both factors for G.711 (with its packet-loss concealment), G.723.1, G.729A and GSM-EFR, and Ie alone
 * for G.726, G.728, G.729 and GSM-FR. Where it lists none, the value of the nearest relative stands in: Bpl 10 (GSM-EFR) for
 * the older codecs, G.711's for the wideband ones, which can be no better than their best on a narrowband scale.
 */
const impairments: ReadonlyMap<string, Impairment> = new Map([
  ['pcmu', { ie: 0, bpl: 25.1 }],
  ['pcma', { ie: 0, bpl: 25.1 }],
  ['l16', { ie: 0, bpl: 25.1 }],
  ['g722', { ie: 0, bpl: 25.1 }],
  ['opus', { ie: 0, bpl: 25.1 }],
  ['speex', { ie: 11, bpl: 19 }],
  ['g729', { ie: 11, bpl: 19 }],
  ['g723', { ie: 15, bpl: 16.1 }],
  ['g728', { ie: 7, bpl: 10 }],
  ['g726-40', { ie: 2, bpl: 10 }],
  ['g726-32', { ie: 7, bpl: 10 }],
  ['g726-24', { ie: 25, bpl: 10 }],
  ['g726-16', { ie: 50, bpl: 10 }],
  ['g721', { ie: 7, bpl: 10 }],
  ['gsm', { ie: 20, bpl: 10 }],
  ['gsm-efr', { ie: 5, bpl: 10 }],
  ['amr', { ie: 5, bpl: 10 }],
  ['amr-wb', { ie: 0, bpl: 10 }],
  ['ilbc', { ie: 11, bpl: 19 }],
]);

/** R in 0-100; undefined for a codec without known factors (video, data, private ones). */
export function ratingOf(listening: Listening): number | undefined {
  const codec = impairments.get(listening.codec.toLowerCase());
  if (codec === undefined) return undefined;
  const lossPercent = Math.min(1, Math.max(0, listening.loss)) * 100;
  // G.107 equation 7-29 with BurstR = 1: losses taken as independent.
  const effective = codec.ie + (95 - codec.ie) * (lossPercent / (lossPercent + codec.bpl));
  const rating = defaultRating - effective - delayImpairment(listening.oneWayDelayMs);
  return Math.min(100, Math.max(0, rating));
}

/** MOS in 1-4.5, rounded to hundredths; 0 for a codec without known factors. */
export function meanOpinionScore(listening: Listening): number {
  const rating = ratingOf(listening);
  return rating === undefined ? 0 : Math.round(scoreOfRating(rating) * 100) / 100;
}

/** G.107 Annex B. Its cubic dips below 1 for R under 6.5; scores start at 1. */
export function scoreOfRating(rating: number): number {
  if (rating <= 0) return 1;
  if (rating >= 100) return 4.5;
  return Math.max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6);
}

/** Cole and Rosenbluth: gentle to 177.3 ms, steep beyond. */
function delayImpairment(oneWayDelayMs: number): number {
  const delay = Math.max(0, oneWayDelayMs);
  return 0.024 * delay + (delay > 177.3 ? 0.11 * (delay - 177.3) : 0);
}
