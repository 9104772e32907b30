// What `weir call` is asked to do, and the reading of its target: sip:user@host[:port][;transport=udp|tcp|tls], sips: too.
import { isIP } from 'node:net';
import { WeirError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { G711 } from '../agent/g711.ts';
import { isSip, parseUri, type SipUri } from '../sip/message/uri.ts';

export interface CallOptions {
  readonly uri: string;
  /** The tone we send; 0 sends silence. Default 1000. */
  readonly toneHz?: number;
  /** How long the call stands once answered. Default 5. */
  readonly seconds?: number;
  /** Default: both offered, PCMU first. */
  readonly codec?: G711;
  /** Caller's URI. Default sip:weir-call@ our address. */
  readonly from?: string;
  /** Sent as telephone events once the call is answered. */
  readonly digits?: string;
  /** Must come back, or the audio counts as failed. */
  readonly expectToneHz?: number;
  /** TLS without asking who the peer is. */
  readonly trust?: 'verified' | 'anyone';
  /** PEM of authorities trusted for TLS besides nobody else; default: those built into node. */
  readonly authorities?: string;
  /** Where we listen for SIP and media. Default: the address the route to the target has. */
  readonly localAddress?: string;
  /** The call must be answered within this time. Default 15 s. */
  readonly timeoutMs?: number;
  /** DNS servers; empty = the system's. */
  readonly dnsServers?: readonly string[];
  readonly log?: Log;
}

/** Throws WeirError('usage') for options that make no sense; gives the target. */
export function readTarget(options: CallOptions): SipUri {
  const { uri: text, from, localAddress } = options;
  if (from !== undefined && parseUri(from) === undefined)
    throw usage(`Cannot call from "${from}": must be a URI, such as sip:me@example.com`);
  if (localAddress !== undefined && isIP(localAddress) === 0) throw usage(`Cannot call from "${localAddress}": must be an IP address`);
  const uri = parseUri(text);
  if (uri === undefined || !isSip(uri)) throw usage(`Cannot call "${text}": must be sip:user@host[:port][;transport=udp|tcp|tls]`);
  const transport = uri.params.get('transport')?.toLowerCase();
  if (transport !== undefined && !['udp', 'tcp', 'tls'].includes(transport)) {
    throw usage(`Cannot call "${text}": transport is "${transport}", must be udp, tcp or tls`);
  }
  return uri;
}

function usage(message: string): WeirError {
  return new WeirError('usage', message);
}
