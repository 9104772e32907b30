// Requests outside of dialogs that make none: MESSAGE, OPTIONS, PUBLISH, INFO, unsolicited NOTIFY, methods nobody knows.
// Routed like a call, one destination after the other until one answers.
import type { Destination, Route } from '../routing/route.ts';
import type { Zone } from '../routing/zone.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { ServerTransaction } from '../sip/transaction/transaction.ts';
import { sdpOf } from './body.ts';
import { carryResponse, hostTowards, putSdp, reply } from './carry.ts';
import type { B2buaContext } from './context.ts';
import { firstRequest } from './first-request.ts';
import { contactFor } from './leg.ts';

/** RFC 3261 section 20.5: what Weir takes for itself when it is asked. */
export const allowedMethods = 'INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY, SUBSCRIBE, MESSAGE, PUBLISH';

export function relayStandalone(context: B2buaContext, zone: Zone, server: ServerTransaction): void {
  const routing = context.router.route(server.request, zone);
  const tag = context.rng.token(16);
  if (routing.kind === 'refused') return server.respond(reply(server.request, routing.status, tag), context.now());
  tryNext({ context, zone, server, route: routing.route, tag }, 503);
}

/** An OPTIONS to Weir itself, not to somebody behind it (RFC 3261 section 11.2). */
export function answerOptions(context: B2buaContext, server: ServerTransaction): void {
  const response = reply(server.request, 200, context.rng.token(16));
  response.headers.append('contact', contactFor(server.flow));
  response.headers.append('accept', 'application/sdp');
  response.headers.append('allow', allowedMethods);
  response.headers.append('supported', '100rel, timer, replaces');
  if (context.zones.get(server.flow.zone)?.outside === false) response.headers.append('server', context.userAgent);
  server.respond(response, context.now());
}

/**
 * A node that says nothing for so many of its response times is passed over: later than 64*T1 the sender could not be
 * answered any more (RFC 4320 section 4.1).
 */
const patience = 4;

interface Errand {
  readonly context: B2buaContext;
  readonly zone: Zone;
  readonly server: ServerTransaction;
  readonly route: Route;
  readonly tag: string;
}

function tryNext(errand: Errand, status: number): void {
  const { context, server, route, tag } = errand;
  route.next(context.now(), (destination) => {
    if (server.answered) return;
    if (destination === undefined) return server.respond(reply(server.request, status, tag), context.now());
    send(errand, destination);
  });
}

function send(errand: Errand, destination: Destination): void {
  const { context, zone, server, route } = errand;
  const flow = context.flows.route(destination.zone.name, destination.target);
  if (flow === undefined) return tryNext(errand, 503);
  const request = firstRequest({ request: server.request, from: zone, destination, flow, localTag: context.rng.token(16), context });
  const sdp = sdpOf(server.request);
  // SDP outside of a call (OPTIONS) describes, it does not offer; it crosses only towards the inside.
  if (sdp !== undefined && !destination.zone.outside) putSdp(server.request, request, sdp);
  const giveUp = (status: number): void => {
    context.timers.cancel(silence);
    transaction.abandon();
    route.report(destination, { kind: 'failed', retryAfterMs: 0 }, context.now());
    tryNext(errand, status);
  };
  const silence = context.timers.schedule(context.now() + route.failover.responseMs * patience, () => giveUp(408));
  const transaction = context.transactions.send(
    request,
    flow,
    {
      response(response) {
        context.timers.cancel(silence);
        if (response.status < 200) return;
        route.report(destination, { kind: 'answered' }, context.now());
        answer(errand, destination, response);
      },
      failed: (cause) => giveUp(cause === 'timeout' ? 408 : 503),
    },
    context.now(),
  );
}

function answer({ context, zone, server, tag }: Errand, destination: Destination, response: SipResponse): void {
  const way = { from: destination.zone, to: zone, host: hostTowards(zone, server.flow) };
  server.respond(carryResponse(server.request, response, way, tag, context), context.now());
}
