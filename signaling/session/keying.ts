// What a=crypto lines (RFC 4568) come to on one end of a line: which of a peer's keys we take, and what its answer to ours means.
// Decisions only; our own keys are made in local-keys.ts.
import type { SrtpKeys } from '../../shared/relay/session-state.ts';
import { type CryptoAttribute, formatCryptoAttribute, mkiHex, mkiOf } from '../sdp/crypto-attribute.ts';
import type { SrtpPolicy } from './side-policy.ts';
import { preferredSuites } from './srtp-suites.ts';
import type { TransportProfile } from './transport-profile.ts';

/** How the media of an end is protected, once both sides know. */
export type Keying =
  | { readonly kind: 'plain' }
  /** Keys are between the peers. */
  | { readonly kind: 'pass' }
  | SdesKeying;

/** SRTP that ends at our transport. */
export interface SdesKeying {
  readonly kind: 'sdes';
  readonly form: 'secure' | 'optional';
  /** Of the a=crypto line that was agreed on. */
  readonly tag: number;
  /** Protects what we send. */
  readonly local: SrtpKeys;
  readonly remote: SrtpKeys;
}

/** What we offered to an end that has not answered. */
export type OfferedKeying =
  | { readonly kind: 'plain' }
  | { readonly kind: 'pass' }
  | { readonly kind: 'keys'; readonly form: 'secure' | 'optional'; readonly keys: readonly OfferedKeys[] };

export interface OfferedKeys {
  readonly tag: number;
  readonly keys: SrtpKeys;
}

/** What a description says of the keys of a live line. */
export interface DescribedKeys {
  readonly profile: TransportProfile;
  /** Those that parse. */
  readonly cryptos: readonly CryptoAttribute[];
}

/** Keys of the peer that we take, from the a=crypto line with this tag. */
export interface ChosenKeys {
  readonly tag: number;
  readonly remote: SrtpKeys;
}

/** SRTP passes only where both sides say so; one alone is as good as none. */
export function effectivePolicy(own: SrtpPolicy, other: SrtpPolicy): SrtpPolicy {
  return own === 'pass' && other !== 'pass' ? 'accept' : own;
}

/** Why a line of an offer cannot be served under this policy, undefined when it can. */
export function offerObjection(described: DescribedKeys, policy: SrtpPolicy): string | undefined {
  if (described.profile === 'srtp') {
    if (policy === 'never') return 'no SRTP from this side';
    const usable = policy === 'pass' ? described.cryptos.length > 0 : chooseKeys(described.cryptos) !== undefined;
    return usable ? undefined : 'SRTP without a usable key';
  }
  return policy === 'require' && chooseKeys(described.cryptos) === undefined ? 'only SRTP from this side' : undefined;
}

/** The keys to take from an offer; of several the best (RFC 4568 section 5.1.2 leaves the choice to the answerer). */
export function chooseKeys(cryptos: readonly CryptoAttribute[]): ChosenKeys | undefined {
  const usable = cryptos.filter(isUsable);
  for (const suite of preferredSuites) {
    const found = usable.find((crypto) => crypto.suite === suite);
    const remote = found === undefined ? undefined : remoteKeys(found);
    if (found !== undefined && remote !== undefined) return { tag: found.tag, remote };
  }
  return undefined;
}

/** Whether SRTP is spoken of at all: RTP/SAVP, or keys on RTP/AVP (RFC 8643). */
export function speaksSrtp({ profile, cryptos }: DescribedKeys): boolean {
  return profile === 'srtp' || cryptos.length > 0;
}

export type AnswerKeying =
  | { readonly kind: 'keying'; readonly keying: Keying }
  | { readonly kind: 'unacceptable'; readonly reason: string };

/** What an answer makes of what we offered. */
export function keyingOfAnswer(offered: OfferedKeying, answer: DescribedKeys): AnswerKeying {
  switch (offered.kind) {
    case 'plain':
      // Keys nobody offered mean nothing on RTP/AVP, and cannot be meant on RTP/SAVP.
      return answer.profile === 'srtp' ? unacceptable('answers RTP with SRTP') : agreed({ kind: 'plain' });
    case 'pass':
      return agreed({ kind: speaksSrtp(answer) ? 'pass' : 'plain' });
    case 'keys':
      return sdesAnswer(offered, answer);
  }
}

function sdesAnswer(offered: Extract<OfferedKeying, { kind: 'keys' }>, answer: DescribedKeys): AnswerKeying {
  // RFC 8643 section 4: who does not want SRTP leaves the keys out. On RTP/SAVP nobody can.
  if (offered.form === 'optional' && !speaksSrtp(answer)) return agreed({ kind: 'plain' });
  for (const crypto of answer.cryptos) {
    // RFC 4568 section 5.1.3: tag and suite of one of the lines offered.
    const ours = offered.keys.find((one) => one.tag === crypto.tag && one.keys.suite === crypto.suite);
    const remote = isUsable(crypto) ? remoteKeys(crypto) : undefined;
    if (ours === undefined || remote === undefined) continue;
    // Both directions under one key would encrypt twice with the same keystream (RFC 3711 section 9.1).
    if (sameKeySalt(ours.keys, remote)) return unacceptable('answers with our own key');
    return agreed({ kind: 'sdes', form: offered.form, tag: crypto.tag, local: ours.keys, remote });
  }
  return unacceptable('answers SRTP without a key that was offered');
}

/** The a=crypto line for our key, as the value behind "a=". */
export function cryptoLine(tag: number, { suite, keySalt, mki }: SrtpKeys): string {
  const key = mki === undefined ? { keySalt } : { keySalt, mki: mkiOf(mki) };
  return `crypto:${formatCryptoAttribute({ tag, suite, keys: [key], parameters: [] })}`;
}

export function cryptoLines(offered: readonly OfferedKeys[]): string[] {
  return offered.map(({ tag, keys }) => cryptoLine(tag, keys));
}

export function sameKeys(a: SrtpKeys, b: SrtpKeys): boolean {
  return a.suite === b.suite && a.mki === b.mki && sameKeySalt(a, b);
}

export function sameKeySalt(a: SrtpKeys, b: SrtpKeys): boolean {
  return bare(a) === bare(b);
}

/** Padding may be left out. */
function bare({ keySalt }: SrtpKeys): string {
  return keySalt.replace(/=+$/, '');
}

/**
 * RFC 4568 section 6.1: several keys are told apart by their MKI in each packet; we open with one. Section 6.3: a parameter that we
 * do not support makes the line unusable; all of them but the hint of the window size weaken the protection.
 */
function isUsable({ keys, parameters }: CryptoAttribute): boolean {
  return keys.length === 1 && parameters.every((parameter) => /^(?:WSH=\d+|KDR=0|-.*)$/.test(parameter));
}

function remoteKeys({ suite, keys }: CryptoAttribute): SrtpKeys | undefined {
  const [key] = keys;
  if (key === undefined) return undefined;
  const { keySalt, mki } = key;
  return { suite, keySalt, ...(mki === undefined ? {} : { mki: mkiHex(mki) }) };
}

function agreed(keying: Keying): AnswerKeying {
  return { kind: 'keying', keying };
}

function unacceptable(reason: string): AnswerKeying {
  return { kind: 'unacceptable', reason };
}
