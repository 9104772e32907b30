// A request outside of a dialog on its way: one destination after the other until one answers for good. What messages and
// new subscriptions have in common; calls go their own way (call-setup.ts).
import type { Destination, Route } from '../routing/route.ts';
import type { Zone } from '../routing/zone.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { ClientFailure, ServerTransaction } from '../sip/transaction/transaction.ts';
import type { Flow } from '../sip/transport/flow.ts';
import { carryResponse, hostTowards, reply } from './carry.ts';
import type { B2buaContext } from './context.ts';
import { firstRequest } from './first-request.ts';
import { failureStatus } from './hang-up.ts';
import { outcomeOf } from './rejection.ts';

/** A node that says nothing for so many of its response times is passed over. */
const patience = 4;

/** The request as one destination gets it. */
export interface Attempt {
  readonly destination: Destination;
  readonly request: SipRequest;
  readonly flow: Flow;
}

export interface ErrandUser {
  /** Last touch before it goes. */
  begin(attempt: Attempt): void;
  /** It came to nothing: the next destination is asked, or none is left. */
  missed(attempt: Attempt): void;
  /** The final response that the sender is to get; `carried` is what it looks like there. */
  answered(attempt: Attempt, response: SipResponse, carried: SipResponse): void;
  /** Nobody answered; the sender was told as far as it still listens. */
  failed(): void;
}

export interface ErrandOptions {
  readonly context: B2buaContext;
  readonly zone: Zone;
  readonly server: ServerTransaction;
  /** Our To-tag in what the sender gets. */
  readonly tag: string;
  readonly user: ErrandUser;
}

export class Errand {
  readonly #context: B2buaContext;
  readonly #zone: Zone;
  readonly #server: ServerTransaction;
  readonly #tag: string;
  readonly #user: ErrandUser;
  /** The sender listens for 64*T1 (RFC 4320 section 4.1): who is asked later is asked in vain. */
  readonly #until: number;
  #route: Route | undefined;
  #refusal: { readonly attempt: Attempt; readonly response: SipResponse } | undefined;

  constructor({ context, zone, server, tag, user }: ErrandOptions) {
    this.#context = context;
    this.#zone = zone;
    this.#server = server;
    this.#tag = tag;
    this.#user = user;
    this.#until = context.now() + 64 * context.t1Ms;
  }

  start(): void {
    const routing = this.#context.router.route(this.#server.request, this.#zone);
    if (routing.kind === 'refused') return this.#fail(routing.status);
    this.#route = routing.route;
    this.#next(503);
  }

  /** `status`: what the sender hears if no destination is left. */
  #next(status: number): void {
    const now = this.#context.now();
    if (now >= this.#until) return this.#fail(408);
    this.#route?.next(now, (destination) => {
      if (destination !== undefined) this.#send(destination);
      else if (this.#refusal === undefined) this.#fail(status);
      else this.#answer(this.#refusal.attempt, this.#refusal.response);
    });
  }

  #send(destination: Destination): void {
    const context = this.#context;
    const flow = context.flows.route(destination.zone.name, destination.target);
    if (flow === undefined) return this.#next(503);
    const localTag = context.rng.token(16);
    const request = firstRequest({ request: this.#server.request, from: this.#zone, destination, flow, localTag, context });
    const attempt = { destination, request, flow };
    this.#user.begin(attempt);
    const silence = context.timers.schedule(this.#patienceEnds(), () => {
      transaction.abandon();
      this.#missed(attempt, 'timeout');
    });
    const transaction = context.transactions.send(
      request,
      flow,
      {
        response: (response) => {
          context.timers.cancel(silence);
          if (response.status >= 200) this.#finished(attempt, response);
        },
        failed: (cause) => {
          context.timers.cancel(silence);
          this.#missed(attempt, cause);
        },
      },
      context.now(),
    );
  }

  #patienceEnds(): number {
    const responseMs = this.#route?.failover.responseMs ?? 0;
    return responseMs === 0 ? this.#until : Math.min(this.#until, this.#context.now() + responseMs * patience);
  }

  #missed(attempt: Attempt, cause: ClientFailure): void {
    this.#route?.report(attempt.destination, { kind: 'failed', retryAfterMs: 0 }, this.#context.now());
    this.#refusal = undefined;
    this.#user.missed(attempt);
    this.#next(failureStatus(cause));
  }

  #finished(attempt: Attempt, response: SipResponse): void {
    const outcome = outcomeOf(response, this.#route?.failover);
    this.#route?.report(attempt.destination, outcome, this.#context.now());
    if (outcome.kind !== 'failed') return this.#answer(attempt, response);
    this.#refusal = { attempt, response };
    this.#user.missed(attempt);
    this.#next(response.status);
  }

  #answer(attempt: Attempt, response: SipResponse): void {
    const way = { from: attempt.destination.zone, to: this.#zone, host: hostTowards(this.#zone, this.#server.flow) };
    this.#user.answered(attempt, response, carryResponse(this.#server.request, response, way, this.#tag, this.#context));
  }

  #fail(status: number): void {
    this.#server.respond(reply(this.#server.request, status, this.#tag), this.#context.now());
    this.#user.failed();
  }
}
