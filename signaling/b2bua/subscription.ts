// A subscription outside of a call: the dialog that SUBSCRIBE (or REFER without a call) makes, and its NOTIFYs (RFC 6665),
// joined back to back like a call but without media. It lives as long as it is refreshed.
import type { Log } from '../../shared/log.ts';
import type { Timer } from '../../shared/timer-queue.ts';
import type { Destination } from '../routing/route.ts';
import type { Zone } from '../routing/zone.ts';
import { createUacDialog, createUasDialog } from '../sip/dialog/dialog.ts';
import { tagOf } from '../sip/message/name-addr.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { ServerTransaction } from '../sip/transaction/transaction.ts';
import type { Flow } from '../sip/transport/flow.ts';
import { carryMessage, carryResponse, reply, wayBetween } from './carry.ts';
import type { B2buaContext } from './context.ts';
import { type Attempt, Errand } from './errand.ts';
import { contactFor, Leg } from './leg.ts';
import { Pair } from './pair.ts';
import { translateReferId } from './refer.ts';

/** A subscription is not trusted beyond a day, and one that says nothing lives for an hour. */
const maxSeconds = 86_400;
const defaultSeconds = 3600;
/** NOTIFYs kept while the 2xx is on its way; more are told to come again. */
const maxEarly = 8;
/** How long it outlives its expiry, for the last NOTIFY (RFC 6665 section 4.1.2.4, timer N). */
const graceMs = 32_000;

export class Subscription {
  readonly kind = 'subscription';
  readonly log: Log;
  readonly #context: B2buaContext;
  readonly #zone: Zone;
  readonly #server: ServerTransaction;
  readonly #onGone: (subscription: Subscription) => void;
  readonly #tag: string;
  #subscriber: Leg | undefined;
  #notifier: Leg | undefined;
  #expiry: Timer | undefined;
  /** NOTIFYs that came before the 2xx. */
  readonly #early: ServerTransaction[] = [];

  constructor(options: { context: B2buaContext; zone: Zone; server: ServerTransaction; onGone: (subscription: Subscription) => void }) {
    this.#context = options.context;
    this.log = options.context.log.child({ call_id: options.server.request.callId });
    this.#zone = options.zone;
    this.#server = options.server;
    this.#onGone = options.onGone;
    this.#tag = options.context.rng.token(16);
  }

  start(): void {
    const { dialogs } = this.#context;
    const errand = new Errand({
      context: this.#context,
      zone: this.#zone,
      server: this.#server,
      tag: this.#tag,
      user: {
        begin: ({ request, flow }) => {
          request.headers.append('contact', contactFor(flow));
          dialogs.expect(request.callId, tagOf(request.from) ?? '', (early) => this.#hold(early));
        },
        missed: ({ request }) => {
          dialogs.unexpect(tagOf(request.from) ?? '');
          this.#releaseEarly();
        },
        answered: (attempt, response, carried) => {
          dialogs.unexpect(tagOf(attempt.request.from) ?? '');
          this.#answered(attempt, response, carried);
          this.#releaseEarly();
        },
        failed: () => this.#onGone(this),
      },
    });
    errand.start();
  }

  /** A request of either party in the dialog: refreshes, NOTIFYs, whatever else. */
  onRequest(from: Leg, server: ServerTransaction): void {
    const { request } = server;
    const now = this.#context.now();
    const to = from.peer;
    if (to === undefined || to.ended) return server.respond(reply(request, 481, from.dialog.localTag), now);
    // RFC 5057 section 5: it would put a call into the dialog of a subscription, which nobody asks for.
    if (request.method === 'INVITE') {
      const refusal = reply(request, 405, '');
      refusal.headers.append('allow', 'SUBSCRIBE, NOTIFY, REFER');
      return server.respond(refusal, now);
    }
    if (!from.inOrder(request)) return server.respond(reply(request, 500, from.dialog.localTag), now);
    from.heard(request, server.flow);
    const sent = to.request(request.method);
    carryMessage(request, sent, wayBetween(from, to), this.#context);
    to.addContact(sent);
    translateReferId(from, sent);
    if (request.method === 'NOTIFY') this.#noted(request.headers.get('subscription-state'));
    this.#context.sender.send(to, sent, {
      response: (response) => {
        if (response.status >= 200) this.#answerWithin(from, to, server, response);
      },
      failed: (cause) => {
        server.respond(reply(request, cause === 'timeout' ? 408 : 503, from.dialog.localTag), this.#context.now());
        this.#end();
      },
    });
  }

  #answerWithin(from: Leg, to: Leg, server: ServerTransaction, response: SipResponse): void {
    to.heard(response, to.flow);
    const carried = carryResponse(server.request, response, wayBetween(to, from), from.dialog.localTag, this.#context);
    if (response.status < 300) from.addContact(carried);
    server.respond(carried, this.#context.now());
    if (server.request.method === 'SUBSCRIBE' && response.status < 300) this.#extend(response.headers.get('expires'));
    if (response.status === 481) this.#end();
  }

  #hold(server: ServerTransaction): void {
    if (this.#early.length < maxEarly) this.#early.push(server);
    else server.respond(reply(server.request, 500, ''), this.#context.now());
  }

  #answered({ destination, request, flow }: Attempt, response: SipResponse, carried: SipResponse): void {
    if (response.status < 300 && tagOf(response.to) !== undefined && this.#join(destination, request, response, flow)) {
      carried.headers.set('contact', contactFor(this.#server.flow));
      this.#extend(response.headers.get('expires'));
    }
    this.#server.respond(carried, this.#context.now());
    if (this.#notifier === undefined) this.#onGone(this);
  }

  #releaseEarly(): void {
    for (const server of this.#early.splice(0)) {
      if (this.#notifier !== undefined) this.onRequest(this.#notifier, server);
      else server.respond(reply(server.request, 481, ''), this.#context.now());
    }
  }

  #join(destination: Destination, request: SipRequest, response: SipResponse, flow: Flow): boolean {
    const { dialogs } = this.#context;
    const far = createUacDialog(request, response);
    const near = createUasDialog(this.#server.request, this.#tag);
    if (far === undefined || near === undefined) return false;
    this.#notifier = new Leg({ owner: this, role: 'callee', zone: destination.zone, dialog: far, flow });
    this.#subscriber = new Leg({ owner: this, role: 'caller', zone: this.#zone, dialog: near, flow: this.#server.flow });
    if (request.method === 'REFER') this.#notifier.referIds.set(request.cseq.sequence, this.#server.request.cseq.sequence);
    new Pair({ caller: this.#subscriber, callee: this.#notifier, branch: '', openOffer: undefined });
    dialogs.add(this.#notifier);
    dialogs.add(this.#subscriber);
    return true;
  }

  #noted(state: string | undefined): void {
    if (/^\s*terminated\b/i.test(state ?? '')) this.#arm(graceMs);
    else this.#extend(/;\s*expires\s*=\s*(\d{1,9})/i.exec(state ?? '')?.[1]);
  }

  #extend(expires: string | undefined): void {
    const seconds = /^\s*(\d{1,9})/.exec(expires ?? '')?.[1];
    this.#arm(Math.min(seconds === undefined ? defaultSeconds : Number(seconds), maxSeconds) * 1000 + graceMs);
  }

  #arm(delayMs: number): void {
    this.#context.timers.cancel(this.#expiry);
    this.#expiry = this.#context.timers.schedule(this.#context.now() + delayMs, () => this.#end());
  }

  #end(): void {
    this.#context.timers.cancel(this.#expiry);
    for (const leg of [this.#notifier, this.#subscriber]) {
      if (leg === undefined) continue;
      leg.ended = true;
      this.#context.dialogs.remove(leg);
    }
    this.#onGone(this);
  }
}
