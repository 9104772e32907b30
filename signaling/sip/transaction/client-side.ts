// What happens to requests that go out and to the responses that come back: each response finds its transaction by branch
// and method (RFC 3261 section 17.1.3), each dead connection the transactions that ran over it.
import type { Rng } from '../../../shared/rng.ts';
import type { Timers } from '../../../shared/timer-queue.ts';
import type { SipRequest } from '../message/request.ts';
import type { SipResponse } from '../message/response.ts';
import type { Flow } from '../transport/flow.ts';
import { ClientEntry, type ClientScene } from './client-entry.ts';
import type { TransactionCounters } from './counters.ts';
import type { TransactionLimits } from './limits.ts';
import { type Outgoing, outgoing, RefusedStreams, redirected } from './size-rule.ts';
import type { Timing } from './timing.ts';
import type { ClientObserver, ClientTransaction, TransactionTransport, TransactionUser } from './transaction.ts';
import { clientKey, freshBranch } from './transaction-key.ts';

export interface ClientSideOptions {
  readonly transport: TransactionTransport;
  readonly user: TransactionUser;
  readonly timers: Timers;
  readonly timing: Timing;
  readonly rng: Rng;
  readonly counters: TransactionCounters;
  readonly limits: TransactionLimits;
  /** The latest time the layer was told. */
  now(): number;
}

export class ClientSide {
  readonly #transport: TransactionTransport;
  readonly #user: TransactionUser;
  readonly #rng: Rng;
  readonly #counters: TransactionCounters;
  readonly #now: () => number;
  readonly #refused: RefusedStreams;
  readonly #scene: ClientScene;
  readonly #entries = new Map<string, ClientEntry>();
  /** Connection id -> the transactions over it. */
  readonly #byConnection = new Map<number, Set<ClientEntry>>();
  readonly #ackBranches = new WeakMap<SipRequest, string>();

  constructor(options: ClientSideOptions) {
    const { transport, user, timers, timing, rng, counters, limits } = options;
    this.#transport = transport;
    this.#user = user;
    this.#rng = rng;
    this.#counters = counters;
    this.#now = () => options.now();
    this.#refused = new RefusedStreams(limits.maxRefusedStreams, limits.refusedStreamMs);
    this.#scene = {
      transport,
      timers,
      timing,
      counters,
      now: this.#now,
      left: (entry, flow) => this.#unindex(entry, flow.connection),
      refused: (flow, now) => this.#refused.add(flow, now),
      sendCancel: (cancel, branch, now) => this.#launch(cancel, branch, undefined, undefined, now),
      stray: (response, flow, now) => user.strayResponse(response, flow, now),
      forget: (entry) => this.#forget(entry),
    };
  }

  send(request: SipRequest, flow: Flow, observer: ClientObserver, now: number): ClientTransaction {
    const branch = freshBranch(this.#rng);
    const out = outgoing(request, flow, branch, (datagram) => this.#streamFor(datagram));
    const fallback = out.flow === flow ? undefined : flow;
    return this.#launch(out, branch, fallback, observer, now);
  }

  sendAck(request: SipRequest, flow: Flow): void {
    // Section 13.2.2.4: for a 2xx that came again it is the same ACK. Peers that compare would take another one as unexpected.
    const branch = this.#ackBranches.get(request) ?? freshBranch(this.#rng);
    this.#ackBranches.set(request, branch);
    const out = outgoing(request, flow, branch, (datagram) => this.#streamFor(datagram));
    if (this.#transport.send(out.flow, out.bytes) === 'sent') return;
    this.#counters.transportFailures++;
    if (out.flow === flow) return;
    // Without a transaction only a refusal at once can be seen; a later one is noticed when the 2xx comes again.
    this.#counters.datagramFallbacks++;
    this.#refused.add(flow, this.#now());
    this.#transport.send(flow, redirected(out.request, flow, branch).bytes);
  }

  receive(response: SipResponse, flow: Flow, now: number): void {
    const { method } = response.cseq;
    const entry = this.#entries.get(clientKey(response.topVia.params.get('branch') ?? '', method));
    if (entry !== undefined) entry.received(response, flow, now);
    // A late 2xx of a call given up still makes a dialog on the far side, which the user must end.
    else if (method === 'INVITE' && response.status >= 200 && response.status < 300) this.#user.strayResponse(response, flow, now);
    else this.#counters.unmatchedResponses++;
  }

  flowFailed(flow: Flow, now: number): void {
    for (const entry of this.#byConnection.get(flow.connection) ?? []) entry.transportFailed(now);
  }

  #launch(out: Outgoing, branch: string, fallback: Flow | undefined, observer: ClientObserver | undefined, now: number): ClientTransaction {
    const entry = new ClientEntry({ scene: this.#scene, out, branch, fallback, observer });
    this.#entries.set(entry.key, entry);
    this.#index(entry);
    this.#counters.clientTransactions = this.#entries.size;
    return entry.start(out.bytes, now);
  }

  #streamFor(datagram: Flow): Flow | undefined {
    if (this.#refused.has(datagram, this.#now())) return undefined;
    const stream = this.#transport.streamSibling(datagram);
    if (stream !== undefined) this.#counters.streamUpgrades++;
    return stream;
  }

  #forget(entry: ClientEntry): void {
    this.#entries.delete(entry.key);
    this.#unindex(entry, entry.flow.connection);
    this.#counters.clientTransactions = this.#entries.size;
  }

  #index(entry: ClientEntry): void {
    const { connection } = entry.flow;
    if (connection === 0) return;
    const peers = this.#byConnection.get(connection);
    if (peers === undefined) this.#byConnection.set(connection, new Set([entry]));
    else peers.add(entry);
  }

  #unindex(entry: ClientEntry, connection: number): void {
    const peers = this.#byConnection.get(connection);
    if (peers?.delete(entry) && peers.size === 0) this.#byConnection.delete(connection);
  }
}
