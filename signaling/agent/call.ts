// One call of a user agent, placed or taken: its dialog, its media, requests within it in both directions, and its end. The
// INVITE handshakes are incoming-invite.ts and outgoing-invite.ts.
import type { Timer } from '../../shared/timer-queue.ts';
import { replyTo } from '../sip/message/reply.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { ServerTransaction } from '../sip/transaction/transaction.ts';
import type { Flow } from '../sip/transport/flow.ts';
import type { AgentMedia } from './agent-media.ts';
import type { Direction } from './agent-sdp.ts';
import { type CallHost, setBody } from './call-host.ts';
import { IncomingInvite } from './incoming-invite.ts';
import { dress } from './look.ts';
import { type InviteOutcome, OutgoingInvite } from './outgoing-invite.ts';
import { contactUri, dialogRequest, nextHop, type UaDialog } from './ua-dialog.ts';

export type CallEnd =
  | { readonly kind: 'bye'; readonly by: 'near' | 'far'; readonly reason: string }
  | { readonly kind: 'refused'; readonly by: 'near' | 'far'; readonly status: number; readonly reason: string }
  | { readonly kind: 'cancelled'; readonly by: 'near' | 'far' }
  | { readonly kind: 'failed'; readonly cause: string };

export interface RequestContent {
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array;
  readonly contentType?: string;
}

export interface CallOptions {
  readonly host: CallHost;
  readonly media: AgentMedia;
  readonly flow: Flow;
  /** User part of our Contact. */
  readonly user: string;
  /** The tag that names the call among those of the agent. */
  readonly localTag: string;
  /** Statuses other than 200 for requests within the call, by method. */
  readonly answers: ReadonlyMap<string, number>;
}

/** What a test may look back on. */
const maxRecorded = 200;

export class Call {
  readonly media: AgentMedia;
  readonly localTag: string;
  readonly ended: Promise<CallEnd>;
  /** Requests that came within the call, oldest first; ACK and CANCEL too. */
  readonly requests: SipRequest[] = [];
  readonly #options: CallOptions;
  readonly #host: CallHost;
  readonly #settle: (end: CallEnd) => void;
  readonly #listeners = new Set<() => void>();
  #flow: Flow;
  #dialog: UaDialog | undefined;
  #incoming: IncomingInvite | undefined;
  #outgoing: OutgoingInvite | undefined;
  #state: 'early' | 'confirmed' | 'ended' = 'early';
  #unwanted = false;
  #refresh: Timer | undefined;

  constructor(options: CallOptions) {
    this.#options = options;
    this.#host = options.host;
    this.#flow = options.flow;
    this.media = options.media;
    this.localTag = options.localTag;
    const { promise, resolve } = Promise.withResolvers<CallEnd>();
    this.ended = promise;
    this.#settle = resolve;
  }

  get state(): 'early' | 'confirmed' | 'ended' {
    return this.#state;
  }

  get dialog(): UaDialog | undefined {
    return this.#dialog;
  }

  get flow(): Flow {
    return this.#flow;
  }

  /** Runs `listener` after each request that came and each change of state. */
  observe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes the INVITE that opened the call. */
  take(transaction: ServerTransaction, dialog: UaDialog): IncomingInvite {
    this.#dialog = dialog;
    const { user } = this.#options;
    const invite = new IncomingInvite({ host: this.#host, media: this.media, dialog, transaction, user });
    this.#incoming = invite;
    void invite.done.then((end) => {
      if (end === 'acknowledged') {
        this.#enter('confirmed');
        if (invite.timer?.refresher === 'uas') this.#refreshAfter(invite.timer.seconds);
      } else if (end === 'no-answer' || end === 'timeout') void this.hangUp();
      else if (end === 'cancelled') this.end({ kind: 'cancelled', by: 'far' });
      else this.end({ kind: 'refused', by: 'near', status: 0, reason: '' });
    });
    return invite;
  }

  /** Sends the INVITE that opens the call. */
  place(request: SipRequest, hop: string): OutgoingInvite {
    const invite = new OutgoingInvite({ host: this.#host, media: this.media, request, flow: this.#flow });
    this.#outgoing = invite;
    void invite.outcome.then((outcome) => this.#placed(outcome));
    invite.start(hop);
    return invite;
  }

  /** A request within the dialog; undefined when it got no response. */
  request(method: string, content: RequestContent = {}): Promise<SipResponse | undefined> {
    const { promise, resolve } = Promise.withResolvers<SipResponse | undefined>();
    const dialog = this.#dialog ?? this.#outgoing?.early[0];
    if (dialog === undefined) return Promise.resolve(undefined);
    const request = this.#build(dialogRequest(dialog, method), content);
    this.#host.send(request, this.#flow, nextHop(dialog), {
      response: (response) => {
        if (response.status >= 200) resolve(response);
      },
      failed: () => resolve(undefined),
    });
    return promise;
  }

  /** re-INVITE with a new offer, or without SDP (`late`); the ACK is sent here. */
  async reinvite(
    direction: Direction,
    offer: 'with' | 'late' = 'with',
    headers: NonNullable<RequestContent['headers']> = [],
  ): Promise<InviteOutcome | undefined> {
    const dialog = this.#dialog;
    if (dialog === undefined) return undefined;
    const body = offer === 'with' ? { body: this.media.offer(direction) } : {};
    const request = this.#build(dialogRequest(dialog, 'INVITE'), { headers, ...body });
    const invite = new OutgoingInvite({ host: this.#host, media: this.media, request, flow: this.#flow, dialog });
    this.#outgoing = invite;
    invite.start(nextHop(dialog));
    return invite.outcome;
  }

  /** UPDATE with a new offer (RFC 3311). */
  async update(direction: Direction): Promise<SipResponse | undefined> {
    const response = await this.request('UPDATE', { body: this.media.offer(direction) });
    if (response !== undefined && response.status < 300 && response.body.length > 0) this.media.accept(response.body);
    return response;
  }

  /** Ends the call whatever its state: BYE, CANCEL or a refusal. Gives the answer to the BYE, if one was sent and came. */
  async hangUp(reason = 'Q.850;cause=16;text="NORMAL_CLEARING"'): Promise<SipResponse | undefined> {
    if (this.#state === 'ended') return undefined;
    if (this.#state === 'early' && this.#incoming?.open === true) this.#incoming.refuse(480);
    else if (this.#state === 'early' && this.#incoming === undefined) {
      this.#unwanted = true;
      this.#outgoing?.cancel(reason);
    } else {
      const answer = this.request('BYE', { headers: [['reason', reason]] });
      this.end({ kind: 'bye', by: 'near', reason });
      return answer;
    }
    return undefined;
  }

  /** A request of the peer within this dialog; never ACK. */
  receive(transaction: ServerTransaction): void {
    const { request } = transaction;
    this.#record(request);
    const dialog = this.#dialog;
    this.#flow = transaction.flow;
    // RFC 3261 section 12.2.2: older than what was already seen.
    if (dialog !== undefined && request.cseq.sequence < dialog.remoteSequence) this.#respond(transaction, 500);
    else {
      if (dialog !== undefined) dialog.remoteSequence = request.cseq.sequence;
      this.#dispatch(transaction, dialog);
    }
    this.#changed();
  }

  acknowledged(ack: SipRequest): void {
    this.#record(ack);
    if (ack.cseq.sequence === this.#incoming?.request.cseq.sequence) this.#incoming.acknowledged(ack);
    this.#changed();
  }

  cancelled(cancel: SipRequest): void {
    this.#record(cancel);
    this.#incoming?.refuse(487);
    this.#changed();
  }

  /** A 2xx whose transaction is gone (RFC 3261 section 13.2.2.4). */
  strayAccept(response: SipResponse): void {
    this.#outgoing?.accepted(response, this.#host.now());
  }

  end(end: CallEnd): void {
    if (this.#state === 'ended') return;
    this.#host.timers.cancel(this.#refresh);
    this.#incoming?.close();
    this.media.close();
    this.#settle(end);
    this.#enter('ended');
  }

  /** RFC 4028 section 10: at half of the interval. */
  #refreshAfter(seconds: number): void {
    this.#host.timers.cancel(this.#refresh);
    this.#refresh = this.#host.timers.schedule(this.#host.now() + seconds * 500, () => {
      if (this.#state !== 'confirmed') return;
      void this.reinvite(this.media.direction, 'with', [['session-expires', `${seconds};refresher=uac`]]);
      this.#refreshAfter(seconds);
    });
  }

  #placed(outcome: InviteOutcome): void {
    if (outcome.kind === 'accepted') {
      this.#dialog = outcome.dialog;
      this.#enter('confirmed');
      // The 2xx crossed our CANCEL (RFC 3261 section 9.1).
      if (this.#unwanted) void this.hangUp();
    } else if (outcome.kind === 'failed') this.end({ kind: 'failed', cause: outcome.cause });
    else if (outcome.response.status === 487) this.end({ kind: 'cancelled', by: 'near' });
    else this.end({ kind: 'refused', by: 'far', status: outcome.response.status, reason: outcome.response.reason });
  }

  #dispatch(transaction: ServerTransaction, dialog: UaDialog | undefined): void {
    const { request } = transaction;
    const wanted = this.#options.answers.get(request.method);
    if (wanted !== undefined) this.#respond(transaction, wanted);
    else if (request.method === 'INVITE') this.#reinvited(transaction, dialog);
    else if (request.method === 'UPDATE') this.#updated(transaction, dialog);
    else if (request.method === 'BYE') this.#byeCame(transaction);
    else if (request.method === 'PRACK' && this.#incoming !== undefined) this.#incoming.prack(transaction);
    else if (request.method === 'PRACK') this.#respond(transaction, 481);
    else if (request.method === 'REFER') {
      this.#respond(transaction, 202);
      void this.#notifyRefer(request);
    } else this.#respond(transaction, 200);
  }

  #byeCame(transaction: ServerTransaction): void {
    this.#respond(transaction, 200);
    if (this.#incoming?.open === true) this.#incoming.refuse(487);
    this.end({ kind: 'bye', by: 'far', reason: transaction.request.headers.get('reason') ?? '' });
  }

  #reinvited(transaction: ServerTransaction, dialog: UaDialog | undefined): void {
    // RFC 3261 section 14.2: one INVITE at a time.
    if (dialog === undefined || this.#incoming?.open === true) {
      this.#respond(transaction, 491);
      return;
    }
    dialog.remoteTarget = contactUri(transaction.request) ?? dialog.remoteTarget;
    const { user } = this.#options;
    this.#incoming = new IncomingInvite({ host: this.#host, media: this.media, dialog, transaction, user });
    this.#incoming.accept();
  }

  #updated(transaction: ServerTransaction, dialog: UaDialog | undefined): void {
    const { request } = transaction;
    if (dialog !== undefined) dialog.remoteTarget = contactUri(request) ?? dialog.remoteTarget;
    const answer = request.body.length === 0 ? undefined : this.media.answer(request.body);
    if (request.body.length > 0 && answer === undefined) this.#respond(transaction, 488);
    else this.#respond(transaction, 200, answer);
  }

  /** RFC 3515 section 2.4.4: a NOTIFY at once and one for the outcome. The agent calls nobody; it says it went well. */
  async #notifyRefer(refer: SipRequest): Promise<void> {
    const notify = (state: string, line: string): Promise<SipResponse | undefined> =>
      this.request('NOTIFY', {
        headers: [
          ['event', `refer;id=${refer.cseq.sequence}`],
          ['subscription-state', state],
        ],
        body: Buffer.from(`SIP/2.0 ${line}\r\n`),
        contentType: 'message/sipfrag;version=2.0',
      });
    const first = await notify('active;expires=60', '100 Trying');
    if (first !== undefined && first.status < 300) await notify('terminated;reason=noresource', '200 OK');
  }

  #respond(transaction: ServerTransaction, status: number, sdp?: Buffer): void {
    const response = replyTo(transaction.request, status);
    if (status < 300) response.headers.append('contact', this.#host.contact(transaction.flow, this.#options.user));
    if (sdp !== undefined) setBody(response, sdp);
    dress(response, this.#host.look);
    transaction.respond(response, this.#host.now());
  }

  #build(request: SipRequest, content: RequestContent): SipRequest {
    if (request.method !== 'BYE') request.headers.append('contact', this.#host.contact(this.#flow, this.#options.user));
    for (const [name, value] of content.headers ?? []) request.headers.append(name, value);
    if (content.body !== undefined) setBody(request, content.body, content.contentType);
    dress(request, this.#host.look);
    return request;
  }

  #record(request: SipRequest): void {
    if (this.requests.length < maxRecorded) this.requests.push(request);
  }

  #enter(state: 'confirmed' | 'ended'): void {
    if (this.#state === 'ended') return;
    this.#state = state;
    this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
