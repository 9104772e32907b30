// An INVITE or re-INVITE that came to us (RFC 3261 section 13.3): provisional responses, reliable ones too (RFC 3262), the
// final one, its repetition until the ACK, and the answer to an offer or the offer itself when the INVITE brought none.
import { parseRAck } from '../sip/message/rack.ts';
import { replyTo } from '../sip/message/reply.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { ServerTransaction } from '../sip/transaction/transaction.ts';
import type { AgentMedia } from './agent-media.ts';
import { type CallHost, Repeater, setBody } from './call-host.ts';
import { dress } from './look.ts';
import { agreedTimer, type SessionTimer, writeTimer } from './session-timer.ts';
import { contactUri, type UaDialog } from './ua-dialog.ts';

/** How the handshake ended: `acknowledged` = the call stands; `no-answer` = the ACK lacked the answer to our offer. */
export type InviteEnd = 'acknowledged' | 'no-answer' | 'refused' | 'cancelled' | 'timeout';

export interface Reply {
  /** Carries SDP. */
  readonly sdp?: 'with' | 'without';
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly reason?: string;
}

const t2Ms = 4000;

export class IncomingInvite {
  readonly request: SipRequest;
  readonly done: Promise<InviteEnd>;
  readonly timer: SessionTimer | undefined;
  readonly #host: CallHost;
  readonly #media: AgentMedia;
  readonly #dialog: UaDialog;
  readonly #transaction: ServerTransaction;
  readonly #user: string;
  readonly #repeater: Repeater;
  readonly #settle: (end: InviteEnd) => void;
  #sdp: Buffer | undefined;
  /** We made the offer and wait for the answer. */
  #owed = false;
  #rseq: number;
  #unacknowledged: { rseq: number; taken: () => void } | undefined;

  constructor(options: { host: CallHost; media: AgentMedia; dialog: UaDialog; transaction: ServerTransaction; user: string }) {
    this.#host = options.host;
    this.#media = options.media;
    this.#dialog = options.dialog;
    this.#transaction = options.transaction;
    this.#user = options.user;
    this.request = options.transaction.request;
    this.timer = agreedTimer(this.request);
    this.#repeater = new Repeater(options.host);
    this.#rseq = 1 + options.host.rng.int(2 ** 31 - 1000);
    const { promise, resolve } = Promise.withResolvers<InviteEnd>();
    this.done = promise;
    this.#settle = resolve;
  }

  /** The INVITE came without SDP: the offer is ours to make. */
  get lateOffer(): boolean {
    return this.request.body.length === 0;
  }

  get open(): boolean {
    return !this.#transaction.answered;
  }

  /** Whether the caller can take reliable provisional responses. */
  get takesReliable(): boolean {
    const { headers } = this.request;
    return [...headers.list('supported'), ...headers.list('require')].some((option) => option.toLowerCase() === '100rel');
  }

  /** 1xx; false when the SDP could not be made, which has then refused the call. */
  provisional(status: number, reply: Reply = {}): boolean {
    const response = this.#response(status, reply);
    if (response !== undefined) this.#respond(response);
    return response !== undefined;
  }

  /** 1xx with Require: 100rel, repeated until its PRACK; resolves then. */
  async reliable(status: number, reply: Reply = {}): Promise<void> {
    const response = this.#response(status, reply);
    if (response === undefined) return;
    const rseq = this.#rseq++;
    response.headers.set('require', '100rel');
    response.headers.set('rseq', String(rseq));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#unacknowledged = { rseq, taken: resolve };
    // RFC 3262 section 3: doubled without a ceiling; no PRACK within 64*T1 refuses the INVITE.
    const giveUp = (): void => this.refuse(504);
    this.#repeater.start(() => this.#respond(response), Number.POSITIVE_INFINITY, giveUp);
    return promise;
  }

  /** 200; repeated until the ACK (RFC 3261 section 13.3.1.4). Refuses with 488 when there is nothing to agree on. */
  accept(reply: Reply = {}): boolean {
    const response = this.#response(200, { ...reply, sdp: 'with' });
    if (response === undefined) return false;
    this.#repeater.start(
      () => this.#respond(response),
      t2Ms,
      () => this.#settle('timeout'),
    );
    return true;
  }

  refuse(status: number, reply: Reply = {}): void {
    this.#repeater.stop();
    const response = this.#response(status, { ...reply, sdp: 'without' });
    if (response !== undefined) this.#respond(response);
    this.#settle(status === 487 ? 'cancelled' : 'refused');
  }

  /** The PRACK for our open reliable response gets 200, any other 481 (RFC 3262 section 3). */
  prack(transaction: ServerTransaction): void {
    const { request } = transaction;
    const rack = parseRAck(request.headers.get('rack') ?? '');
    const waiting = this.#unacknowledged;
    const fits = rack !== undefined && rack.rseq === waiting?.rseq && rack.cseq.sequence === this.request.cseq.sequence;
    const response = replyTo(request, fits ? 200 : 481);
    if (fits) {
      this.#repeater.stop();
      this.#unacknowledged = undefined;
      if (request.body.length > 0) this.#prackBody(request, response);
    }
    dress(response, this.#host.look);
    transaction.respond(response, this.#host.now());
    if (fits) waiting?.taken();
  }

  acknowledged(ack: SipRequest): void {
    this.#repeater.stop();
    const answered = !this.#owed || (ack.body.length > 0 && this.#media.accept(ack.body));
    this.#settle(answered ? 'acknowledged' : 'no-answer');
  }

  /** Ends all waiting without a word. */
  close(): void {
    this.#repeater.stop();
    this.#settle('timeout');
  }

  #prackBody(request: SipRequest, response: SipResponse): void {
    if (this.#owed) this.#owed = !this.#media.accept(request.body);
    else {
      const answer = this.#media.answer(request.body);
      if (answer !== undefined) setBody(response, answer);
    }
  }

  #response(status: number, reply: Reply): SipResponse | undefined {
    const response = replyTo(this.request, status, reply.reason);
    if (!this.request.to.params.has('tag')) response.headers.set('to', `${this.#dialog.local};tag=${this.#dialog.localTag}`);
    for (const route of this.request.headers.getAll('record-route')) response.headers.append('record-route', route);
    if (status >= 200 && status < 300 && this.timer !== undefined) writeTimer(response, this.timer);
    if (status < 300) response.headers.append('contact', this.#host.contact(this.#transaction.flow, this.#user));
    for (const [name, value] of reply.headers ?? []) response.headers.append(name, value);
    if (reply.sdp === 'with') {
      const sdp = this.#sdpOnce();
      if (sdp === undefined) {
        this.refuse(488);
        return undefined;
      }
      setBody(response, sdp);
      response.headers.set('content-disposition', 'session');
    }
    dress(response, this.#host.look);
    return response;
  }

  /** The same SDP in every response: it is one answer, or one offer. */
  #sdpOnce(): Buffer | undefined {
    if (this.#sdp === undefined) {
      this.#owed = this.lateOffer;
      this.#sdp = this.lateOffer ? this.#media.offer('sendrecv') : this.#media.answer(this.request.body);
    }
    return this.#sdp;
  }

  #respond(response: SipResponse): void {
    this.#transaction.respond(response, this.#host.now());
    if (response.status < 300) this.#dialog.remoteTarget = contactUri(this.request) ?? this.#dialog.remoteTarget;
  }
}
