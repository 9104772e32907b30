// One server transaction: the machine's owner, which is what lingers, and the handle the user holds. The handle alone
// knows the request; once a final response is sent the entry lets go of it, so that what lingers stays below 2 KB.
import { invariant } from '../../../shared/assert.ts';
import type { Timers } from '../../../shared/timer-queue.ts';
import { tagOf } from '../message/name-addr.ts';
import { encodeMessage } from '../message/parse-message.ts';
import { replyTo } from '../message/reply.ts';
import type { SipRequest } from '../message/request.ts';
import type { SipResponse } from '../message/response.ts';
import { type Flow, isReliable } from '../transport/flow.ts';
import type { TransactionCounters } from './counters.ts';
import { InviteServer } from './invite-server.ts';
import type { ServerHost, ServerMachine } from './machine.ts';
import { NonInviteServer } from './non-invite-server.ts';
import { ownCopy } from './own-copy.ts';
import type { StatelessReplies } from './stateless-reply.ts';
import type { Timing } from './timing.ts';
import type { SendResult, ServerTransaction, TransactionTransport } from './transaction.ts';

/** What all server transactions of a layer share. */
export interface ServerScene {
  readonly transport: TransactionTransport;
  readonly timers: Timers;
  readonly timing: Timing;
  readonly counters: TransactionCounters;
  readonly replies: StatelessReplies;
  forget(entry: ServerEntry): void;
}

export interface ServerEntryOptions {
  readonly scene: ServerScene;
  readonly id: string;
  readonly key: string;
  readonly mergeKey: string | undefined;
  readonly request: SipRequest;
  readonly flow: Flow;
}

export class ServerEntry implements ServerHost {
  readonly key: string;
  readonly mergeKey: string | undefined;
  readonly reliable: boolean;
  readonly #scene: ServerScene;
  readonly #machine: ServerMachine;
  #flow: Flow;
  #replyFlow: Flow | undefined;
  #handle: ServerHandle | undefined;
  #responseTag: string | undefined;
  #answered = false;
  #cancelled = false;

  constructor(options: ServerEntryOptions, now: number) {
    this.#scene = options.scene;
    this.key = options.key;
    this.mergeKey = options.mergeKey;
    this.#flow = options.flow;
    this.reliable = isReliable(options.flow.protocol);
    this.#machine = options.request.method === 'INVITE' ? new InviteServer(this) : new NonInviteServer(this, now);
    this.#handle = new ServerHandle(options.id, options.request, options.flow, this);
  }

  get timers(): Timers {
    return this.#scene.timers;
  }

  get timing(): Timing {
    return this.#scene.timing;
  }

  get answered(): boolean {
    return this.#answered;
  }

  /** What the user is shown; gone once a final response is sent. */
  get handle(): ServerTransaction | undefined {
    return this.#handle;
  }

  /** The To-tag of what was sent so far to an INVITE. */
  get responseTag(): string | undefined {
    return this.#responseTag;
  }

  respond(request: SipRequest, response: SipResponse, now: number): void {
    const { status } = response;
    const admission = this.#machine.admit(status, now);
    if (admission !== 'send') {
      this.#scene.counters.ignoredResponds++;
      if (admission === 'withhold') this.#settle();
      return;
    }
    this.#replyFlow = this.#scene.transport.reply(request, this.#flow);
    const bytes = encodeMessage(response);
    this.#counted(this.#scene.transport.send(this.#replyFlow, bytes));
    if (request.method === 'INVITE' && this.#responseTag === undefined) {
      const tag = tagOf(response.to);
      if (tag !== undefined) this.#responseTag = ownCopy(tag);
    }
    if (status >= 200) this.#settle();
    this.#machine.responded(status, bytes, now);
  }

  dismiss(request: SipRequest, response: SipResponse, now: number): void {
    if (this.#answered || this.#machine.done) {
      this.#scene.counters.ignoredResponds++;
      return;
    }
    this.#settle();
    this.#machine.terminate(now);
    this.#scene.replies.send(request, this.#flow, response);
  }

  requestAgain(flow: Flow, now: number): void {
    // A client repeats itself over a stream only when it had to open a new one: that is where it listens now. A stranger does not.
    if (this.reliable && this.isFrom(flow)) {
      this.#flow = flow;
      this.#replyFlow = flow;
    }
    this.#machine.requestAgain(now);
  }

  /** An ACK matched; only INVITE transactions are ever asked. */
  acknowledged(now: number): 'absorbed' | 'user' {
    invariant(this.#machine instanceof InviteServer, `ACK matched a transaction that is not INVITE: ${this.key}`);
    return this.#machine.acknowledged(now);
  }

  /** Whether `flow` comes from the address that the request came from. */
  isFrom(flow: Flow): boolean {
    return flow.address === this.#flow.address;
  }

  /** True for the first CANCEL that finds the INVITE pending. */
  cancelOnce(): boolean {
    if (this.#answered || this.#cancelled) return false;
    this.#cancelled = true;
    return true;
  }

  retransmit(response: string): void {
    this.#scene.counters.responseRetransmissionsSent++;
    this.#counted(this.#scene.transport.send(this.#replyFlow ?? this.#flow, Buffer.from(response, 'latin1')));
  }

  trying(now: number): void {
    const handle = this.#handle;
    if (handle !== undefined) this.respond(handle.request, replyTo(handle.request, 100), now);
  }

  missingAck(): void {
    this.#scene.counters.missingAcks++;
  }

  ended(): void {
    this.#handle = undefined;
    this.#scene.forget(this);
  }

  #settle(): void {
    this.#answered = true;
    this.#handle = undefined;
  }

  #counted(result: SendResult): void {
    if (result !== 'sent') this.#scene.counters.transportFailures++;
  }
}

class ServerHandle implements ServerTransaction {
  readonly id: string;
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly #entry: ServerEntry;

  constructor(id: string, request: SipRequest, flow: Flow, entry: ServerEntry) {
    this.id = id;
    this.request = request;
    this.flow = flow;
    this.#entry = entry;
  }

  get answered(): boolean {
    return this.#entry.answered;
  }

  respond(response: SipResponse, now: number): void {
    this.#entry.respond(this.request, response, now);
  }

  dismiss(response: SipResponse, now: number): void {
    this.#entry.dismiss(this.request, response, now);
  }
}
