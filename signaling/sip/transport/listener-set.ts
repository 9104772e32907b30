// The bound listeners of a transport: makes them from the zones, knows them by name, finds the one that serves a target, closes
// them and renews their certificates.
import { errorMessage, WeirError } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import { familyOf } from './address.ts';
import type { FaultLog } from './fault-log.ts';
import type { Flow, Target } from './flow.ts';
import { credentialsOf } from './listener-credentials.ts';
import type { ListenerInfo } from './listener-info.ts';
import { StreamListener, type StreamShared } from './stream-listener.ts';
import type { ListenerOptions, TlsCredentials, ZoneOptions } from './transport-options.ts';
import { UdpListener } from './udp-listener.ts';

export type Listener = UdpListener | StreamListener;

export interface ListenerSetOptions {
  /** For tls listeners without a certificate of their own. */
  readonly credentials: TlsCredentials | undefined;
  readonly authorities: string | undefined;
  readonly shared: StreamShared;
  readonly log: Log;
  readonly faults: FaultLog;
  readonly datagram: (bytes: Uint8Array, flow: Flow) => void;
  readonly sendFailed: (flow: Flow, reason: string) => void;
}

export class ListenerSet {
  readonly #options: ListenerSetOptions;
  readonly #byName = new Map<string, Listener>();
  #credentials: TlsCredentials | undefined;

  constructor(options: ListenerSetOptions) {
    this.#options = options;
    this.#credentials = options.credentials;
  }

  /** Throws WeirError('listen-failed' | 'bad-listener' | 'bad-certificate'); then some may be bound: close. */
  async start(zones: readonly ZoneOptions[]): Promise<void> {
    for (const zone of zones) {
      for (const options of zone.listeners) await this.#bind(zone, await this.#make(zone, options));
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byName.values()].map((listener) => listener.close()));
    this.#byName.clear();
  }

  /** Throws WeirError('bad-certificate') and then has changed nothing. */
  async renewCredentials(fallback: TlsCredentials | undefined): Promise<void> {
    const credentials = fallback ?? this.#credentials;
    const fresh: [StreamListener, TlsCredentials][] = [];
    for (const listener of this.#byName.values()) {
      if (listener instanceof UdpListener || listener.info.protocol !== 'tls') continue;
      fresh.push([listener, await credentialsOf(listener.listener, credentials)]);
    }
    this.#credentials = credentials;
    for (const [listener, pair] of fresh) listener.setCredentials(pair);
  }

  infos(): ListenerInfo[] {
    return [...this.#byName.values()].map((listener) => listener.info);
  }

  udp(name: string): UdpListener | undefined {
    const listener = this.#byName.get(name);
    return listener instanceof UdpListener ? listener : undefined;
  }

  /** Of the zone, with the protocol and family of `target`; first choice: at local address (or of name) `preferred`. */
  choose(zone: string, target: Target, preferred: string | undefined): Listener | undefined {
    const family = familyOf(target.address);
    let first: Listener | undefined;
    for (const listener of this.#byName.values()) {
      const { info } = listener;
      if (info.zone !== zone || info.protocol !== target.protocol || info.family !== family) continue;
      if (info.name === preferred || info.address === preferred) return listener;
      first ??= listener;
    }
    return first;
  }

  async #make(zone: ZoneOptions, listener: ListenerOptions): Promise<Listener> {
    const { authorities, shared, log, faults, datagram, sendFailed } = this.#options;
    if (listener.protocol === 'udp') return new UdpListener({ zone: zone.name, listener, log, faults, datagram, sendFailed });
    const credentials = listener.protocol === 'tls' ? await credentialsOf(listener, this.#credentials) : undefined;
    const peers = zone.tlsPeers ?? 'verified';
    return new StreamListener({ zone: zone.name, listener, credentials, authorities, peers, shared });
  }

  async #bind(zone: ZoneOptions, listener: Listener): Promise<void> {
    try {
      await listener.start();
    } catch (error) {
      await listener.close();
      const { protocol, name } = listener.info;
      const place = name.slice(`${zone.name}-${protocol}-`.length);
      throw new WeirError('listen-failed', `Cannot listen on ${protocol} ${place} of zone "${zone.name}": ${errorMessage(error)}`, error);
    }
    const { name, advertised } = listener.info;
    this.#byName.set(name, listener);
    this.#options.log.info({ zone: zone.name, listener: name, advertised }, 'listening');
  }
}
