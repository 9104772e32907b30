// Final answers that leave nothing behind (RFC 3261 section 8.2.7): the layer's own 481, 482, 503 and whatever the user
// dismisses. Their To-tags are recognised later, so the ACKs they cause are dropped without a transaction.
import type { Rng } from '../../../shared/rng.ts';
import { tagOf } from '../message/name-addr.ts';
import { encodeMessage } from '../message/parse-message.ts';
import { replyTo } from '../message/reply.ts';
import type { SipRequest } from '../message/request.ts';
import type { SipResponse } from '../message/response.ts';
import type { Flow } from '../transport/flow.ts';
import type { TransactionCounters } from './counters.ts';
import type { TransactionTransport } from './transaction.ts';

export interface StatelessRepliesOptions {
  readonly transport: TransactionTransport;
  readonly rng: Rng;
  readonly counters: TransactionCounters;
}

export class StatelessReplies {
  readonly #transport: TransactionTransport;
  readonly #counters: TransactionCounters;
  /** Random, so that no dialog of a peer has tags like these. */
  readonly #prefix: string;

  constructor(options: StatelessRepliesOptions) {
    this.#transport = options.transport;
    this.#counters = options.counters;
    this.#prefix = options.rng.token(10);
  }

  /** `toTag`: the tag other responses to the same call carried, when there is one. */
  reply(request: SipRequest, flow: Flow, status: number, toTag?: string): void {
    this.send(request, flow, replyTo(request, status), toTag);
  }

  /** Sends `response`, with a To-tag put on if it has none. */
  send(request: SipRequest, flow: Flow, response: SipResponse, toTag = this.tagFor(request)): void {
    const to = response.headers.get('to') ?? '';
    if (tagOf(request.to) === undefined && tagOf(response.to) === undefined) response.headers.set('to', `${to};tag=${toTag}`);
    const result = this.#transport.send(this.#transport.reply(request, flow), encodeMessage(response));
    if (result !== 'sent') this.#counters.transportFailures++;
  }

  /** Section 8.2.7: the same tag for the same request each time it comes. */
  tagFor(request: SipRequest): string {
    const text = `${request.callId} ${request.headers.get('from') ?? ''} ${request.cseq.sequence}`;
    // FNV-1a: telling requests apart is enough, the prefix is the part nobody can guess.
    let hash = 0x811c9dc5;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    return this.#prefix + (hash >>> 0).toString(36);
  }

  /** Whether `ack` acknowledges one of these answers. */
  acknowledges(ack: SipRequest): boolean {
    return tagOf(ack.to)?.startsWith(this.#prefix) ?? false;
  }
}
