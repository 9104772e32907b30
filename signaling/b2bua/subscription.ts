// A subscription outside of a call: the dialog that SUBSCRIBE (or REFER without a call) makes, and its NOTIFYs (RFC 6665),
// joined back to back like a call but without media. It lives as long as it is refreshed.
import type { Log } from '../../shared/log.ts';
import type { Timer } from '../../shared/timer-queue.ts';
import type { Destination, Route } from '../routing/route.ts';
import type { Zone } from '../routing/zone.ts';
import { createUacDialog, createUasDialog } from '../sip/dialog/dialog.ts';
import { tagOf } from '../sip/message/name-addr.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { ServerTransaction } from '../sip/transaction/transaction.ts';
import type { Flow } from '../sip/transport/flow.ts';
import { carryMessage, carryResponse, hostTowards, reply, wayBetween } from './carry.ts';
import type { B2buaContext } from './context.ts';
import { firstRequest } from './first-request.ts';
import { contactFor, Leg } from './leg.ts';
import { Pair } from './pair.ts';
import { translateReferId } from './refer.ts';

/** A subscription is not trusted beyond a day, and one that says nothing lives for an hour. */
const maxSeconds = 86_400;
const defaultSeconds = 3600;
/** NOTIFYs kept while the 2xx is on its way; more are left to their retransmissions. */
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
  #route: Route | undefined;
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
    const routing = this.#context.router.route(this.#server.request, this.#zone);
    if (routing.kind === 'refused') return this.#refuse(routing.status);
    this.#route = routing.route;
    this.#next(503);
  }

  /** A request of either party in the dialog: refreshes, NOTIFYs, whatever else. */
  onRequest(from: Leg, server: ServerTransaction): void {
    const { request } = server;
    const now = this.#context.now();
    const to = from.peer;
    if (to === undefined || to.ended) return server.respond(reply(request, 481, from.dialog.localTag), now);
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

  #next(status: number): void {
    this.#route?.next(this.#context.now(), (destination) => {
      if (destination === undefined) this.#refuse(status);
      else this.#send(destination);
    });
  }

  #send(destination: Destination): void {
    const context = this.#context;
    const flow = context.flows.route(destination.zone.name, destination.target);
    if (flow === undefined) return this.#next(503);
    const localTag = context.rng.token(16);
    const request = firstRequest({ request: this.#server.request, from: this.#zone, destination, flow, localTag, context });
    request.headers.append('contact', contactFor(flow));
    context.dialogs.expect(request.callId, localTag, (server) => {
      if (this.#early.length < maxEarly) this.#early.push(server);
    });
    context.transactions.send(
      request,
      flow,
      {
        response: (response) => {
          if (response.status < 200) return;
          context.dialogs.unexpect(localTag);
          this.#answered(destination, request, response, flow);
          this.#releaseEarly();
        },
        failed: (cause) => {
          context.dialogs.unexpect(localTag);
          this.#releaseEarly();
          this.#next(cause === 'timeout' ? 408 : 503);
        },
      },
      context.now(),
    );
  }

  #answered(destination: Destination, request: SipRequest, response: SipResponse, flow: Flow): void {
    const context = this.#context;
    const server = this.#server;
    const way = { from: destination.zone, to: this.#zone, host: hostTowards(this.#zone, server.flow) };
    const carried = carryResponse(server.request, response, way, this.#tag, context);
    if (response.status < 300 && tagOf(response.to) !== undefined && this.#join(destination, request, response, flow)) {
      carried.headers.set('contact', contactFor(server.flow));
      this.#extend(response.headers.get('expires'));
    }
    server.respond(carried, context.now());
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

  #refuse(status: number): void {
    this.#server.respond(reply(this.#server.request, status, this.#tag), this.#context.now());
    this.#onGone(this);
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
