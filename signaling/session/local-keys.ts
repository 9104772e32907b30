// Our own SRTP keys (RFC 4568 section 6.1): one per suite and transport, made when first needed, kept on re-offers, replaced when the
// peer replaces its own. Never used for another transport; they live in the call's state and nowhere else.
import type { SrtpKeys } from '../../shared/relay/session-state.ts';
import { keySaltLength } from '../sdp/crypto-attribute.ts';
import type { Transport } from './call-state.ts';
import {
  chooseKeys,
  type DescribedKeys,
  type Keying,
  type OfferedKeying,
  type OfferedKeys,
  sameKeySalt,
  sameKeys,
  speaksSrtp,
} from './keying.ts';
import type { SrtpPolicy } from './side-policy.ts';
import { offeredSuites } from './srtp-suites.ts';
import { isRtp } from './transport-profile.ts';

/** Cryptographically secure. */
export type RandomBytes = (length: number) => Uint8Array;

/** What we answer a peer whose offer says this; it has passed offerObjection. */
export function keyingOfOffer(transport: Transport, described: DescribedKeys, policy: SrtpPolicy, randomBytes: RandomBytes): Keying {
  if (policy === 'pass') return { kind: speaksSrtp(described) ? 'pass' : 'plain' };
  const chosen = policy === 'never' ? undefined : chooseKeys(described.cryptos);
  if (chosen === undefined) return { kind: 'plain' };
  const { tag, remote } = chosen;
  const form = described.profile === 'srtp' ? 'secure' : 'optional';
  return { kind: 'sdes', form, tag, remote, local: answeringKeys(transport, remote, randomBytes) };
}

/** What we offer on this transport in the place of what came. A line that was agreed on before stays what it was. */
export function keyingToOffer(transport: Transport, described: DescribedKeys, policy: SrtpPolicy, randomBytes: RandomBytes): OfferedKeying {
  if (!isRtp(described.profile)) return { kind: 'plain' };
  if (policy === 'pass') return { kind: speaksSrtp(described) ? 'pass' : 'plain' };
  const { keying } = transport;
  if (keying?.kind === 'sdes') return offerKeys(transport, keying.form, randomBytes);
  const wanted = policy === 'require' || (policy === 'offer' && keying?.kind !== 'plain');
  return wanted ? offerKeys(transport, 'secure', randomBytes) : { kind: 'plain' };
}

/**
 * A peer that changed its key has forgotten what it knew of our stream, or is another device behind the same dialog: the rollover
 * counter it begins with is 0, so ours must, and needs a new key for that.
 */
function answeringKeys(transport: Transport, remote: SrtpKeys, randomBytes: RandomBytes): SrtpKeys {
  const { keying } = transport;
  const agreed = keying?.kind === 'sdes' ? keying : undefined;
  if (agreed !== undefined && sameKeys(agreed.remote, remote)) return agreed.local;
  const kept = agreed === undefined ? transport.localKeys.find((keys) => keys.suite === remote.suite) : undefined;
  if (kept !== undefined && kept.mki === remote.mki && !sameKeySalt(kept, remote)) return kept;
  // A peer with an MKI of its own can read one, and some read no packet without.
  return keep(transport, freshKeys(remote.suite, randomBytes, remote.mki));
}

/** The suite in use comes first, so that nothing changes without need. */
function offerKeys(transport: Transport, form: 'secure' | 'optional', randomBytes: RandomBytes): OfferedKeying {
  const { keying } = transport;
  const inUse = keying?.kind === 'sdes' ? keying.local : undefined;
  const suites = inUse === undefined ? offeredSuites : [inUse.suite, ...offeredSuites.filter((suite) => suite !== inUse.suite)];
  const keys: OfferedKeys[] = suites.map((suite, index) => ({
    tag: index + 1,
    keys:
      suite === inUse?.suite
        ? inUse
        : (transport.localKeys.find((one) => one.suite === suite) ?? keep(transport, freshKeys(suite, randomBytes, undefined))),
  }));
  return { kind: 'keys', form, keys };
}

function keep(transport: Transport, keys: SrtpKeys): SrtpKeys {
  transport.localKeys = [...transport.localKeys.filter((one) => one.suite !== keys.suite), keys];
  return keys;
}

function freshKeys(suite: string, randomBytes: RandomBytes, mki: string | undefined): SrtpKeys {
  const length = keySaltLength(suite);
  const bytes = randomBytes(length);
  const keySalt = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  bytes.fill(0);
  return { suite, keySalt, ...(mki === undefined ? {} : { mki }) };
}
