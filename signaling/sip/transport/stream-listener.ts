// One listening TCP or TLS socket, and the connections that are opened from its address. Accepts within the caps of admission.ts,
// hands each connection to the table and from there on to its user. Certificates of tls listeners are swapped in place.
import { once } from 'node:events';
import { connect as connectTcp, createServer, isIP, type Server, type Socket, type TcpSocketConnectOpts } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { invariant } from '../../../shared/assert.ts';
import type { Timers } from '../../../shared/timer-queue.ts';
import { unmapped } from './address.ts';
import type { Admission } from './admission.ts';
import type { ConnectionTable } from './connection-table.ts';
import type { TransportCounters } from './counters.ts';
import type { FaultLog } from './fault-log.ts';
import type { Flow, Target } from './flow.ts';
import { transportLimits } from './limits.ts';
import { describeListener, isWildcard, type ListenerInfo } from './listener-info.ts';
import { StreamConnection, type StreamUser } from './stream-connection.ts';
import { TlsAcceptor } from './tls-acceptor.ts';
import { checkPeerName, contextOptions } from './tls-policy.ts';
import type { ListenerOptions, TlsCredentials, TransportLimits } from './transport-options.ts';
import type { UnfinishedBytes } from './unfinished-bytes.ts';

/** What all stream listeners of a transport share. */
export interface StreamShared {
  readonly limits: TransportLimits;
  readonly timers: Timers;
  readonly now: () => number;
  readonly table: ConnectionTable;
  readonly admission: Admission;
  readonly unfinished: UnfinishedBytes;
  readonly counters: TransportCounters;
  readonly faults: FaultLog;
  readonly user: StreamUser;
}

export interface StreamListenerOptions {
  readonly zone: string;
  readonly listener: ListenerOptions;
  /** Needed for tls. */
  readonly credentials: TlsCredentials | undefined;
  /** Who signs the servers that we connect to; undefined = those built into node. */
  readonly authorities: string | undefined;
  readonly peers: 'verified' | 'any';
  readonly shared: StreamShared;
}

export class StreamListener {
  readonly #options: StreamListenerOptions;
  readonly #shared: StreamShared;
  readonly #server: Server;
  readonly #acceptor: TlsAcceptor | undefined;
  #clientContext: SecureContext | undefined;
  #info: ListenerInfo;

  /** Throws WeirError('bad-listener'). */
  constructor(options: StreamListenerOptions) {
    this.#options = options;
    this.#shared = options.shared;
    this.#info = describeListener(options.zone, options.listener, options.listener.port);
    const keepAliveInitialDelay = transportLimits.keepaliveMs;
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay }, (socket) => this.#accept(socket));
    if (options.listener.protocol !== 'tls') return;
    invariant(options.credentials !== undefined, 'Cannot make a tls listener: it has no credentials');
    this.#acceptor = this.#tlsAcceptor(options.credentials);
    this.setCredentials(options.credentials);
  }

  get info(): ListenerInfo {
    return this.#info;
  }

  get listener(): ListenerOptions {
    return this.#options.listener;
  }

  /** Rejects with the error of listen. */
  async start(): Promise<void> {
    const { address, port } = this.#options.listener;
    this.#server.listen({ host: address, port, ipv6Only: this.#info.family === 6, backlog: 1024 });
    await once(this.#server, 'listening');
    const bound = this.#server.address();
    if (bound !== null && typeof bound === 'object') this.#info = describeListener(this.#options.zone, this.#options.listener, bound.port);
    this.#server.on('error', (error) => this.#shared.faults.report('socket-error', { listener: this.#info.name, reason: error.message }));
  }

  /** Stops accepting. The connections are the table's to close; until they are, the promise waits. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#acceptor?.close();
    await closed;
  }

  /** For handshakes from now on; what is connected stays. */
  setCredentials(credentials: TlsCredentials): void {
    this.#acceptor?.setCredentials(credentials);
    this.#clientContext = createSecureContext(contextOptions(credentials, this.#options.authorities));
  }

  /** A new connection; its flow is good at once, what is sent waits for the handshake. undefined: no room for it. */
  open(target: Target): StreamConnection | undefined {
    const { admission, counters, table } = this.#shared;
    if (admission.open() !== 'admitted') {
      counters.refusedTotal++;
      this.#shared.faults.report('connection-refused', { listener: this.#info.name, reason: 'limits.connections', origin: 'opened' });
      return undefined;
    }
    counters.opened++;
    counters.connections++;
    const socket = this.#info.protocol === 'tls' ? this.#connectTls(target) : connectTcp(this.#connectOptions(target));
    socket.setNoDelay(true);
    socket.setKeepAlive(true, transportLimits.keepaliveMs);
    socket.once('close', () => {
      admission.closeOpened();
      counters.connections--;
    });
    const readyOn = this.#info.protocol === 'tls' ? 'secureConnect' : 'connect';
    const connection = this.#connection(socket, 'opened', readyOn, this.#flow(target.address, target.port));
    table.add(connection, target.serverName);
    return connection;
  }

  #accept(socket: Socket): void {
    const { admission, counters } = this.#shared;
    const address = unmapped(socket.remoteAddress ?? '');
    if (address === '' || this.#refuses(address)) {
      socket.resetAndDestroy();
      return;
    }
    counters.accepted++;
    counters.connections++;
    socket.once('close', () => {
      admission.closeAccepted(address);
      counters.connections--;
    });
    if (this.#acceptor === undefined) this.#admit(socket);
    else this.#acceptor.accept(socket);
  }

  #refuses(address: string): boolean {
    const { admission, counters, faults } = this.#shared;
    const listener = this.#info.name;
    if (this.#acceptor !== undefined && this.#acceptor.handshakes >= transportLimits.handshakes && !admission.trusts(address)) {
      counters.refusedHandshakes++;
      faults.report('connection-refused', { listener, address, reason: 'too many TLS handshakes' });
      return true;
    }
    const verdict = admission.accept(address);
    if (verdict === 'admitted') return false;
    if (verdict === 'source') counters.refusedSource++;
    else counters.refusedTotal++;
    faults.report('connection-refused', {
      listener,
      address,
      reason: verdict === 'source' ? 'limits.connectionsPerSource' : 'limits.connections',
    });
    return true;
  }

  /** An accepted socket that may speak SIP. */
  #admit(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      socket.destroy();
      return;
    }
    this.#shared.table.add(this.#connection(socket, 'accepted', 'now', this.#flow(unmapped(remoteAddress), remotePort)));
  }

  #connection(socket: Socket, origin: 'accepted' | 'opened', readyOn: 'now' | 'connect' | 'secureConnect', flow: Flow): StreamConnection {
    const { limits, timers, now, unfinished, user } = this.#shared;
    const { connectionIdleMs: idleMs, firstMessageMs } = limits;
    return new StreamConnection({ flow, origin, socket, readyOn, idleMs, firstMessageMs, timers, now, unfinished, user });
  }

  #flow(address: string, port: number): Flow {
    const { zone, name, protocol, advertisedHost, advertisedPort } = this.#info;
    const connection = this.#shared.table.nextId();
    return { zone, listener: name, protocol, address, port, connection, localHost: advertisedHost, localPort: advertisedPort };
  }

  #connectOptions(target: Target): TcpSocketConnectOpts {
    const { address } = this.#info;
    return {
      host: target.address,
      port: target.port,
      // From the listener's address, so that the peer's allow lists and our routes agree; the port is any.
      ...(isWildcard(address) ? {} : { localAddress: address }),
    };
  }

  #connectTls(target: Target): TLSSocket {
    const name = target.serverName ?? target.address;
    return connectTls({
      ...this.#connectOptions(target),
      ...(this.#clientContext === undefined ? {} : { secureContext: this.#clientContext }),
      // RFC 6066 3: no literal addresses in SNI.
      ...(isIP(name) === 0 ? { servername: name } : {}),
      rejectUnauthorized: this.#options.peers === 'verified',
      checkServerIdentity: (_host, certificate) => checkPeerName(name, certificate),
    });
  }

  #tlsAcceptor(credentials: TlsCredentials): TlsAcceptor {
    const { limits, timers, now, counters, faults } = this.#shared;
    return new TlsAcceptor({
      credentials,
      clientAuthorities: this.#options.listener.clientAuthorities,
      handshakeMs: limits.tlsHandshakeMs,
      timers,
      now,
      secured: (socket) => this.#admit(socket),
      failed: (address, reason) => {
        counters.handshakeFailed++;
        faults.report('handshake-failed', { listener: this.#info.name, address, reason });
      },
    });
  }
}
