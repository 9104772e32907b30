// The media workers of the process, as one Relay: a session goes to the worker with the fewest and stays there. A worker that dies takes
// its sessions with it, says which, and is started again with the same slice of the port range.
import { errorMessage, WeirError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { SessionId, SessionState, TransportRequest } from '../../shared/relay/session-state.ts';
import { localAddresses, type MediaInterface, openPortsBytesPerAddress, type PortSlice } from '../../shared/relay/worker-options.ts';
import type { MediaConfig } from '../config/schema.ts';
import type { Relay, RelayDone, RelayFailed, RelayReport, RelayReserved } from '../session/relay.ts';
import { longestRestartMs, restartMs, stableMs } from './limits.ts';
import { type MediaZone, mediaInterfaces, ownEndpoints, portSlices, workerCount } from './media-plan.ts';
import { type CommandBody, type LoadEvent, type Outcome, type SessionEvent, WorkerHandle } from './worker-handle.ts';

export interface WorkerPoolOptions {
  readonly media: MediaConfig;
  readonly zones: readonly MediaZone[];
  readonly log: Log;
  readonly onEvent: (event: SessionEvent) => void;
  /** The worker of these sessions is gone, and their media with it. */
  readonly onSessionsLost: (sessions: readonly SessionId[], reason: string) => void;
  /** The thread's entry; default: media/worker.ts. */
  readonly entry?: URL;
}

/** The place of one worker in the pool; its threads come and go. */
interface Seat {
  readonly number: number;
  readonly ports: PortSlice;
  readonly sessions: Set<SessionId>;
  handle: WorkerHandle | undefined;
  startedAt: number;
  restartMs: number;
  timer: NodeJS.Timeout | undefined;
}

const defaultEntry = new URL(`../../media/worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

export class WorkerPool implements Relay {
  readonly #options: WorkerPoolOptions;
  readonly #interfaces: readonly MediaInterface[];
  readonly #openPorts: SharedArrayBuffer;
  readonly #seats: readonly Seat[];
  readonly #seatOf = new Map<SessionId, Seat>();
  #state: 'open' | 'draining' | 'closing' = 'open';

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#interfaces = mediaInterfaces(options.zones);
    this.#openPorts = new SharedArrayBuffer(localAddresses(this.#interfaces).length * openPortsBytesPerAddress);
    this.#seats = portSlices(options.media.ports, workerCount(options.media)).map((ports, number) => ({
      number,
      ports,
      sessions: new Set<SessionId>(),
      handle: undefined,
      startedAt: 0,
      restartMs,
      timer: undefined,
    }));
  }

  get sessions(): number {
    return this.#seatOf.size;
  }

  /** The last load of each worker that has told one. */
  loads(): LoadEvent[] {
    return this.#seats.flatMap((seat) => seat.handle?.load ?? []);
  }

  /** Resolves when all workers are ready; throws WeirError 'media-worker-failed' when one is not to be had. */
  async start(): Promise<void> {
    const starts = await Promise.allSettled(this.#seats.map((seat) => this.#startSeat(seat)));
    const failed = starts.find((one) => one.status === 'rejected');
    if (failed === undefined) return;
    await this.close();
    throw new WeirError('media-worker-failed', `Cannot start media worker: ${errorMessage(failed.reason)}`, failed.reason);
  }

  async reserve(session: SessionId, transports: readonly TransportRequest[]): Promise<RelayReserved | RelayFailed> {
    const living = this.#seatOf.get(session);
    if (living === undefined && this.#state !== 'open') return failed('draining', 'Cannot reserve: no new sessions are taken');
    const seat = living ?? this.#emptiest();
    if (seat === undefined) return failed('worker-gone', 'Cannot reserve: no media worker is running');
    if (living === undefined) this.#seat(session, seat);
    const outcome = await this.#send(seat, { kind: 'reserve', session, transports });
    if (outcome.kind === 'reserved') return outcome;
    // Whatever the worker may have opened meanwhile (a late answer) must not stay.
    if (living === undefined) void this.release(session);
    return failureOf(outcome);
  }

  async apply(session: SessionId, revision: number, state: SessionState): Promise<RelayDone | RelayFailed> {
    const seat = this.#seatOf.get(session);
    if (seat === undefined) return unknownSession(session);
    const outcome = await this.#send(seat, { kind: 'apply', session, revision, state });
    return outcome.kind === 'ok' ? outcome : failureOf(outcome);
  }

  /** Unknown sessions, also lost ones, get an empty report. */
  async release(session: SessionId): Promise<RelayReport | RelayFailed> {
    const seat = this.#seatOf.get(session);
    if (seat === undefined) return { kind: 'report', transports: [] };
    this.#unseat(session, seat);
    const outcome = await this.#send(seat, { kind: 'release', session });
    return outcome.kind === 'report' ? outcome : failureOf(outcome);
  }

  async query(session: SessionId): Promise<RelayReport | RelayFailed> {
    const seat = this.#seatOf.get(session);
    if (seat === undefined) return unknownSession(session);
    const outcome = await this.#send(seat, { kind: 'query', session });
    return outcome.kind === 'report' ? outcome : failureOf(outcome);
  }

  /** No new sessions from now on; resolves when the last one is released and all threads have ended. */
  async drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    await Promise.all(this.#seats.map((seat) => seat.handle?.drain()));
  }

  /** Ends all sessions and threads. */
  async close(): Promise<void> {
    this.#state = 'closing';
    for (const seat of this.#seats) clearTimeout(seat.timer);
    await Promise.all(this.#seats.map((seat) => seat.handle?.close(seat.sessions)));
    for (const seat of this.#seats) for (const session of seat.sessions) this.#unseat(session, seat);
  }

  #startSeat(seat: Seat): Promise<void> {
    const started = Promise.withResolvers<void>();
    const { log, media, zones, onEvent, entry = defaultEntry } = this.#options;
    seat.startedAt = performance.now();
    seat.handle = new WorkerHandle({
      entry,
      data: {
        worker: seat.number,
        io: media.io,
        receiveBufferBytes: media.receiveBufferBytes,
        interfaces: this.#interfaces,
        ports: seat.ports,
        ownEndpoints: ownEndpoints(zones),
        openPorts: this.#openPorts,
      },
      onReady: ({ io, why }) => {
        log.info({ worker: seat.number, io, why, ports: `${seat.ports.min}-${seat.ports.max}` }, 'media-worker-ready');
        started.resolve();
      },
      onEvent: (event) => {
        if (event.kind === 'session-failed') this.#unseat(event.session, seat);
        onEvent(event);
      },
      onEnd: (reason) => {
        started.reject(new WeirError('media-worker-failed', `Media worker ${seat.number} ended: ${reason}`));
        this.#ended(seat, reason);
      },
    });
    return started.promise;
  }

  /** The thread is gone. Unless it was told to go, its sessions are lost and it is started again. */
  #ended(seat: Seat, reason: string): void {
    seat.handle = undefined;
    const lost = [...seat.sessions];
    for (const session of lost) this.#unseat(session, seat);
    if (reason === '' || this.#state === 'closing') return;
    this.#options.log.error({ worker: seat.number, reason, sessions: lost.length }, 'media-worker-ended');
    if (lost.length > 0) this.#options.onSessionsLost(lost, reason);
    if (this.#state === 'open') this.#restartLater(seat);
  }

  #restartLater(seat: Seat): void {
    if (performance.now() - seat.startedAt >= stableMs) seat.restartMs = restartMs;
    seat.timer = setTimeout(() => {
      // A start that fails ends here again, with a longer wait.
      this.#startSeat(seat).catch(() => {});
    }, seat.restartMs);
    seat.restartMs = Math.min(longestRestartMs, seat.restartMs * 2);
  }

  #emptiest(): Seat | undefined {
    let best: Seat | undefined;
    for (const seat of this.#seats) {
      if (seat.handle?.ready && seat.sessions.size < (best?.sessions.size ?? Number.POSITIVE_INFINITY)) best = seat;
    }
    return best;
  }

  #seat(session: SessionId, seat: Seat): void {
    this.#seatOf.set(session, seat);
    seat.sessions.add(session);
  }

  #unseat(session: SessionId, seat: Seat): void {
    this.#seatOf.delete(session);
    seat.sessions.delete(session);
  }

  #send(seat: Seat, body: CommandBody): Promise<Outcome> {
    return seat.handle?.send(body) ?? Promise.resolve(failed('worker-gone', 'The media worker has ended'));
  }
}

function failed(failure: RelayFailed['failure'], message: string): RelayFailed {
  return { kind: 'failed', failure, message };
}

function unknownSession(session: SessionId): RelayFailed {
  return failed('unknown-session', `No session ${session} in any media worker`);
}

/** A reply of the wrong kind is our own fault, and still an outcome. */
function failureOf(outcome: Outcome): RelayFailed {
  return outcome.kind === 'failed' ? outcome : failed('bad-command', `Unexpected reply "${outcome.kind}" of the media worker`);
}
