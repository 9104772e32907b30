// PRACK across legs (RFC 3262): it acknowledges a provisional of ours to the caller, which stands for one of the callee;
// RAck is mapped to that one's RSeq and to our INVITE's CSeq.
import { formatRAck, parseRAck } from '../sip/message/rack.ts';
import type { ServerTransaction } from '../sip/transaction/transaction.ts';
import type { Call } from './call.ts';
import { reply } from './carry.ts';
import type { Leg } from './leg.ts';
import { relay } from './relay.ts';

export function relayPrack(call: Call, leg: Leg, server: ServerTransaction): void | Promise<void> {
  const { request } = server;
  const rack = parseRAck(request.headers.get('rack') ?? '');
  const known = rack === undefined ? undefined : leg.reliable.get(rack.rseq);
  if (rack === undefined || known === undefined || leg.provisionals?.acknowledged(rack, call.context.now()) !== true) {
    // RFC 3262 section 3: a PRACK that matches no unacknowledged provisional.
    return server.respond(reply(request, 481, leg.dialog.localTag), call.context.now());
  }
  leg.reliable.delete(rack.rseq);
  const { rseq, sequence } = known;
  // The destination behind it failed meanwhile. The provisional was ours too, and is acknowledged.
  if (known.leg.ended) return server.respond(reply(request, 200, leg.dialog.localTag), call.context.now());
  return relay(call, leg, server, {
    to: known.leg,
    prepare: (sent) => sent.headers.set('rack', formatRAck({ rseq, cseq: { sequence, method: 'INVITE' } })),
  });
}
