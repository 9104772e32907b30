// The side of a party that is called: rings, forks, answers, refuses, redirects, says nothing, answers against the CANCEL.
import { createUasDialog } from '../../signaling/sip/dialog/dialog.ts';
import { replyTo } from '../../signaling/sip/message/reply.ts';
import type { SipResponse } from '../../signaling/sip/message/response.ts';
import type { ServerTransaction } from '../../signaling/sip/transaction/transaction.ts';
import { busyLife } from './sim-caller.ts';
import type { SimParty } from './sim-party.ts';
import { chance } from './temper.ts';

/** `party` answers calls from now on, as its temper has it. */
export function takeCalls(party: SimParty): void {
  party.invited = (server, now) => ring(party, server, now);
  party.cancelled = (server, now) => {
    // One in eight has just answered and does not know it yet: the 200 will cross the CANCEL.
    if (party.rng.int(8) > 0) party.respond(server, 487, now, { tag: 'c' });
  };
}

function ring(party: SimParty, server: ServerTransaction, now: number): void {
  const { rng, temper } = party;
  if (chance(rng, temper.silent)) return;
  party.respond(server, 100, now);
  const forks = chance(rng, temper.forks) ? 2 + rng.int(2) : 1;
  const tags = Array.from({ length: forks }, () => rng.token(8));
  for (const tag of tags) provisionals(party, server, tag);
  party.later(rng.int(4) === 0 ? 20_000 : 4000, (at) => final(party, server, tags, at));
}

function provisionals(party: SimParty, server: ServerTransaction, tag: string): void {
  const reliable = server.request.headers.list('supported').includes('100rel');
  const offered = server.request.body.length > 0;
  let rseq = party.rng.int(1000) + 1;
  for (let i = party.rng.int(3); i > 0; i--) {
    party.later(3000, (at) => {
      if (server.answered) return;
      party.addLeg(createUasDialog(server.request, tag), callOf(server));
      const response = ringing(party, server, tag);
      const numbered = reliable && party.rng.int(2) === 0;
      if (numbered) {
        response.headers.append('require', '100rel');
        response.headers.append('rseq', String(rseq++));
      }
      // Only a reliable provisional may offer.
      if ((offered || numbered) && party.rng.int(2) === 0) party.addSdp(response);
      server.respond(response, at);
    });
  }
}

function ringing(party: SimParty, server: ServerTransaction, tag: string): SipResponse {
  const response = replyTo(server.request, party.rng.int(2) === 0 ? 180 : 183);
  response.headers.set('to', `${response.headers.get('to')};tag=${tag}`);
  party.dress(response.headers);
  return response;
}

function final(party: SimParty, server: ServerTransaction, tags: readonly string[], now: number): void {
  if (server.answered) return;
  const { rng, temper } = party;
  const [tag = 'x'] = tags;
  if (chance(rng, temper.silent)) return;
  if (chance(rng, temper.busy)) return party.respond(server, [503, 500, 480][rng.int(3)] ?? 503, now, { tag });
  if (chance(rng, temper.refuses)) return party.respond(server, [401, 404, 486, 488, 603][rng.int(5)] ?? 486, now, { tag });
  if (chance(rng, temper.redirects)) return party.respond(server, 302, now, { tag });
  // The forks that answer: mostly one, sometimes each, then only the first may stay.
  for (const [index, each] of tags.entries()) if (index === 0 || rng.int(3) === 0) answer(party, server, each, now);
}

function answer(party: SimParty, server: ServerTransaction, tag: string, now: number): void {
  const leg = party.addLeg(createUasDialog(server.request, tag), callOf(server));
  leg.standing = true;
  const response = replyTo(server.request, 200);
  response.headers.set('to', `${response.headers.get('to')};tag=${tag}`);
  party.dress(response.headers);
  if (server.request.headers.list('supported').includes('timer') && party.rng.int(4) === 0)
    response.headers.append('session-expires', '90;refresher=uac');
  if (party.rng.int(20) > 0) party.addSdp(response);
  party.accept(leg, server, response, now);
  party.later(10_000, () => busyLife(party, leg));
}

function callOf(server: ServerTransaction): string {
  return server.request.headers.get('x-call') ?? server.request.callId;
}
