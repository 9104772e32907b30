// One end of the wire in a simulation: a user agent on Weir's own transaction layer that calls, answers, changes its mind,
// refuses, keeps silent and dies as its temper and its dice will have it. What it is told to do by whom is in sim-run.ts.
import { type Rng, seededRng } from '../../shared/rng.ts';
import { AcceptedInvite } from '../../signaling/sip/dialog/accepted-invite.ts';
import { ackRequest, type Dialog, nextRequest } from '../../signaling/sip/dialog/dialog.ts';
import type { Headers } from '../../signaling/sip/message/headers.ts';
import { tagOf } from '../../signaling/sip/message/name-addr.ts';
import { parseMessage } from '../../signaling/sip/message/parse-message.ts';
import { replyTo } from '../../signaling/sip/message/reply.ts';
import type { SipRequest } from '../../signaling/sip/message/request.ts';
import type { SipResponse } from '../../signaling/sip/message/response.ts';
import { TransactionLayer } from '../../signaling/sip/transaction/layer.ts';
import type { ClientObserver, ClientTransaction, ServerTransaction } from '../../signaling/sip/transaction/transaction.ts';
import type { Flow } from '../../signaling/sip/transport/flow.ts';
import { insideAddress, outsideAddress, type Party, sdp, type World } from '../signaling/b2bua/world.ts';
import { chance, type Temper } from './temper.ts';
import type { Wire } from './wire.ts';

/** A dialog as this party sees it. */
export interface SimLeg {
  readonly dialog: Dialog;
  /** Names the call for the invariants: the caller's Call-ID. */
  readonly call: string;
  /** Accepted by a 2xx and not hung up. */
  standing: boolean;
  /** An INVITE within it is under way. */
  busy: boolean;
  accepted: AcceptedInvite | undefined;
  /** The INVITE it accepted last. */
  acceptedInvite: SipRequest | undefined;
  /** INVITEs of the peer without a final response. */
  readonly open: Set<ServerTransaction>;
  readonly acks: Map<number, SipRequest>;
}

/** Header fields that name the inside; what of them is seen outside is a leak. */
export const sentinel = 'SENTINEL';
const planted = [
  ['server', sentinel],
  ['x-node', `${sentinel} 10.77.77.77`],
  ['warning', `399 10.77.77.77 "${sentinel}"`],
  ['p-asserted-identity', `<sip:${sentinel}@10.77.77.77>`],
  ['reason', `Q.850;cause=16;text="${sentinel} 10.77.77.77"`],
  ['call-info', `<http://10.77.77.77/${sentinel}>;purpose=icon`],
] as const;

export interface SimPartyOptions {
  readonly world: World;
  readonly wire: Wire;
  readonly place: { readonly zone: 'outside' | 'inside'; readonly address: string; readonly port: number };
  readonly temper: Temper;
  readonly seed: number;
}

export class SimParty {
  readonly world: World;
  readonly party: Party;
  readonly temper: Temper;
  readonly rng: Rng;
  readonly layer: TransactionLayer;
  readonly legs: Map<string, SimLeg> = new Map();
  /** What a request of the peer is answered with; set by the roles (caller.ts, node.ts). */
  invited: (server: ServerTransaction, now: number) => void = (server, now) => this.respond(server, 480, now);
  cancelled: (server: ServerTransaction, now: number) => void = (server, now) => this.respond(server, 487, now);
  dead = false;
  /** Its 2xx that nobody acknowledged in 64*T1. */
  unacknowledged = 0;

  /** Says yes to whatever is within reason, at once: to see whether what is left of the calls works. */
  obliging = false;
  /** What Weir should never do to a party. */
  readonly faults: string[] = [];

  constructor({ world, wire, place, temper, seed }: SimPartyOptions) {
    this.world = world;
    this.temper = temper;
    this.rng = seededRng(seed);
    this.party = world.party(place.zone, place.address, place.port);
    const own: Flow = { ...this.party.flow, localHost: place.address, localPort: place.port };
    const { receive } = this.party;
    this.party.receive = (bytes) => {
      receive.call(this.party, bytes);
      const result = parseMessage(Uint8Array.from(bytes), 'datagram');
      wire.carry((now) => {
        if (!this.dead && result.kind === 'message') this.layer.receive(result.message, own, now);
      });
    };
    this.layer = new TransactionLayer({
      transport: {
        send: (_flow, bytes) => {
          const text = Buffer.from(bytes).toString('latin1');
          if (!this.dead) wire.carry(() => world.deliver(this.party, text));
          return 'sent';
        },
        reply: (_request, flow) => flow,
        streamSibling: () => undefined,
      },
      user: {
        request: (server, now) => this.#request(server, now),
        ack: (request) => this.#acked(request),
        cancelled: (server, _cancel, now) => this.cancelled(server, now),
        strayResponse() {},
      },
      timers: world.timers,
      rng: seededRng(seed + 77),
    });
  }

  get flow(): Flow {
    const host = this.party.place.zone === 'outside' ? outsideAddress : insideAddress;
    const { address, port } = this.party.place;
    return { ...this.party.flow, address: host, port: 5060, localHost: address, localPort: port };
  }

  /** Runs `step` after up to `ms`, unless the party is dead by then. */
  later(ms: number, step: (now: number) => void): void {
    this.world.timers.schedule(this.world.now + 1 + this.rng.int(ms), (now) => {
      if (!this.dead) step(now);
    });
  }

  description(): string {
    const direction = ['sendrecv', 'sendonly', 'recvonly', 'inactive'][this.rng.int(8)] ?? 'sendrecv';
    const { address, zone } = this.party.place;
    const host = zone === 'inside' && this.rng.int(3) === 0 ? '10.77.77.77' : address;
    return sdp(host, 4000 + 2 * this.rng.int(100), [`a=${direction}`]);
  }

  addSdp(message: SipRequest | SipResponse): void {
    message.headers.set('content-type', 'application/sdp');
    message.body = Buffer.from(this.description());
  }

  /** Contact, and on the inside what must not be seen outside. */
  dress(headers: Headers): void {
    headers.append('contact', `<sip:${this.party.place.zone}@${this.party.hostPort}>`);
    headers.append('allow', 'INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, INFO, REFER, NOTIFY, MESSAGE');
    if (this.party.place.zone === 'inside' && this.rng.int(2) === 0) for (const [name, value] of planted) headers.append(name, value);
  }

  respond(server: ServerTransaction, status: number, now: number, options: { tag?: string; sdp?: boolean } = {}): void {
    const response = replyTo(server.request, status);
    if (options.tag !== undefined && tagOf(server.request.to) === undefined)
      response.headers.set('to', `${response.headers.get('to')};tag=${options.tag}`);
    this.dress(response.headers);
    if (options.sdp === true) this.addSdp(response);
    server.respond(response, now);
  }

  send(request: SipRequest, observer: ClientObserver): ClientTransaction {
    return this.layer.send(request, this.flow, observer, this.world.now);
  }

  addLeg(dialog: Dialog, call: string): SimLeg {
    const key = keyOf(dialog.callId, dialog.localTag, dialog.remoteTag);
    const leg = this.legs.get(key) ?? {
      dialog,
      call,
      standing: false,
      busy: false,
      accepted: undefined,
      acceptedInvite: undefined,
      open: new Set(),
      acks: new Map(),
    };
    this.legs.set(key, leg);
    return leg;
  }

  /** Sends a 2xx to an INVITE until it is acknowledged, and hangs up when it never is. */
  accept(leg: SimLeg, server: ServerTransaction, response: SipResponse, now: number): void {
    leg.open.delete(server);
    leg.busy = true;
    leg.acceptedInvite = server.request;
    const accepted = new AcceptedInvite({
      timers: this.world.timers,
      t1Ms: 500,
      send: (at) => server.respond(response, at),
      unacknowledged: () => {
        this.unacknowledged++;
        this.hangUp(leg);
      },
    });
    leg.accepted?.stop();
    leg.accepted = accepted;
    accepted.start(now);
  }

  ack(leg: SimLeg, sequence: number, withSdp: boolean): void {
    const known = leg.acks.get(sequence);
    const ack = known ?? ackRequest(leg.dialog, sequence);
    if (known === undefined && withSdp) this.addSdp(ack);
    leg.acks.set(sequence, ack);
    leg.busy = false;
    this.layer.sendAck(ack, this.flow);
  }

  hangUp(leg: SimLeg): void {
    if (!leg.standing) return;
    this.#gone(leg);
    const bye = nextRequest(leg.dialog, 'BYE');
    this.dress(bye.headers);
    this.send(bye, { response() {}, failed() {} });
  }

  #gone(leg: SimLeg): void {
    leg.standing = false;
    leg.accepted?.stop();
    // Who keeps silent keeps silent to the end.
    for (const server of leg.open) if (!server.answered && !chance(this.rng, this.temper.silent)) this.respond(server, 487, this.world.now);
    leg.open.clear();
  }

  #acked(request: SipRequest): void {
    const leg = this.find(request);
    const invite = leg?.acceptedInvite;
    if (leg === undefined || invite?.cseq.sequence !== request.cseq.sequence || leg.accepted?.acknowledged() !== true) return;
    leg.busy = false;
    // A re-INVITE without SDP got an offer, whose answer belongs into the ACK, unless the call is just ending.
    if (tagOf(invite.to) === undefined || invite.body.length > 0 || request.body.length > 0) return;
    this.later(5000, () => {
      if (leg.standing) this.faults.push(`${this.party.hostPort} got no answer to its offer`);
    });
  }

  find(request: SipRequest): SimLeg | undefined {
    return this.legs.get(keyOf(request.callId, tagOf(request.to) ?? '', tagOf(request.from) ?? ''));
  }

  #request(server: ServerTransaction, now: number): void {
    const { request } = server;
    if (tagOf(request.to) === undefined) {
      if (request.method === 'INVITE') this.invited(server, now);
      else this.respond(server, 200, now, { tag: 'alone' });
      return;
    }
    const leg = this.find(request);
    if (leg === undefined) return this.respond(server, 481, now);
    if (request.method === 'BYE') {
      this.#gone(leg);
      return this.respond(server, 200, now);
    }
    // A dialog that this party has hung up, or that never was more than early, knows only what belongs to its INVITE.
    if (!leg.standing && request.method !== 'PRACK' && request.method !== 'UPDATE' && request.method !== 'NOTIFY')
      return this.respond(server, 481, now);
    if (request.method === 'INVITE') this.#noteInvite(leg, server);
    if (this.obliging) return this.#answerWithin(leg, server, now);
    if (chance(this.rng, this.temper.silent)) {
      if (request.method === 'INVITE' && this.rng.int(2) === 0) this.respond(server, 180, now);
      return;
    }
    this.later(this.rng.int(4) === 0 ? 3000 : 200, (at) => this.#answerWithin(leg, server, at));
  }

  /** RFC 3261 section 14.1: one INVITE at a time, whoever sends it. */
  #noteInvite(leg: SimLeg, server: ServerTransaction): void {
    if ([...leg.open].some((other) => !other.answered)) this.faults.push(`${this.party.hostPort} got an INVITE into an open one`);
    leg.open.add(server);
  }

  #answerWithin(leg: SimLeg, server: ServerTransaction, now: number): void {
    const { method, body } = server.request;
    if (method === 'INVITE') return this.#reInvited(leg, server, now);
    const refused = !this.obliging && chance(this.rng, this.temper.refusesWithin);
    if (method === 'UPDATE' && refused) return this.respond(server, [488, 491, 500][this.rng.int(3)] ?? 488, now);
    if (method === 'REFER') return refused ? this.respond(server, 603, now) : this.#transfer(leg, server, now);
    if (refused && method !== 'PRACK') return this.respond(server, [405, 500][this.rng.int(2)] ?? 405, now);
    this.respond(server, 200, now, { sdp: method === 'UPDATE' && body.length > 0 });
    // A reliable provisional is agreed on: its sender may already offer anew.
    if (method === 'PRACK' && this.rng.int(3) === 0) this.later(500, () => this.#updateEarly(leg));
  }

  #updateEarly(leg: SimLeg): void {
    if (leg.standing) return;
    const update = nextRequest(leg.dialog, 'UPDATE');
    this.dress(update.headers);
    this.addSdp(update);
    this.send(update, { response() {}, failed() {} });
  }

  #reInvited(leg: SimLeg, server: ServerTransaction, now: number): void {
    if (server.answered) return;
    if (!leg.standing) return this.respond(server, 487, now);
    // Glare: an INVITE of our own, or a 2xx of ours without its ACK.
    if (leg.busy) return this.respond(server, 491, now);
    if (this.obliging) return this.#acceptAgain(leg, server, now);
    if (chance(this.rng, this.temper.refusesWithin)) return this.respond(server, [488, 491, 500, 606][this.rng.int(4)] ?? 488, now);
    if (this.rng.int(3) === 0) this.respond(server, 180, now);
    this.later(2000, (at) => {
      if (!server.answered) this.#acceptAgain(leg, server, at);
    });
  }

  #acceptAgain(leg: SimLeg, server: ServerTransaction, now: number): void {
    const response = replyTo(server.request, 200);
    this.dress(response.headers);
    this.addSdp(response);
    this.accept(leg, server, response, now);
  }

  #transfer(leg: SimLeg, server: ServerTransaction, now: number): void {
    this.respond(server, 202, now);
    for (const state of ['active;expires=60', 'terminated;reason=noresource']) {
      this.later(4000, () => {
        const notify = nextRequest(leg.dialog, 'NOTIFY');
        this.dress(notify.headers);
        notify.headers.append('event', `refer;id=${server.request.cseq.sequence}`);
        notify.headers.append('subscription-state', state);
        notify.headers.append('content-type', 'message/sipfrag');
        notify.body = Buffer.from(`SIP/2.0 200 ${sentinel}\r\n`);
        this.send(notify, { response() {}, failed() {} });
      });
    }
  }
}

function keyOf(callId: string, localTag: string, remoteTag: string): string {
  return `${callId} ${localTag} ${remoteTag}`;
}
