// What happens to requests that come in: retransmissions, ACKs and CANCELs find their transaction (RFC 3261 sections 17.2.3
// and 9.2), merged requests and overload are turned away without state, the rest is new and goes to the user.
import type { Timers } from '../../../shared/timer-queue.ts';
import { tagOf } from '../message/name-addr.ts';
import type { SipRequest } from '../message/request.ts';
import type { Flow } from '../transport/flow.ts';
import { uncancellableMethods } from './cancel.ts';
import type { TransactionCounters } from './counters.ts';
import { ownCopy } from './own-copy.ts';
import { ServerEntry, type ServerScene } from './server-entry.ts';
import type { StatelessReplies } from './stateless-reply.ts';
import type { Timing } from './timing.ts';
import type { TransactionTransport, TransactionUser } from './transaction.ts';
import { isLegacy, legacyInitialKey, mergeKey, serverKey } from './transaction-key.ts';

export interface ServerSideOptions {
  readonly transport: TransactionTransport;
  readonly user: TransactionUser;
  readonly timers: Timers;
  readonly timing: Timing;
  readonly counters: TransactionCounters;
  readonly replies: StatelessReplies;
  readonly maxTransactions: number;
}

export class ServerSide {
  readonly #user: TransactionUser;
  readonly #counters: TransactionCounters;
  readonly #replies: StatelessReplies;
  readonly #maxTransactions: number;
  readonly #scene: ServerScene;
  readonly #entries = new Map<string, ServerEntry>();
  /** Requests outside a dialog by what makes them the same request over another path. */
  readonly #merges = new Map<string, ServerEntry>();
  #born = 0;

  constructor(options: ServerSideOptions) {
    const { transport, timers, timing, counters, replies } = options;
    this.#user = options.user;
    this.#counters = counters;
    this.#replies = replies;
    this.#maxTransactions = options.maxTransactions;
    this.#scene = { transport, timers, timing, counters, replies, forget: (entry) => this.#forget(entry) };
  }

  receive(request: SipRequest, flow: Flow, now: number): void {
    if (request.method === 'ACK') this.#acknowledge(request, flow, now);
    else if (request.method === 'CANCEL') this.#cancel(request, flow, now);
    else this.#request(request, flow, now);
  }

  #request(request: SipRequest, flow: Flow, now: number): void {
    const key = serverKey(request, flow.zone, request.method);
    const known = this.#entries.get(key);
    const merge = known === undefined ? mergeKey(request) : undefined;
    if (known !== undefined) {
      this.#counters.requestRetransmissionsReceived++;
      known.requestAgain(flow, now);
    } else if (merge !== undefined && this.#merges.has(merge)) {
      this.#counters.mergedRequests++;
      this.#replies.reply(request, flow, 482);
    } else if (this.#entries.size >= this.#maxTransactions) {
      this.#counters.overloadedRequests++;
      this.#replies.reply(request, flow, 503);
    } else {
      this.#begin(request, flow, key, merge, now);
    }
  }

  #begin(request: SipRequest, flow: Flow, key: string, merge: string | undefined, now: number): void {
    const entry = new ServerEntry(
      {
        scene: this.#scene,
        id: `s${++this.#born}`,
        key: ownCopy(key),
        mergeKey: merge === undefined ? undefined : ownCopy(merge),
        request,
        flow,
      },
      now,
    );
    this.#entries.set(entry.key, entry);
    if (entry.mergeKey !== undefined) this.#merges.set(entry.mergeKey, entry);
    this.#counters.serverTransactions = this.#entries.size;
    const { handle } = entry;
    if (handle !== undefined) this.#user.request(handle, now);
  }

  #acknowledge(ack: SipRequest, flow: Flow, now: number): void {
    const entry = this.#acknowledgedBy(ack, flow);
    if (entry === undefined ? this.#replies.acknowledges(ack) : entry.acknowledged(now) === 'absorbed') {
      if (entry === undefined || !entry.answered) this.#counters.droppedAcks++;
      return;
    }
    this.#user.ack(ack, flow, now);
  }

  #acknowledgedBy(ack: SipRequest, flow: Flow): ServerEntry | undefined {
    const entry = this.#entries.get(serverKey(ack, flow.zone, 'INVITE'));
    if (!isLegacy(ack)) return entry;
    // Section 17.2.3, RFC 2543 peers: the To-tag of the ACK is the one we answered with, which the INVITE need not have had.
    const candidate = entry ?? this.#entries.get(legacyInitialKey(ack, flow.zone));
    return candidate?.responseTag === tagOf(ack.to) ? candidate : undefined;
  }

  /** A CANCEL gets no transaction: the answer to a repeated one is the same as to the first. */
  #cancel(cancel: SipRequest, flow: Flow, now: number): void {
    const entry = this.#entries.get(serverKey(cancel, flow.zone, 'INVITE'));
    // Section 9.1: it takes the way of its INVITE. The right names from another address are a forgery.
    if (entry?.isFrom(flow) === true) {
      const { handle } = entry;
      // Section 9.2: the To-tag of the responses to the INVITE, where there were any.
      this.#replies.reply(cancel, flow, 200, entry.responseTag);
      if (handle !== undefined && entry.cancelOnce()) this.#user.cancelled(handle, cancel, now);
    } else if (uncancellableMethods.some((method) => this.#entries.has(serverKey(cancel, flow.zone, method)))) {
      this.#replies.reply(cancel, flow, 200);
    } else {
      this.#counters.unmatchedCancels++;
      this.#replies.reply(cancel, flow, 481);
    }
  }

  #forget(entry: ServerEntry): void {
    this.#entries.delete(entry.key);
    if (entry.mergeKey !== undefined) this.#merges.delete(entry.mergeKey);
    this.#counters.serverTransactions = this.#entries.size;
  }
}
