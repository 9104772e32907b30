// Server side of TLS handshakes: takes accepted TCP sockets, gives back encrypted ones. The tls.Server inside never listens, so
// who may connect is decided before a byte of TLS costs anything, and new credentials do not touch connections that live.
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Timer, Timers } from '../../../shared/timer-queue.ts';
import { contextOptions } from './tls-policy.ts';
import type { TlsCredentials } from './transport-options.ts';

export interface TlsAcceptorOptions {
  readonly credentials: TlsCredentials;
  /** With it, clients must show a certificate signed by one of these (PEM text). */
  readonly clientAuthorities: string | undefined;
  readonly handshakeMs: number;
  readonly timers: Timers;
  readonly now: () => number;
  readonly secured: (socket: TLSSocket) => void;
  readonly failed: (address: string, reason: string) => void;
}

interface Handshake {
  readonly raw: Socket;
  readonly address: string;
  readonly timer: Timer | undefined;
  reason: string;
}

export class TlsAcceptor {
  readonly #options: TlsAcceptorOptions;
  readonly #server: Server;
  /** By both ends of the connection: the only thing a TLSSocket and the socket under it have in common. */
  readonly #handshakes = new Map<string, Handshake>();

  constructor(options: TlsAcceptorOptions) {
    this.#options = options;
    const { credentials, clientAuthorities } = options;
    this.#server = createServer({
      ...contextOptions(credentials, clientAuthorities),
      requestCert: clientAuthorities !== undefined,
      rejectUnauthorized: clientAuthorities !== undefined,
      // Ours, below, is the one that counts; this one only must not come first.
      handshakeTimeout: Math.max(options.handshakeMs * 2, 120_000),
    });
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#failed(socket, error));
  }

  get handshakes(): number {
    return this.#handshakes.size;
  }

  setCredentials(credentials: TlsCredentials): void {
    this.#server.setSecureContext(contextOptions(credentials, this.#options.clientAuthorities));
  }

  accept(raw: Socket): void {
    const key = endsOf(raw);
    const address = raw.remoteAddress ?? '';
    const { handshakeMs, timers, now } = this.#options;
    const expire = () => {
      const handshake = this.#handshakes.get(key);
      if (handshake !== undefined) handshake.reason = 'timeout';
      raw.destroy();
    };
    const timer = handshakeMs === 0 ? undefined : timers.schedule(now() + handshakeMs, expire);
    this.#handshakes.set(key, { raw, address, timer, reason: 'closed by peer' });
    raw.on('error', () => raw.destroy());
    raw.once('close', () => {
      const handshake = this.#end(key, raw);
      if (handshake !== undefined) this.#options.failed(handshake.address, handshake.reason);
    });
    this.#server.emit('connection', raw);
  }

  /** Cuts the handshakes going on. */
  close(): void {
    for (const { raw } of this.#handshakes.values()) raw.destroy();
  }

  #secured(socket: TLSSocket): void {
    // Closed, or timed out, between the last byte of the handshake and now.
    if (this.#end(endsOf(socket)) === undefined) socket.destroy();
    else this.#options.secured(socket);
  }

  #failed(socket: TLSSocket, error: Error): void {
    const handshake = this.#handshakes.get(endsOf(socket));
    if (handshake !== undefined && handshake.reason !== 'timeout') handshake.reason = error.message;
    handshake?.raw.destroy();
  }

  /** `raw`: only if the handshake is still this socket's. */
  #end(key: string, raw?: Socket): Handshake | undefined {
    const handshake = this.#handshakes.get(key);
    if (handshake === undefined || (raw !== undefined && handshake.raw !== raw)) return undefined;
    this.#options.timers.cancel(handshake.timer);
    this.#handshakes.delete(key);
    return handshake;
  }
}

function endsOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress} ${socket.localPort}`;
}
