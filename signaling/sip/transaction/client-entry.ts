// One client transaction: the machine's owner, which is what lingers, and the handle the user holds. Knows the way the
// request goes out and its way back to UDP (RFC 3261 section 18.1.1); failures of the transport are reported in a later tick.
import { invariant } from '../../../shared/assert.ts';
import type { Timer, Timers } from '../../../shared/timer-queue.ts';
import { encodeMessage } from '../message/parse-message.ts';
import type { SipRequest } from '../message/request.ts';
import type { SipResponse } from '../message/response.ts';
import { type Flow, isReliable } from '../transport/flow.ts';
import { ackFor } from './ack.ts';
import { cancelFor } from './cancel.ts';
import type { TransactionCounters } from './counters.ts';
import { InviteClient } from './invite-client.ts';
import { type ClientHost, type ClientMachine, keepBytes } from './machine.ts';
import { NonInviteClient } from './non-invite-client.ts';
import { ownCopy } from './own-copy.ts';
import { type Outgoing, redirected } from './size-rule.ts';
import type { Timing } from './timing.ts';
import type { ClientFailure, ClientObserver, ClientTransaction, TransactionTransport } from './transaction.ts';
import { clientKey } from './transaction-key.ts';

/** What all client transactions of a layer share. */
export interface ClientScene {
  readonly transport: TransactionTransport;
  readonly timers: Timers;
  readonly timing: Timing;
  readonly counters: TransactionCounters;
  /** The latest time the layer was told. */
  now(): number;
  /** The entry left this stream for UDP. */
  left(entry: ClientEntry, stream: Flow): void;
  /** The stream to the peer of this UDP flow was no way. */
  refused(flow: Flow, now: number): void;
  /** Sends a CANCEL in a transaction of its own, with the INVITE's branch. */
  sendCancel(cancel: Outgoing, branch: string, now: number): void;
  /** A 2xx to an INVITE that nobody listens to. */
  stray(response: SipResponse, flow: Flow, now: number): void;
  forget(entry: ClientEntry): void;
}

export interface ClientEntryOptions {
  readonly scene: ClientScene;
  readonly out: Outgoing;
  readonly branch: string;
  /** The UDP flow to go back to when the stream in `out` is refused. */
  readonly fallback: Flow | undefined;
  /** None for a CANCEL: its INVITE tells how it went. */
  readonly observer: ClientObserver | undefined;
}

export class ClientEntry implements ClientHost {
  readonly key: string;
  readonly #scene: ClientScene;
  readonly #machine: ClientMachine;
  /** Holds the request; undefined once no callback can come any more. */
  #handle: ClientHandle | undefined;
  #flow: Flow;
  #fallback: Flow | undefined;
  #ack: string | undefined;
  #failure: Timer | undefined;

  constructor(options: ClientEntryOptions) {
    const { request, flow } = options.out;
    this.key = ownCopy(clientKey(options.branch, request.method));
    this.#scene = options.scene;
    this.#flow = flow;
    this.#fallback = options.fallback;
    this.#machine = request.method === 'INVITE' ? new InviteClient(this) : new NonInviteClient(this);
    this.#handle = new ClientHandle(options, this);
  }

  get timers(): Timers {
    return this.#scene.timers;
  }

  get timing(): Timing {
    return this.#scene.timing;
  }

  get flow(): Flow {
    return this.#flow;
  }

  start(bytes: Uint8Array, now: number): ClientTransaction {
    const handle = this.#handle;
    invariant(handle !== undefined, `Cannot start transaction ${this.key}: it has ended`);
    this.#machine.start(bytes, isReliable(this.#flow.protocol), now);
    return handle;
  }

  received(response: SipResponse, flow: Flow, now: number): void {
    const action = this.#machine.received(response.status, now);
    if (action === 'acknowledge' || action === 'acknowledge-and-deliver') this.#acknowledge(response, now);
    if (action === 'deliver' || action === 'acknowledge-and-deliver') this.#deliver(response, flow, now);
  }

  /** The connection died, or a send on it failed. The reaction comes in the next tick, never inside a call of the user. */
  transportFailed(now: number): void {
    this.#failure ??= this.#scene.timers.schedule(now, (at) => this.#reactToFailure(at));
  }

  cancel(now: number): void {
    this.#machine.cancel(now);
  }

  abandon(): void {
    this.#machine.abandon(this.#scene.now());
  }

  transmit(bytes: Uint8Array, attempt: 'first' | 'again', now: number): void {
    if (attempt === 'again') this.#scene.counters.requestRetransmissionsSent++;
    const result = this.#scene.transport.send(this.#flow, bytes);
    if (result === 'sent') return;
    this.#scene.counters.transportFailures++;
    // A full queue costs a retransmission no more than a lost datagram would: the next one is already timed.
    if (attempt === 'first' || result === 'gone') this.transportFailed(now);
  }

  sendCancel(now: number): void {
    const handle = this.#handle;
    if (handle === undefined) return;
    const request = cancelFor(handle.request, handle.cancelReason);
    this.#scene.sendCancel({ request, flow: this.#flow, bytes: encodeMessage(request) }, handle.branch, now);
  }

  failed(cause: ClientFailure, now: number): void {
    const handle = this.#handle;
    if (cause === 'timeout') this.#scene.counters.clientTimeouts++;
    // A stream that swallowed the request (a SYN dropped on the way) is not tried again at once.
    if (this.#fallback !== undefined) this.#scene.refused(this.#fallback, now);
    if (handle !== undefined) handle.observer?.failed(cause, handle, now);
  }

  ended(): void {
    this.#scene.timers.cancel(this.#failure);
    this.#scene.forget(this);
  }

  #acknowledge(response: SipResponse, now: number): void {
    const handle = this.#handle;
    if (this.#ack === undefined && handle !== undefined) this.#ack = keepBytes(encodeMessage(ackFor(handle.request, response)));
    if (this.#ack === undefined || this.#scene.transport.send(this.#flow, Buffer.from(this.#ack, 'latin1')) === 'sent') return;
    this.#scene.counters.transportFailures++;
    this.transportFailed(now);
  }

  #deliver(response: SipResponse, flow: Flow, now: number): void {
    const handle = this.#handle;
    if (handle === undefined) return;
    this.#fallback = undefined;
    const accepts = response.status >= 200 && response.status < 300 && handle.request.method === 'INVITE';
    // After any other final response nothing more is delivered, so the request need not linger.
    if (response.status >= 200 && !accepts) this.#handle = undefined;
    if (handle.observer !== undefined) handle.observer.response(response, handle, now);
    else if (accepts) this.#scene.stray(response, flow, now);
  }

  #reactToFailure(now: number): void {
    this.#failure = undefined;
    const handle = this.#handle;
    if (this.#fallback === undefined || handle === undefined || !this.#machine.untouched) this.#machine.transportFailed(now);
    else this.#fallBack(handle, this.#fallback, now);
  }

  /** Section 18.1.1: the peer refused the stream, so the big request goes over UDP after all, with the same branch. */
  #fallBack(handle: ClientHandle, datagram: Flow, now: number): void {
    this.#scene.refused(datagram, now);
    this.#scene.counters.datagramFallbacks++;
    const out = redirected(handle.request, datagram, handle.branch);
    handle.request = out.request;
    const stream = this.#flow;
    this.#flow = datagram;
    this.#fallback = undefined;
    this.#scene.left(this, stream);
    this.#machine.start(out.bytes, false, now);
  }
}

class ClientHandle implements ClientTransaction {
  request: SipRequest;
  readonly branch: string;
  observer: ClientObserver | undefined;
  cancelReason: string | undefined;
  readonly #entry: ClientEntry;

  constructor(options: ClientEntryOptions, entry: ClientEntry) {
    this.request = options.out.request;
    this.branch = options.branch;
    this.observer = options.observer;
    this.#entry = entry;
  }

  get flow(): Flow {
    return this.#entry.flow;
  }

  cancel(now: number, reason?: string): void {
    this.cancelReason ??= reason;
    this.#entry.cancel(now);
  }

  abandon(): void {
    this.observer = undefined;
    this.#entry.abandon();
  }
}
