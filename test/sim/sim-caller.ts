// The side of a party that begins: calls with and without SDP, PRACK, ACK, CANCEL, and whatever may happen within a call.
import { createUacDialog, nextRequest } from '../../signaling/sip/dialog/dialog.ts';
import { Headers } from '../../signaling/sip/message/headers.ts';
import { tagOf } from '../../signaling/sip/message/name-addr.ts';
import { SipRequest } from '../../signaling/sip/message/request.ts';
import type { SipResponse } from '../../signaling/sip/message/response.ts';
import type { ClientTransaction } from '../../signaling/sip/transaction/transaction.ts';
import { type SimLeg, type SimParty, sentinel } from './sim-party.ts';
import { chance } from './temper.ts';

/** What became of a call, for the invariants. */
export interface SimCall {
  readonly id: string;
  /** Final responses to its INVITEs, as they came. */
  readonly finals: number[];
  /** To-tags seen in its responses that make dialogs. */
  readonly tags: Set<string>;
  failed: boolean;
  cancelled: boolean;
}

export function placeCall(party: SimParty, id: string, uri: string): SimCall {
  const call: SimCall = { id, finals: [], tags: new Set(), failed: false, cancelled: false };
  invite(party, call, uri, 1, []);
  return call;
}

function invite(party: SimParty, call: SimCall, uri: string, sequence: number, extra: readonly (readonly [string, string])[]): void {
  const { temper, rng } = party;
  const headers = new Headers();
  headers.append('max-forwards', '70');
  headers.append('from', `<sip:${party.party.place.zone}@${party.party.place.address}>;tag=${call.id}`);
  headers.append('to', `<${uri}>`);
  headers.append('call-id', call.id);
  headers.append('cseq', `${sequence} INVITE`);
  headers.append('x-call', call.id);
  party.dress(headers);
  if (chance(rng, temper.reliable)) headers.append('supported', '100rel');
  if (rng.int(4) === 0) headers.append('session-expires', `${90 + rng.int(60)}`);
  headers.append('supported', 'timer');
  for (const [name, value] of extra) headers.append(name, value);
  const request = new SipRequest({ method: 'INVITE', uri, headers });
  const late = chance(rng, temper.late);
  if (!late) party.addSdp(request);
  const client: ClientTransaction = party.send(request, {
    response: (response) => heard(party, call, { request, late, uri }, response),
    failed: () => {
      call.failed = true;
    },
  });
  if (!chance(rng, temper.cancels)) return;
  party.later(6000, (now) => {
    call.cancelled = true;
    client.cancel(now, `SIP;cause=200;text="${party.party.place.zone === 'inside' ? sentinel : 'elsewhere'}"`);
  });
}

interface Asked {
  readonly request: SipRequest;
  readonly late: boolean;
  readonly uri: string;
}

function heard(party: SimParty, call: SimCall, asked: Asked, response: SipResponse): void {
  const { status } = response;
  if (status >= 200) call.finals.push(status);
  if (status === 401 && party.rng.int(2) === 0) {
    return invite(party, call, asked.uri, asked.request.cseq.sequence + 1, [['authorization', 'Digest username="x"']]);
  }
  const dialog = createUacDialog(asked.request, response);
  if (dialog === undefined) return;
  call.tags.add(tagOf(response.to) ?? '');
  const leg = party.addLeg(dialog, call.id);
  if (status < 200) return prack(party, leg, asked, response);
  accepted(party, leg, call, asked, response);
}

function prack(party: SimParty, leg: SimLeg, asked: Asked, response: SipResponse): void {
  const rseq = response.headers.get('rseq');
  if (rseq === undefined || chance(party.rng, party.temper.neverPracks)) return;
  party.later(300, () => {
    const request = nextRequest(leg.dialog, 'PRACK');
    request.headers.append('rack', `${rseq} ${asked.request.cseq.sequence} INVITE`);
    if (asked.late && response.body.length > 0) party.addSdp(request);
    party.send(request, { response() {}, failed() {} });
  });
}

function accepted(party: SimParty, leg: SimLeg, call: SimCall, asked: Asked, response: SipResponse): void {
  const { sequence } = asked.request.cseq;
  if (leg.acks.has(sequence)) return party.ack(leg, sequence, false);
  if (leg.standing) return;
  leg.standing = true;
  leg.busy = true;
  if (chance(party.rng, party.temper.neverAcks)) return;
  const answers = asked.late && response.body.length > 0 && party.rng.int(10) > 0;
  party.later(party.rng.int(3) === 0 ? 1500 : 10, () => {
    party.ack(leg, sequence, answers);
    // It wanted to cancel, but the answer was faster.
    if (call.cancelled) party.hangUp(leg);
    else busyLife(party, leg);
  });
}

/** Some things happen within the call, now and then at once with those of the other side. */
export function busyLife(party: SimParty, leg: SimLeg): void {
  for (let i = party.rng.int(5); i > 0; i--) party.later(20_000, () => act(party, leg));
  if (party.rng.int(3) > 0) party.later(25_000, () => party.hangUp(leg));
}

function act(party: SimParty, leg: SimLeg): void {
  if (!leg.standing) return;
  const kind = party.rng.int(6);
  if (kind <= 1) return reInvite(party, leg, kind === 1);
  const method = ['UPDATE', 'INFO', 'REFER', 'MESSAGE'][kind - 2] ?? 'INFO';
  const request = nextRequest(leg.dialog, method);
  party.dress(request.headers);
  if (method === 'REFER') request.headers.append('refer-to', '<sip:9@198.51.100.1>');
  if (method === 'UPDATE' && party.rng.int(2) === 0) party.addSdp(request);
  party.send(request, {
    response: (response) => {
      // RFC 3261 section 12.2.1.2: the other end does not know the dialog.
      if (response.status === 481) leg.standing = false;
    },
    failed() {},
  });
}

export interface Probe {
  readonly party: SimParty;
  readonly leg: SimLeg;
  status: number | undefined;
}

/** Offers anew in a call that stands, some times if need be: to see that nothing in it is stuck. */
export function probe(party: SimParty, leg: SimLeg): Probe {
  const result: Probe = { party, leg, status: undefined };
  const attempt = (left: number): void => {
    if (!leg.standing || leg.busy) return;
    leg.busy = true;
    const request = nextRequest(leg.dialog, 'INVITE');
    party.dress(request.headers);
    party.addSdp(request);
    party.send(request, {
      response: (response) => {
        if (response.status < 200) return;
        result.status = response.status;
        if (response.status < 300) return party.ack(leg, request.cseq.sequence, false);
        leg.busy = false;
        // A refresh of Weir's may be in the way.
        if (left > 0 && (response.status === 491 || response.status === 500)) party.later(4000, () => attempt(left - 1));
      },
      failed() {},
    });
  };
  attempt(3);
  return result;
}

function reInvite(party: SimParty, leg: SimLeg, late: boolean): void {
  if (leg.busy || leg.open.size > 0) return;
  leg.busy = true;
  const request = nextRequest(leg.dialog, 'INVITE');
  party.dress(request.headers);
  if (!late) party.addSdp(request);
  const client = party.send(request, {
    response: (response) => {
      if (response.status < 200) return;
      if (response.status >= 300) {
        leg.busy = false;
        if (response.status === 481 || response.status === 408) leg.standing = false;
      } else if (!chance(party.rng, party.temper.neverAcks) || leg.acks.has(request.cseq.sequence)) {
        party.ack(leg, request.cseq.sequence, late && response.body.length > 0);
      }
    },
    failed: () => {
      leg.busy = false;
    },
  });
  if (chance(party.rng, party.temper.cancels)) party.later(3000, (now) => client.cancel(now));
}
