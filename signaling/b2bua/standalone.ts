// Requests outside of dialogs that make none: MESSAGE, OPTIONS, PUBLISH, INFO, unsolicited NOTIFY, methods nobody knows.
// Routed like a call, one destination after the other until one answers.
import type { Zone } from '../routing/zone.ts';
import type { ServerTransaction } from '../sip/transaction/transaction.ts';
import { sdpOf } from './body.ts';
import { putSdp, reply } from './carry.ts';
import type { B2buaContext } from './context.ts';
import { Errand } from './errand.ts';
import { contactFor } from './leg.ts';

/** RFC 3261 section 20.5: what Weir takes for itself when it is asked. */
export const allowedMethods = 'INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY, SUBSCRIBE, MESSAGE, PUBLISH';

export function relayStandalone(context: B2buaContext, zone: Zone, server: ServerTransaction): void {
  const errand = new Errand({
    context,
    zone,
    server,
    tag: context.rng.token(16),
    user: {
      begin({ destination, request }) {
        const sdp = sdpOf(server.request);
        // SDP outside of a call (OPTIONS) describes, it does not offer; it crosses only towards the inside.
        if (sdp !== undefined && !destination.zone.outside) putSdp(server.request, request, sdp);
      },
      missed() {},
      answered: (_attempt, _response, carried) => server.respond(carried, context.now()),
      failed() {},
    },
  });
  errand.start();
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
