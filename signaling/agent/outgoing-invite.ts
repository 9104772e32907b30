// An INVITE or re-INVITE of ours (RFC 3261 section 13.2): early dialogs, PRACK for reliable provisional responses (RFC
// 3262), ACK for every 2xx, BYE for the 2xx of a branch that lost.

import { tagOf } from '../sip/message/name-addr.ts';
import { parseRSeq } from '../sip/message/rack.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { ClientFailure, ClientObserver, ClientTransaction } from '../sip/transaction/transaction.ts';
import type { Flow } from '../sip/transport/flow.ts';
import type { AgentMedia } from './agent-media.ts';
import { type CallHost, setBody } from './call-host.ts';
import { dress } from './look.ts';
import { callerDialog, contactUri, dialogRequest, nextHop, type UaDialog } from './ua-dialog.ts';

export type InviteOutcome =
  | { readonly kind: 'accepted'; readonly response: SipResponse; readonly dialog: UaDialog; readonly at: number }
  | { readonly kind: 'refused'; readonly response: SipResponse }
  | { readonly kind: 'failed'; readonly cause: ClientFailure };

export interface Progress {
  readonly status: number;
  readonly response: SipResponse;
  readonly at: number;
  /** It carried SDP. */
  readonly earlyMedia: boolean;
}

/** A fork could open any number of early dialogs. */
const maxEarlyDialogs = 32;
const maxProgress = 100;

export class OutgoingInvite implements ClientObserver {
  readonly request: SipRequest;
  readonly outcome: Promise<InviteOutcome>;
  readonly progress: Progress[] = [];
  readonly #host: CallHost;
  readonly #media: AgentMedia;
  readonly #flow: Flow;
  readonly #early = new Map<string, UaDialog>();
  readonly #reliable = new Map<string, number>();
  readonly #listeners = new Set<(progress: Progress) => void>();
  readonly #settle: (outcome: InviteOutcome) => void;
  /** The dialog of a re-INVITE; later the one that won. */
  #dialog: UaDialog | undefined;
  #ack: SipRequest | undefined;
  #transaction: ClientTransaction | undefined;
  #heard = false;

  constructor(options: { host: CallHost; media: AgentMedia; request: SipRequest; flow: Flow; dialog?: UaDialog }) {
    this.#host = options.host;
    this.#media = options.media;
    this.#flow = options.flow;
    this.#dialog = options.dialog;
    this.request = options.request;
    const { promise, resolve } = Promise.withResolvers<InviteOutcome>();
    this.outcome = promise;
    this.#settle = resolve;
  }

  /** Sends the INVITE; `hop` is the URI of the next hop. */
  start(hop: string): void {
    this.#transaction = this.#host.send(this.request, this.#flow, hop, this);
  }

  /** Some response came, be it 100. */
  get heard(): boolean {
    return this.#heard;
  }

  /** Every 1xx but 100, past ones included. */
  onProgress(listener: (progress: Progress) => void): void {
    for (const progress of this.progress) listener(progress);
    this.#listeners.add(listener);
  }

  cancel(reason?: string): void {
    this.#transaction?.cancel(this.#host.now(), reason);
  }

  /** The early dialogs, for requests before the answer. */
  get early(): readonly UaDialog[] {
    return [...this.#early.values()];
  }

  response(response: SipResponse, _transaction: ClientTransaction, now: number): void {
    this.#heard = true;
    if (response.status === 100) return;
    if (response.status < 200) this.#provisional(response, now);
    else if (response.status < 300) this.accepted(response, now);
    else this.#settle({ kind: 'refused', response });
  }

  failed(cause: ClientFailure): void {
    this.#settle({ kind: 'failed', cause });
  }

  /** A 2xx, the first one or a repeated one or that of another branch. */
  accepted(response: SipResponse, now: number): void {
    const tag = tagOf(response.to) ?? '';
    if (this.#ack !== undefined && this.#dialog?.remoteTag === tag) this.#sendAck(this.#ack, this.#dialog);
    else if (this.#ack !== undefined) this.#dismiss(response);
    else this.#win(response, now);
  }

  #win(response: SipResponse, now: number): void {
    const dialog = this.#dialog ?? this.#early.get(tagOf(response.to) ?? '') ?? callerDialog(this.request, response);
    // RFC 3261 section 13.2.2.4: the 2xx settles the route set of a new dialog.
    if (this.#dialog === undefined) dialog.routeSet = response.headers.list('record-route').reverse();
    dialog.remoteTarget = contactUri(response) ?? dialog.remoteTarget;
    this.#dialog = dialog;
    const ack = dialogRequest(dialog, 'ACK', this.request.cseq.sequence);
    const answer = this.#negotiate(response);
    if (answer !== undefined) setBody(ack, answer);
    this.#ack = ack;
    this.#sendAck(ack, dialog);
    this.#settle({ kind: 'accepted', response, dialog, at: now });
  }

  #provisional(response: SipResponse, now: number): void {
    const tag = tagOf(response.to);
    const dialog = tag === undefined ? undefined : (this.#dialog ?? this.#early.get(tag) ?? callerDialog(this.request, response));
    if (tag !== undefined && dialog !== undefined) {
      if (this.#dialog === undefined && this.#early.size < maxEarlyDialogs) this.#early.set(tag, dialog);
      const reliable = response.headers.list('require').includes('100rel');
      const rseq = reliable ? parseRSeq(response.headers.get('rseq') ?? '') : undefined;
      if (rseq === undefined) this.#negotiate(response);
      else if (!this.#prack(response, dialog, rseq)) return;
    }
    const progress = { status: response.status, response, at: now, earlyMedia: response.body.length > 0 };
    if (this.progress.length < maxProgress) this.progress.push(progress);
    for (const listener of this.#listeners) listener(progress);
  }

  /** RFC 3262 section 4: repeated and out-of-order ones are not acknowledged; false for them. */
  #prack(response: SipResponse, dialog: UaDialog, rseq: number): boolean {
    const last = this.#reliable.get(dialog.remoteTag);
    if (last !== undefined && rseq !== last + 1) return false;
    this.#reliable.set(dialog.remoteTag, rseq);
    const prack = dialogRequest(dialog, 'PRACK');
    prack.headers.append('rack', `${rseq} ${this.request.cseq.sequence} INVITE`);
    const answer = this.#negotiate(response);
    if (answer !== undefined) setBody(prack, answer);
    dress(prack, this.#host.look);
    this.#host.send(prack, this.#flow, nextHop(dialog), { response() {}, failed() {} });
    return true;
  }

  /** Takes the SDP of a response: the answer to our offer, or an offer that wants the returned answer. */
  #negotiate(response: SipResponse): Buffer | undefined {
    if (response.body.length === 0) return undefined;
    if (this.request.body.length === 0) return this.#media.answer(response.body);
    this.#media.accept(response.body);
    return undefined;
  }

  #sendAck(ack: SipRequest, dialog: UaDialog): void {
    dress(ack, this.#host.look);
    this.#host.sendAck(ack, this.#flow, nextHop(dialog));
  }

  /** RFC 3261 section 13.2.2.4: further branches that answer get ACK and BYE. */
  #dismiss(response: SipResponse): void {
    const dialog = callerDialog(this.request, response);
    this.#sendAck(dialogRequest(dialog, 'ACK', this.request.cseq.sequence), dialog);
    const bye = dialogRequest(dialog, 'BYE');
    dress(bye, this.#host.look);
    this.#host.send(bye, this.#flow, nextHop(dialog), { response() {}, failed() {} });
  }
}
