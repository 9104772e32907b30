// What the SIP transport is given and whom it serves. The types are structural: the config's ZoneConfig and LimitsConfig fit, and
// so do the small literals of tests (port 0 = any free port).
import type { Log } from '../../../shared/log.ts';
import type { Rng } from '../../../shared/rng.ts';
import type { Timers } from '../../../shared/timer-queue.ts';
import type { SipMessage } from '../message/message.ts';
import type { Flow } from './flow.ts';

export interface ListenerOptions {
  readonly protocol: 'udp' | 'tcp' | 'tls';
  readonly address: string;
  readonly port: number;
  /** host or host:port that peers see instead of address:port. */
  readonly advertised?: string | undefined;
  /** A PEM file, or PEM text itself; only for tls. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** PEM text of the authorities whose clients may connect; without it no client certificate is asked for. */
  readonly clientAuthorities?: string | undefined;
}

export interface ZoneOptions {
  readonly name: string;
  readonly listeners: readonly ListenerOptions[];
  /** Whether a TLS peer that we connect to must prove its name (RFC 5922); default: verified. */
  readonly tlsPeers?: 'verified' | 'any' | undefined;
}

export interface TransportLimits {
  readonly messageBytes: number;
  readonly connections: number;
  readonly connectionsPerSource: number;
  /** 0 = never, for this and the next two. */
  readonly connectionIdleMs: number;
  readonly firstMessageMs: number;
  readonly tlsHandshakeMs: number;
}

/** PEM text. */
export interface TlsCredentials {
  readonly certificate: string;
  readonly key: string;
}

export interface TransportUser {
  /** A request has `received` and `rport` in its top Via already. The body is a view of bytes nobody else holds. */
  message(message: SipMessage, flow: Flow, now: number): void;
  /** A flow that was handed out or had brought a message is gone: refused, reset, timed out, closed. Never from within a call of ours. */
  flowFailed(flow: Flow, reason: string, now: number): void;
}

export interface SipTransportOptions {
  readonly zones: readonly ZoneOptions[];
  readonly limits: TransportLimits;
  readonly log: Log;
  readonly now: () => number;
  readonly timers: Timers;
  readonly rng: Rng;
  readonly upper: TransportUser;
  /** For tls listeners without files of their own, and shown to servers that ask us for a certificate. */
  readonly credentials?: TlsCredentials | undefined;
  /** PEM text of the authorities that sign our TLS peers; default: those built into node. */
  readonly authorities?: string | undefined;
  /** Addresses and networks with reserved connections and without a cap per source (nodes, carriers). */
  readonly trusted?: readonly string[];
}
