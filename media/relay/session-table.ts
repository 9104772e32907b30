// All sessions of one worker: carries out the commands, leads packets to their component, and holds the one catch per session: what goes
// wrong in the code path of a session ends that session and no other.
import { assertNever } from '../../shared/assert.ts';
import { errorMessage } from '../../shared/errors.ts';
import type { RelayCommand, RelayEvent, RelayFailure, RelayReply } from '../../shared/relay/messages.ts';
import type { ReservedTransport, SessionId, TransportRequest } from '../../shared/relay/session-state.ts';
import type { Rng } from '../../shared/rng.ts';
import type { Timers } from '../../shared/timer-queue.ts';
import { formatAddress } from '../io/address.ts';
import type { Packet, PacketIo } from '../io/packet-io.ts';
import type { SrtpCrypto } from '../srtp/crypto.ts';
import { commandProblem, isCommand, refOf } from './command.ts';
import type { Component } from './component.ts';
import { relayPacket } from './forward.ts';
import type { LearnedSource } from './learning.ts';
import { type OpenInterface, Reservation, type Reserved } from './reservation.ts';
import { Session } from './session.ts';
import { Transport } from './transport.ts';

export interface SessionTableOptions {
  readonly io: PacketIo;
  readonly timers: Timers;
  readonly rng: Rng;
  readonly interfaces: readonly OpenInterface[];
  readonly crypto: SrtpCrypto;
  readonly post: (message: RelayReply | RelayEvent) => void;
  /** Draining is over: no session is left. */
  readonly drained: () => void;
}

interface Problem {
  readonly failure: RelayFailure;
  readonly message: string;
}

export class SessionTable {
  readonly #options: SessionTableOptions;
  readonly #sessions = new Map<SessionId, Session>();
  /** By socket number, which is small and dense. */
  readonly #components: (Component | undefined)[] = [];
  #draining = false;

  constructor(options: SessionTableOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  packet(packet: Packet, now: number): void {
    const component = this.#components[packet.socket];
    if (component === undefined) {
      this.#noise(packet.socket, now);
      return;
    }
    try {
      relayPacket(component, packet, now);
    } catch (thrown) {
      this.#fail(component.transport.session, thrown, now);
    }
  }

  /** Carries out one message from signaling and posts its one reply, for `reserve` maybe later. */
  command(message: unknown, now: number): void {
    if (!isCommand(message)) {
      this.#failed(refOf(message), 'bad-command', `Cannot read command: ${commandProblem(message)}`);
      return;
    }
    try {
      this.#carryOut(message, now);
    } catch (thrown) {
      this.#failed(message.ref, 'bad-command', errorMessage(thrown));
      const session = message.kind === 'drain' ? undefined : this.#sessions.get(message.session);
      if (session !== undefined) this.#fail(session, thrown, now);
    }
  }

  #carryOut(command: RelayCommand, now: number): void {
    switch (command.kind) {
      case 'reserve':
        this.#reserve(command.ref, command.session, command.transports, now);
        return;
      case 'apply':
        this.#apply(command, now);
        return;
      case 'release':
        this.#release(command.ref, command.session, now);
        return;
      case 'query':
        this.#query(command.ref, command.session, now);
        return;
      case 'drain':
        this.#draining = true;
        this.#options.post({ kind: 'ok', ref: command.ref });
        this.#endIfDrained();
        return;
      default:
        assertNever(command);
    }
  }

  #reserve(ref: number, id: SessionId, requests: readonly TransportRequest[], now: number): void {
    const living = this.#sessions.get(id);
    if (living === undefined && this.#draining) {
      this.#failed(ref, 'draining', 'Cannot reserve: the worker takes no new sessions');
      return;
    }
    const problem = this.#requestProblem(living, requests);
    if (problem !== undefined) {
      this.#failed(ref, problem.failure, problem.message);
      return;
    }
    const session = living ?? this.#newSession(id, now);
    const reservation = new Reservation(
      requests.flatMap((request) => {
        const open = this.#interface(request);
        return open === undefined ? [] : [{ request, open }];
      }),
    );
    reservation.start(now, (problem) => this.#reserved(ref, session, reservation, problem, now));
  }

  #requestProblem(living: Session | undefined, requests: readonly TransportRequest[]): Problem | undefined {
    const ids = new Set<number>();
    for (const request of requests) {
      if (this.#interface(request) === undefined) {
        const message = `Cannot reserve: no media interface "${request.interface}" for IPv${request.family}`;
        return { failure: 'unknown-interface', message };
      }
      if (ids.has(request.id) || living?.has(request.id)) {
        return { failure: 'bad-command', message: `Cannot reserve: transport ${request.id} is there already` };
      }
      ids.add(request.id);
    }
    return undefined;
  }

  /** The sockets are open, or not all of them could be. */
  #reserved(ref: number, session: Session, reservation: Reservation, problem: string | undefined, now: number): void {
    const gone = this.#sessions.get(session.id) !== session;
    if (problem === undefined && !gone) {
      this.#options.post({ kind: 'reserved', ref, transports: reservation.leases.map((one) => this.#add(session, one)) });
      return;
    }
    reservation.giveBack(now);
    if (problem === undefined) this.#failed(ref, 'unknown-session', 'Cannot reserve: the session was released meanwhile');
    else this.#failed(ref, 'no-ports', problem);
    if (!gone && session.size === 0) this.#end(session, now);
  }

  #add(session: Session, reserved: Reserved): ReservedTransport {
    const { request, open, lease } = reserved;
    const transport = new Transport({
      id: request.id,
      session,
      lease,
      io: this.#options.io,
      crypto: this.#options.crypto,
      policy: open.policy,
      learned: (one, source) => this.#learned(one, source),
    });
    session.add(transport);
    this.#components[lease.rtpSocket] = transport.rtp;
    if (transport.rtcp !== undefined) this.#components[lease.rtcpSocket] = transport.rtcp;
    return { id: request.id, address: open.media.advertised, port: lease.port, rtcpPort: lease.rtcpPort };
  }

  #newSession(id: SessionId, now: number): Session {
    const { timers, rng, post } = this.#options;
    const session = new Session({
      id,
      timers,
      rng,
      now,
      silent: (one, silentMs) => post({ kind: 'media-timeout', session: one.id, silentMs }),
      closed: (transport, at) => this.#closed(transport, at),
    });
    this.#sessions.set(id, session);
    return session;
  }

  #apply(command: Extract<RelayCommand, { kind: 'apply' }>, now: number): void {
    const session = this.#sessions.get(command.session);
    if (session === undefined) {
      this.#failed(command.ref, 'unknown-session', `Cannot apply: no session ${command.session}`);
      return;
    }
    const problem = session.apply(command.revision, command.state, now);
    if (problem === undefined) this.#options.post({ kind: 'ok', ref: command.ref });
    else this.#failed(command.ref, 'bad-command', problem);
  }

  #release(ref: number, id: SessionId, now: number): void {
    const session = this.#sessions.get(id);
    const transports = session?.report(now) ?? [];
    if (session !== undefined) this.#end(session, now);
    this.#options.post({ kind: 'report', ref, transports });
    this.#endIfDrained();
  }

  #query(ref: number, id: SessionId, now: number): void {
    const session = this.#sessions.get(id);
    if (session === undefined) this.#failed(ref, 'unknown-session', `Cannot query: no session ${id}`);
    else this.#options.post({ kind: 'report', ref, transports: session.report(now) });
  }

  #learned(transport: Transport, source: LearnedSource): void {
    const address = formatAddress(source.words);
    const { session, id } = transport;
    this.#options.post({ kind: 'source-learned', session: session.id, transport: id, address, port: source.port });
  }

  /** A transport is out of use: no packet finds it any more, and its port rests. */
  #closed(transport: Transport, now: number): void {
    const { lease } = transport;
    this.#components[lease.rtpSocket] = undefined;
    if (lease.rtcpSocket >= 0) this.#components[lease.rtcpSocket] = undefined;
    lease.release(now);
  }

  #end(session: Session, now: number): void {
    this.#sessions.delete(session.id);
    session.close(now);
  }

  #fail(session: Session, thrown: unknown, now: number): void {
    // The table forgets it first: whatever else its remains throw cannot reach it again.
    this.#end(session, now);
    this.#options.post({ kind: 'session-failed', session: session.id, message: errorMessage(thrown) });
    this.#endIfDrained();
  }

  #noise(socket: number, now: number): void {
    for (const open of this.#options.interfaces) {
      if (open.ports.noise(socket, now)) return;
    }
  }

  #interface(request: TransportRequest): OpenInterface | undefined {
    return this.#options.interfaces.find((open) => open.media.name === request.interface && open.media.family === request.family);
  }

  #failed(ref: number, failure: RelayFailure, message: string): void {
    this.#options.post({ kind: 'failed', ref, failure, message });
  }

  #endIfDrained(): void {
    if (this.#draining && this.#sessions.size === 0) this.#options.drained();
  }
}
