// The transports and streams of one call in one worker. Takes over the wanted state as a whole (`apply`), watches for silence, and
// reports what it counted, also for transports that were closed on the way.
import type { TransportReport } from '../../shared/relay/report.ts';
import type { SessionId, SessionState, StreamState, TransportId } from '../../shared/relay/session-state.ts';
import type { Rng } from '../../shared/rng.ts';
import type { Timer, Timers } from '../../shared/timer-queue.ts';
import { closedReports, longestMs } from './limits.ts';
import { Pseudonym } from './pseudonym.ts';
import { Stream } from './stream.ts';
import type { Transport } from './transport.ts';

export interface SessionOptions {
  readonly id: SessionId;
  readonly timers: Timers;
  readonly rng: Rng;
  readonly now: number;
  /** No packet was taken for the time the state allows. */
  readonly silent: (session: Session, silentMs: number) => void;
  /** A transport is out of use: its port can rest. */
  readonly closed: (transport: Transport, now: number) => void;
}

export class Session {
  readonly id: SessionId;
  readonly pseudonym: Pseudonym;
  /** When a packet was last taken on any transport; before the first, when silence began to count. */
  heardAt: number;
  readonly #timers: Timers;
  readonly #silent: (session: Session, silentMs: number) => void;
  readonly #closed: (transport: Transport, now: number) => void;
  readonly #transports = new Map<TransportId, Transport>();
  readonly #reports: TransportReport[] = [];
  #revision = Number.NEGATIVE_INFINITY;
  #timeoutMs = 0;
  #timer: Timer | undefined;
  /** `heardAt` of the silence that was told last. */
  #toldOf = -1;

  constructor(options: SessionOptions) {
    this.id = options.id;
    this.pseudonym = new Pseudonym(options.rng);
    this.heardAt = options.now;
    this.#timers = options.timers;
    this.#silent = options.silent;
    this.#closed = options.closed;
  }

  get size(): number {
    return this.#transports.size;
  }

  has(id: TransportId): boolean {
    return this.#transports.has(id);
  }

  add(transport: Transport): void {
    this.#transports.set(transport.id, transport);
  }

  /** undefined when done (or when the revision is old news), else why nothing was changed. */
  apply(revision: number, state: SessionState, now: number): string | undefined {
    if (revision <= this.#revision) return undefined;
    const problem = this.#problem(state);
    if (problem !== undefined) return problem;
    this.#revision = revision;
    this.#closeUnnamed(state, now);
    let renewed = false;
    for (const one of state.transports) {
      if (this.#transports.get(one.id)?.configure(one, now)) renewed = true;
    }
    this.#route(state.streams);
    if (renewed) this.#expectPeers(now);
    this.#watch(state.timeoutMs, now);
    return undefined;
  }

  report(now: number): TransportReport[] {
    return [...this.#reports, ...[...this.#transports.values()].map((transport) => transport.report(now))];
  }

  /** Ends all transports; the session is not to be used after. */
  close(now: number): void {
    this.#timers.cancel(this.#timer);
    for (const transport of this.#transports.values()) this.#closeTransport(transport, now);
    this.#transports.clear();
  }

  #problem(state: SessionState): string | undefined {
    const named = new Set<TransportId>();
    for (const one of state.transports) {
      if (!this.#transports.has(one.id)) return `Cannot apply: transport ${one.id} is not reserved`;
      if (named.has(one.id)) return `Cannot apply: transport ${one.id} is named twice`;
      const problem = this.#transports.get(one.id)?.protection.problem(one.protection);
      if (problem !== undefined) return problem;
      named.add(one.id);
    }
    for (const stream of state.streams) {
      const lost = [stream.from, ...stream.to].find((id) => !named.has(id));
      if (lost !== undefined) return `Cannot apply: a stream names transport ${lost}, which the state does not have`;
    }
    return undefined;
  }

  #closeUnnamed(state: SessionState, now: number): void {
    const named = new Set(state.transports.map((one) => one.id));
    for (const transport of this.#transports.values()) {
      if (named.has(transport.id)) continue;
      if (this.#reports.length < closedReports) this.#reports.push(transport.report(now));
      this.#closeTransport(transport, now);
      this.#transports.delete(transport.id);
    }
  }

  #closeTransport(transport: Transport, now: number): void {
    transport.close();
    this.#closed(transport, now);
  }

  #route(states: readonly StreamState[]): void {
    const streams = states.map((state) => ({ from: state.from, stream: new Stream(state, this.#named(state.to)) }));
    for (const transport of this.#transports.values()) {
      const own = streams.filter((one) => one.from === transport.id).map((one) => one.stream);
      const sources = streams.filter((one) => one.stream.to.includes(transport)).map((one) => one.from);
      const peers = new Set([...own.flatMap((stream) => stream.to), ...this.#named(sources)]);
      peers.delete(transport);
      transport.route(own, [...peers]);
    }
  }

  #named(ids: readonly TransportId[]): Transport[] {
    return ids.flatMap((id) => this.#transports.get(id) ?? []);
  }

  /** Silence of a peer means something only once there is somebody to talk to: before the answer it means nothing. */
  #expectPeers(now: number): void {
    let announced = 0;
    for (const transport of this.#transports.values()) announced += transport.announced ? 1 : 0;
    const from = announced >= Math.min(2, this.#transports.size) ? now : Number.POSITIVE_INFINITY;
    for (const transport of this.#transports.values()) transport.rtp.expectFrom(from);
  }

  /** A changed timeout counts from now: on resuming from hold the silence before is no fault. */
  #watch(timeoutMs: number, now: number): void {
    const timeout = Math.min(timeoutMs, longestMs);
    if (timeout === this.#timeoutMs) return;
    this.#timeoutMs = timeout;
    this.heardAt = now;
    this.#timers.cancel(this.#timer);
    this.#timer = timeout > 0 ? this.#timers.schedule(now + timeout, (due) => this.#check(due)) : undefined;
  }

  /** Once per silence: it is told again only after a packet came. */
  #check(now: number): void {
    const silentMs = now - this.heardAt;
    const silent = silentMs >= this.#timeoutMs;
    if (silent && this.#toldOf !== this.heardAt) {
      this.#toldOf = this.heardAt;
      this.#silent(this, silentMs);
    }
    this.#timer = this.#timers.schedule((silent ? now : this.heardAt) + this.#timeoutMs, (due) => this.#check(due));
  }
}
