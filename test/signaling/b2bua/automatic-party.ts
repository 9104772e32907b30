// A user agent that behaves by itself over a bad wire: retransmits, answers calls after 100 and 180, acknowledges, hangs up.
// Made of Weir's own transaction layer, so that both ends of the wire keep RFC 3261's timers.

import { seededRng } from '../../../shared/rng.ts';
import { AcceptedInvite } from '../../../signaling/sip/dialog/accepted-invite.ts';
import { ackRequest, createUacDialog, createUasDialog, type Dialog, nextRequest } from '../../../signaling/sip/dialog/dialog.ts';
import { Headers } from '../../../signaling/sip/message/headers.ts';
import { parseMessage } from '../../../signaling/sip/message/parse-message.ts';
import { replyTo } from '../../../signaling/sip/message/reply.ts';
import { SipRequest } from '../../../signaling/sip/message/request.ts';
import type { SipResponse } from '../../../signaling/sip/message/response.ts';
import { TransactionLayer } from '../../../signaling/sip/transaction/layer.ts';
import type { ServerTransaction } from '../../../signaling/sip/transaction/transaction.ts';
import type { Flow } from '../../../signaling/sip/transport/flow.ts';
import { insideAddress, outsideAddress, type Party, sdp, type World } from './world.ts';

export class UserAgent {
  readonly #world: World;
  readonly #party: Party;
  readonly #layer: TransactionLayer;
  readonly #dialogs: Map<string, Dialog> = new Map();
  readonly #accepted: Map<string, AcceptedInvite> = new Map();
  /** Call-IDs of every INVITE that began a call here. */
  readonly callIds: Set<string> = new Set();

  constructor(world: World, zone: 'outside' | 'inside', address: string, port: number) {
    this.#world = world;
    const party = world.party(zone, address, port);
    this.#party = party;
    const weir: Flow = { ...party.flow, localHost: address, localPort: port };
    party.receive = (bytes) => {
      const result = parseMessage(Uint8Array.from(bytes), 'datagram');
      if (result.kind === 'message') this.#layer.receive(result.message, weir, world.now);
    };
    this.#layer = new TransactionLayer({
      transport: {
        send: (_flow, bytes) => {
          world.deliver(party, Buffer.from(bytes).toString('latin1'));
          return 'sent';
        },
        reply: (_request, flow) => flow,
        streamSibling: () => undefined,
      },
      user: {
        request: (server, now) => this.#request(server, now),
        ack: (request) => {
          this.#accepted.get(request.callId)?.acknowledged();
        },
        cancelled: (server, _cancel, now) => server.respond(replyTo(server.request, 487), now),
        strayResponse: () => {},
      },
      timers: world.timers,
      rng: seededRng(port * 31 + Number(address.split('.').at(-1))),
    });
  }

  /** Calls that are answered and not hung up. */
  get standing(): ReadonlySet<string> {
    return new Set(this.#dialogs.keys());
  }

  call(callId: string): void {
    const headers = new Headers();
    headers.append('max-forwards', '70');
    headers.append('from', `<sip:alice@example.com>;tag=${callId}`);
    headers.append('to', '<sip:echo@198.51.100.1>');
    headers.append('call-id', callId);
    headers.append('cseq', '1 INVITE');
    headers.append('contact', `<sip:alice@${this.#party.hostPort}>`);
    headers.append('content-type', 'application/sdp');
    const body = Buffer.from(sdp(this.#party.place.address, 4000));
    const invite = new SipRequest({ method: 'INVITE', uri: 'sip:echo@198.51.100.1', headers, body });
    this.#layer.send(invite, this.#flow(), { response: (response) => this.#answered(invite, response), failed() {} }, this.#world.now);
  }

  async hangUpAll(): Promise<void> {
    for (const dialog of this.#dialogs.values()) {
      this.#layer.send(nextRequest(dialog, 'BYE'), this.#flow(), { response() {}, failed() {} }, this.#world.now);
      this.#dialogs.delete(dialog.callId);
      await this.#world.settle();
    }
  }

  #flow(): Flow {
    const { flow } = this.#party;
    const host = flow.zone === 'outside' ? outsideAddress : insideAddress;
    return { ...flow, address: host, port: 5060, localHost: this.#party.place.address, localPort: this.#party.place.port };
  }

  #answered(invite: SipRequest, response: SipResponse): void {
    if (response.status < 200 || response.status >= 300) return;
    const dialog = createUacDialog(invite, response);
    if (dialog === undefined) return;
    if (!this.#dialogs.has(dialog.callId)) this.#dialogs.set(dialog.callId, dialog);
    this.#layer.sendAck(ackRequest(dialog, 1), this.#flow());
  }

  #request(server: ServerTransaction, now: number): void {
    const { request } = server;
    if (request.method === 'BYE') {
      this.#dialogs.delete(request.callId);
      this.#accepted.get(request.callId)?.stop();
      return server.respond(replyTo(request, 200), now);
    }
    if (request.method !== 'INVITE') return server.respond(replyTo(request, 200), now);
    this.callIds.add(request.callId);
    server.respond(replyTo(request, 100), now);
    this.#world.timers.schedule(now + 500, (at) => this.#accept(server, at));
  }

  #accept(server: ServerTransaction, now: number): void {
    if (server.answered) return;
    const { request } = server;
    const dialog = createUasDialog(request, 'uas');
    const response = replyTo(request, 200);
    response.headers.set('to', `${response.headers.get('to')};tag=uas`);
    response.headers.append('contact', `<sip:node@${this.#party.hostPort}>`);
    response.headers.append('content-type', 'application/sdp');
    response.body = Buffer.from(sdp(this.#party.place.address, 6000));
    this.#dialogs.set(request.callId, dialog);
    const accepted = new AcceptedInvite({
      timers: this.#world.timers,
      t1Ms: 500,
      send: (at) => server.respond(response, at),
      unacknowledged: () => {
        this.#dialogs.delete(request.callId);
      },
    });
    this.#accepted.set(request.callId, accepted);
    accepted.start(now);
  }
}
