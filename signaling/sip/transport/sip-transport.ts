// The SIP transport (RFC 3261 section 18): owns every SIP socket, turns bytes into messages for the layer above and flows into
// sent bytes. Decides nothing about SIP but the way back (18.2) and answers only what cannot be parsed whole.
import { isIP } from 'node:net';
import { errorMessage } from '../../../shared/errors.ts';
import type { SipRequest } from '../message/request.ts';
import { hostAddress } from '../message/uri.ts';
import { Admission } from './admission.ts';
import type { Connection, ConnectionEnd, SendResult } from './connection.ts';
import { ConnectionTable } from './connection-table.ts';
import { newTransportCounters, type TransportCounters } from './counters.ts';
import { FaultLog } from './fault-log.ts';
import type { Flow, Target } from './flow.ts';
import { Inbox } from './inbox.ts';
import { transportLimits } from './limits.ts';
import type { ListenerInfo } from './listener-info.ts';
import { ListenerSet } from './listener-set.ts';
import { StatelessAnswers } from './stateless-answer.ts';
import type { StreamShared } from './stream-listener.ts';
import type { SipTransportOptions, TlsCredentials } from './transport-options.ts';
import { UdpListener } from './udp-listener.ts';
import { UnfinishedBytes } from './unfinished-bytes.ts';
import { replyPort } from './via-received.ts';

export class SipTransport {
  readonly counters: TransportCounters = newTransportCounters();
  readonly #options: SipTransportOptions;
  readonly #faults: FaultLog;
  readonly #inbox: Inbox;
  readonly #table = new ConnectionTable();
  readonly #listeners: ListenerSet;
  /** Connections the layer above has heard of. */
  readonly #known = new Set<number>();
  #closing = false;

  constructor(options: SipTransportOptions) {
    this.#options = options;
    const { limits, timers, now, log, upper } = options;
    const { counters } = this;
    const faults = new FaultLog({ log, timers, now });
    this.#faults = faults;
    this.#inbox = new Inbox({
      messageBytes: limits.messageBytes,
      now,
      log,
      faults,
      counters,
      answers: new StatelessAnswers(options.rng),
      upper,
      sendAnswer: (request, flow, bytes) => this.send(this.reply(request, flow), bytes),
    });
    this.#listeners = new ListenerSet({
      credentials: options.credentials,
      authorities: options.authorities,
      shared: this.#streamShared(),
      log,
      faults,
      datagram: (bytes, flow) => this.#inbox.receive(bytes, 'datagram', flow),
      sendFailed: (flow, reason) => this.#sendRefused(flow, reason),
    });
  }

  /** Binds all listeners or none. Throws WeirError('listen-failed' | 'bad-listener' | 'bad-certificate'). */
  async start(): Promise<void> {
    try {
      await this.#listeners.start(this.#options.zones);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Cuts every connection; the layer above hears nothing more. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const connection of this.#table.all()) connection.close('closing');
    await this.#listeners.close();
  }

  listeners(): readonly ListenerInfo[] {
    return this.#listeners.infos();
  }

  /**
   * The way to `target` from a zone: a connection that lives, else a new one, whose flow is good at once. `preferred` is the local
   * address or the listener to leave from, if there is such a one. undefined: the zone cannot reach it, or no room for a connection.
   */
  route(zone: string, target: Target, preferred?: string): Flow | undefined {
    if (this.#closing || isIP(target.address) === 0 || !(target.port >= 1 && target.port <= 65_535)) return undefined;
    const live = this.#table.find(zone, target);
    const listener = live === undefined ? this.#listeners.choose(zone, target, preferred) : undefined;
    if (listener instanceof UdpListener) return listener.flowTo(target.address, target.port);
    const connection = live ?? listener?.open(target);
    if (connection !== undefined) this.#known.add(connection.flow.connection);
    return connection?.flow;
  }

  /** Where the responses to `request`, which came in on `flow`, go (RFC 3261 18.2.2, RFC 3581). */
  reply(request: SipRequest, flow: Flow): Flow {
    if (flow.protocol === 'udp') {
      const port = replyPort(request, flow);
      return port === flow.port ? flow : (this.#listeners.udp(flow.listener)?.flowTo(flow.address, port) ?? flow);
    }
    // Nobody can connect to a WebSocket client (RFC 7118 5.2).
    if (this.#table.get(flow.connection)?.usable === true || flow.protocol === 'ws' || flow.protocol === 'wss') return flow;
    // The connection is gone: a new one to where the peer listens. Only the port is taken from the Via, never the host.
    const { protocol, address } = flow;
    const { host, port } = request.topVia;
    const name = hostAddress({ host });
    const serverName = protocol === 'tls' && isIP(name) === 0 ? { serverName: name } : {};
    const target: Target = { protocol, address, port: port ?? (protocol === 'tls' ? 5061 : 5060), ...serverName };
    return this.route(flow.zone, target, flow.listener) ?? flow;
  }

  /** TCP to the peer of a UDP flow, for a request too big for a datagram (RFC 3261 18.1.1); undefined when the zone has no TCP. */
  streamSibling(flow: Flow): Flow | undefined {
    if (flow.protocol !== 'udp') return flow;
    const preferred = this.#listeners.udp(flow.listener)?.info.address;
    return this.route(flow.zone, { protocol: 'tcp', address: flow.address, port: flow.port }, preferred);
  }

  /** `bytes` is one whole message and must not change afterwards. Never throws, never calls back. */
  send(flow: Flow, bytes: Uint8Array): SendResult {
    const result =
      flow.connection === 0
        ? (this.#listeners.udp(flow.listener)?.send(flow, bytes) ?? 'gone')
        : (this.#table.get(flow.connection)?.send(bytes) ?? 'gone');
    switch (result) {
      case 'sent':
        this.counters.messagesOut++;
        this.counters.bytesOut += bytes.length;
        break;
      case 'gone':
        this.counters.sendGone++;
        break;
      case 'full':
        this.counters.sendFull++;
        this.#faults.report('slow-reader', remoteOf(flow));
    }
    return result;
  }

  /** Whether `flow` can still be sent on: its connection lives, or it is UDP. */
  isLive(flow: Flow): boolean {
    return flow.connection === 0 || this.#table.get(flow.connection)?.usable === true;
  }

  /** Ends a connection whose peer misuses it; a UDP flow has none. */
  disconnect(flow: Flow, reason: string): void {
    this.#table.get(flow.connection)?.close(reason);
  }

  /**
   * Reads the certificate files again (and takes `fallback` for listeners without); handshakes from now on use them, connections
   * stay. Throws WeirError('bad-certificate') and then has changed nothing.
   */
  async reloadCertificates(fallback?: TlsCredentials): Promise<void> {
    await this.#listeners.renewCredentials(fallback);
  }

  #streamShared(): StreamShared {
    const { limits, timers, now, trusted = [] } = this.#options;
    const { counters } = this;
    return {
      limits,
      timers,
      now,
      counters,
      faults: this.#faults,
      table: this.#table,
      admission: new Admission({ connections: limits.connections, perSource: limits.connectionsPerSource, trusted }),
      unfinished: new UnfinishedBytes(transportLimits.unfinishedBytes),
      user: {
        received: (bytes, connection) => this.#received(bytes, connection),
        keepalive: () => counters.keepalives++,
        broken: (frame, connection) => this.#inbox.broken(frame, connection.flow),
        closed: (connection, end) => this.#closed(connection, end),
      },
    };
  }

  #received(bytes: Uint8Array, connection: Connection): void {
    this.#known.add(connection.flow.connection);
    this.#inbox.receive(bytes, 'stream', connection.flow);
  }

  #closed(connection: Connection, end: ConnectionEnd): void {
    const { flow } = connection;
    this.#table.remove(connection);
    if (end.kind === 'not-connected') {
      this.counters.connectFailed++;
      this.#faults.report('connect-failed', { ...remoteOf(flow), reason: end.reason });
    } else if (end.kind !== 'closed') {
      this.counters.timeouts++;
      if (end.kind === 'timeout') this.#faults.report('connection-timeout', { ...remoteOf(flow), reason: end.reason });
    }
    if (this.#known.delete(flow.connection)) this.#tellFailed(flow, end.reason);
  }

  #sendRefused(flow: Flow, reason: string): void {
    this.counters.sendRefused++;
    this.#faults.report('send-refused', { ...remoteOf(flow), reason });
    this.#tellFailed(flow, reason);
  }

  #tellFailed(flow: Flow, reason: string): void {
    if (this.#closing) return;
    try {
      this.#options.upper.flowFailed(flow, reason, this.#options.now());
    } catch (error) {
      this.counters.upperFaults++;
      this.#options.log.error({ ...remoteOf(flow), reason: errorMessage(error) }, 'flow-failure-handling-failed');
    }
  }
}

function remoteOf(flow: Flow): { listener: string; address: string; port: number } {
  return { listener: flow.listener, address: flow.address, port: flow.port };
}
