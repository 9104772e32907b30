// Where one media interface may send. SDP is written by strangers: it must not turn the relay into a means to reach addresses
// that they cannot reach themselves, or to talk to itself. The rules follow from the interface: a loopback interface serves
// loopback peers, one that is advertised with a private address serves private peers, all others the internet.
import type { MediaInterface } from '../../shared/relay/worker-options.ts';
import { type AddressWords, parseAddress } from '../io/address.ts';
import type { OwnSockets } from './own-sockets.ts';
import { type Prefix, parsePrefix, prefixContains } from './prefix.ts';

/** `unproven`: only once a packet came from there. `never`: not even then. */
export type TargetVerdict = 'fine' | 'unproven' | 'never';

type AddressClass = 'public' | 'private' | 'link-local' | 'loopback' | 'not-unicast';

export class TargetPolicy {
  readonly #own: Pick<OwnSockets, 'has'>;
  readonly #family: 4 | 6;
  readonly #local: AddressClass;
  readonly #advertised: AddressClass;
  readonly #allowed: readonly Prefix[];
  readonly #denied: readonly Prefix[];

  constructor(media: MediaInterface, own: Pick<OwnSockets, 'has'>) {
    this.#own = own;
    this.#family = media.family;
    this.#local = classOfText(media.address);
    this.#advertised = classOfText(media.advertised);
    this.#allowed = media.allowed.flatMap((text) => parsePrefix(text) ?? []);
    this.#denied = media.denied.flatMap((text) => parsePrefix(text) ?? []);
  }

  verdict(address: AddressWords, port: number): TargetVerdict {
    const target = classOf(address);
    if (address.family !== this.#family || port < 1 || target === 'not-unicast' || this.#own.has(address, port)) return 'never';
    for (const prefix of this.#denied) if (prefixContains(prefix, address)) return 'unproven';
    for (const prefix of this.#allowed) if (prefixContains(prefix, address)) return 'fine';
    return this.#serves(target) ? 'fine' : 'unproven';
  }

  #serves(target: AddressClass): boolean {
    // The kernel could not route it anyway: packets from 127.0.0.1 do not leave the host.
    if (this.#local === 'loopback' || target === 'loopback') return this.#local === target;
    return target === 'public' || target === this.#advertised;
  }
}

function classOfText(text: string): AddressClass {
  const words = parseAddress(text);
  return words === undefined ? 'public' : classOf(words);
}

const blocks = (...texts: string[]): readonly Prefix[] => texts.flatMap((text) => parsePrefix(text) ?? []);
/** RFC 6890: this network, multicast, reserved and limited broadcast; unspecified and multicast of IPv6. */
const notUnicast = blocks('0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4', '::/128', 'ff00::/8');
const loopback = blocks('127.0.0.0/8', '::1/128');
/** 169.254.169.254 is the metadata service of every cloud. */
const linkLocal = blocks('169.254.0.0/16', 'fe80::/10');
/** RFC 1918, carrier-grade NAT (RFC 6598), unique local (RFC 4193). */
const privateUse = blocks('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7');

function classOf(address: AddressWords): AddressClass {
  const within = (list: readonly Prefix[]): boolean => list.some((prefix) => prefixContains(prefix, address));
  if (within(notUnicast)) return 'not-unicast';
  if (within(loopback)) return 'loopback';
  if (within(linkLocal)) return 'link-local';
  return within(privateUse) ? 'private' : 'public';
}
