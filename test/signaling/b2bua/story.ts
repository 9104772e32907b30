// The usual beginnings of a call between a phone outside and a node inside, so that a test can start where it matters.
import type { SipRequest } from '../../../signaling/sip/message/request.ts';
import type { SipResponse } from '../../../signaling/sip/message/response.ts';
import { type Party, sdp, World, worldConfig } from './world.ts';

export class Caller {
  readonly party: Party;
  readonly callId: string;
  readonly tag: string;
  #sequence = 1;
  /** To of the dialog, once there is one. */
  to = '<sip:echo@198.51.100.1>';

  constructor(party: Party, callId = 'call-1', tag = 'a1') {
    this.party = party;
    this.callId = callId;
    this.tag = tag;
  }

  get sequence(): number {
    return this.#sequence;
  }

  lines(method: string, extra: readonly string[] = [], sequence = this.#sequence): string[] {
    return [
      `${method} sip:echo@198.51.100.1 SIP/2.0`,
      `Via: ${this.party.via()}`,
      `From: "Alice" <sip:alice@example.com>;tag=${this.tag}`,
      `To: ${this.to}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${sequence} ${method}`,
      `Contact: <sip:alice@${this.party.hostPort}>`,
      'Max-Forwards: 70',
      ...extra,
    ];
  }

  /** A request with the next CSeq (the first INVITE has 1). */
  async request(method: string, extra: readonly string[] = [], body = ''): Promise<void> {
    if (method !== 'INVITE' || this.to.includes(';tag=')) this.#sequence++;
    await this.party.send(this.lines(method, extra), body);
  }

  async ack(body = '', sequence = this.#sequence): Promise<void> {
    await this.party.send(this.lines('ACK', [], sequence), body);
  }

  /** CANCEL of the last INVITE: the same branch. */
  async cancel(invite: readonly string[]): Promise<void> {
    await this.party.send(
      invite.map((line) => line.replace(/^INVITE /, 'CANCEL ').replace(/ INVITE$/, ' CANCEL')).filter((line) => !/^contact/i.test(line)),
    );
  }
}

/** The node's side of the dialog that an INVITE of Weir made. */
export class Callee {
  readonly party: Party;
  readonly invite: SipRequest;
  readonly tag: string;
  #sequence = 100;

  constructor(party: Party, invite: SipRequest, tag = 'n1') {
    this.party = party;
    this.invite = invite;
    this.tag = tag;
  }

  async request(method: string, extra: readonly string[] = [], body = '', sequence = ++this.#sequence): Promise<void> {
    const contact = /<([^>]*)>/.exec(this.invite.headers.get('contact') ?? '')?.[1] ?? '';
    await this.party.send(
      [
        `${method} ${contact} SIP/2.0`,
        `Via: ${this.party.via()}`,
        `From: ${this.invite.headers.get('to')};tag=${this.tag}`,
        `To: ${this.invite.headers.get('from')}`,
        `Call-ID: ${this.invite.callId}`,
        `CSeq: ${sequence} ${method}`,
        `Contact: <sip:node@${this.party.hostPort}>`,
        'Max-Forwards: 70',
        ...extra,
      ],
      body,
    );
  }

  answer(status: number, options: { lines?: readonly string[]; body?: string } = {}): Promise<void> {
    return this.party.answer(this.invite, status, { tag: this.tag, ...options });
  }
}

export interface Story {
  readonly world: World;
  readonly phone: Party;
  readonly node: Party;
  readonly caller: Caller;
  readonly callee: Callee;
}

export const phoneSdp = sdp('203.0.113.5', 4000);
export const nodeSdp = sdp('10.0.0.11', 6000);

/** The INVITE has reached the node. */
export async function inviting(
  options: { config?: ReturnType<typeof worldConfig>; extra?: readonly string[]; body?: string; seed?: number } = {},
): Promise<Story> {
  const world = new World(options.config ?? worldConfig(), options.seed ?? 1);
  const phone = world.party('outside', '203.0.113.5', 5080);
  const node = world.party('inside', '10.0.0.11');
  const caller = new Caller(phone);
  await caller.request('INVITE', options.extra ?? [], options.body ?? phoneSdp);
  phone.expect(100);
  return { world, phone, node, caller, callee: new Callee(node, node.expect('INVITE')) };
}

/** The call stands: answered and acknowledged. */
export async function talking(options: Parameters<typeof inviting>[0] = {}): Promise<Story> {
  const story = await inviting(options);
  await story.callee.answer(200, { body: nodeSdp });
  joined(story.caller, story.phone.expect(200));
  await story.caller.ack();
  story.node.expect('ACK');
  return story;
}

export function joined(caller: Caller, response: SipResponse): void {
  caller.to = response.headers.get('to') ?? '';
}

export async function hangUp({ phone, node, caller }: Pick<Story, 'phone' | 'node' | 'caller'>): Promise<void> {
  await caller.request('BYE');
  phone.expect(200);
  await node.answer(node.expect('BYE'), 200);
}

export function bodyOf(message: { body: Uint8Array }): string {
  return Buffer.from(message.body).toString('latin1');
}
