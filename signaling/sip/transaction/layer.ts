// The transaction layer (RFC 3261 section 17): between the transports, which hand it parsed messages, and the B2BUA. Joins
// the two sides; the rules are in server-side.ts and client-side.ts, the states in the four machines.
import type { Rng } from '../../../shared/rng.ts';
import type { Timers } from '../../../shared/timer-queue.ts';
import type { SipMessage } from '../message/message.ts';
import type { SipRequest } from '../message/request.ts';
import type { Flow } from '../transport/flow.ts';
import { ClientSide } from './client-side.ts';
import { newCounters, type TransactionCounters } from './counters.ts';
import { defaultTransactionLimits, type TransactionLimits } from './limits.ts';
import { ServerSide } from './server-side.ts';
import { StatelessReplies } from './stateless-reply.ts';
import { defaultT1Ms, timingOf } from './timing.ts';
import type { ClientObserver, ClientTransaction, TransactionTransport, TransactionUser } from './transaction.ts';

export interface TransactionLayerOptions {
  readonly transport: TransactionTransport;
  readonly user: TransactionUser;
  readonly timers: Timers;
  readonly rng: Rng;
  readonly t1Ms?: number;
  readonly limits?: Partial<TransactionLimits>;
}

export class TransactionLayer {
  readonly #servers: ServerSide;
  readonly #clients: ClientSide;
  readonly #counters: TransactionCounters = newCounters();
  #now = 0;

  constructor(options: TransactionLayerOptions) {
    const { transport, user, timers, rng } = options;
    const counters = this.#counters;
    const limits = { ...defaultTransactionLimits, ...options.limits };
    const timing = timingOf(options.t1Ms ?? defaultT1Ms);
    const replies = new StatelessReplies({ transport, rng, counters });
    const maxTransactions = limits.maxServerTransactions;
    this.#servers = new ServerSide({ transport, user, timers, timing, counters, replies, maxTransactions });
    this.#clients = new ClientSide({ transport, user, timers, timing, rng, counters, limits, now: () => this.#now });
  }

  get counters(): Readonly<TransactionCounters> {
    return this.#counters;
  }

  /** A message that the transport parsed and found whole. What the user throws passes through. */
  receive(message: SipMessage, flow: Flow, now: number): void {
    this.#now = now;
    if (message.kind === 'request') this.#servers.receive(message, flow, now);
    else this.#clients.receive(message, flow, now);
  }

  /** The connection is gone: what was sent over it and not finally answered fails in the next tick, or goes by UDP. */
  flowFailed(flow: Flow, now: number): void {
    this.#now = now;
    this.#clients.flowFailed(flow, now);
  }

  /**
   * Sends `request`, whose headers are copied and left alone, with a Via of ours on top. Goes by stream when too big for UDP
   * (RFC 3261 section 18.1.1). All that happens to it is told to the observer, and never from inside this call.
   */
  send(request: SipRequest, flow: Flow, observer: ClientObserver, now: number): ClientTransaction {
    this.#now = now;
    return this.#clients.send(request, flow, observer, now);
  }

  /** The ACK for a 2xx (RFC 3261 section 13.2.2.4): a branch of its own, no transaction. May be repeated with the same request. */
  sendAck(request: SipRequest, flow: Flow): void {
    this.#clients.sendAck(request, flow);
  }
}
