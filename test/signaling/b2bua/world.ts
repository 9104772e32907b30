// A whole signaling plane in virtual time: the real B2BUA, transactions, dialogs and session engine between scripted
// parties that see and send plain SIP text. The wire may lose and double what it carries. Nothing sleeps.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { type Log, silentLog } from '../../../shared/log.ts';
import { type Rng, seededRng } from '../../../shared/rng.ts';
import { TimerQueue } from '../../../shared/timer-queue.ts';
import { B2bua } from '../../../signaling/b2bua/b2bua.ts';
import type { Cdr } from '../../../signaling/b2bua/cdr.ts';
import type { B2buaContext } from '../../../signaling/b2bua/context.ts';
import { DialogTable } from '../../../signaling/b2bua/dialog-table.ts';
import { DialogSender } from '../../../signaling/b2bua/leg-sender.ts';
import { Pool } from '../../../signaling/balancer/pool.ts';
import { type Config, type ConfigInput, configSchema } from '../../../signaling/config/schema.ts';
import { Router } from '../../../signaling/routing/router.ts';
import { ZoneTable } from '../../../signaling/routing/zone.ts';
import { SessionEngine } from '../../../signaling/session/session-engine.ts';
import type { SipMessage } from '../../../signaling/sip/message/message.ts';
import { parseMessage } from '../../../signaling/sip/message/parse-message.ts';
import { hostAddress, type parseUri } from '../../../signaling/sip/message/uri.ts';
import { TransactionLayer } from '../../../signaling/sip/transaction/layer.ts';
import type { Flow, Protocol, Target } from '../../../signaling/sip/transport/flow.ts';
import { FakeRelay } from './fake-relay.ts';

export const outsideAddress = '198.51.100.1';
export const insideAddress = '10.0.0.1';

export function worldConfig(changes: { outside?: object; inside?: object; pool?: object; root?: object } = {}): Config {
  const input = {
    zones: [
      {
        name: 'outside',
        side: 'outside',
        listeners: [
          { protocol: 'udp', address: outsideAddress, port: 5060 },
          { protocol: 'tcp', address: outsideAddress, port: 5060 },
        ],
        media: [{ address: outsideAddress }],
        allow: ['203.0.113.0/24'],
        ...changes.outside,
      },
      {
        name: 'inside',
        side: 'inside',
        listeners: [
          { protocol: 'udp', address: insideAddress, port: 5060 },
          { protocol: 'tcp', address: insideAddress, port: 5060 },
        ],
        media: [{ address: insideAddress }],
        ...changes.inside,
      },
    ],
    pools: [
      {
        name: 'pool',
        zone: 'inside',
        nodes: [
          { name: 'n1', uri: 'sip:10.0.0.11:5060' },
          { name: 'n2', uri: 'sip:10.0.0.12:5060' },
          { name: 'n3', uri: 'sip:10.0.0.13:5060' },
        ],
        ...changes.pool,
      },
    ],
    routing: { pool: 'pool', outbound: { zone: 'outside' } },
    ...changes.root,
  };
  return configSchema.parse(input satisfies unknown as ConfigInput);
}

export class World {
  now = 1_000_000;
  readonly timers = new TimerQueue();
  readonly relay = new FakeRelay();
  readonly records: Map<string, string> = new Map();
  readonly cdrs: Cdr[] = [];
  readonly b2bua: B2bua;
  readonly context: B2buaContext;
  readonly layer: TransactionLayer;
  readonly #parties: Map<string, Party> = new Map();
  readonly #rng: Rng;
  /** What the wire does with one datagram: how many copies arrive. */
  copies: () => number = () => 1;

  constructor(config: Config = worldConfig(), seed = 1, log: Log = silentLog) {
    this.#rng = seededRng(seed);
    const zones = new ZoneTable(config.zones);
    const resolver = {
      resolve(uri: NonNullable<ReturnType<typeof parseUri>>, done: (result: { targets: Target[] } | { error: string }) => void) {
        const protocol = (uri.params.get('transport') ?? 'udp') as Protocol;
        done({ targets: [{ protocol, address: hostAddress(uri), port: uri.port ?? 5060 }] });
      },
    };
    const flows = {
      route: (zone: string, target: Target) => this.#flow(zone, target),
      isLive: () => true,
    };
    const layer: TransactionLayer = new TransactionLayer({
      transport: {
        send: (flow, bytes) => this.#carry(flow, Uint8Array.from(bytes)),
        reply: (_request, flow) => flow,
        streamSibling: (flow) => this.#flow(flow.zone, { protocol: 'tcp', address: flow.address, port: flow.port }),
      },
      user: {
        request: (server, now) => this.b2bua.request(server, now),
        ack: (request, flow) => this.b2bua.ack(request, flow),
        cancelled: (server, cancel) => this.b2bua.cancelled(server, cancel),
        strayResponse: (response, flow) => this.b2bua.strayResponse(response, flow),
      },
      timers: this.timers,
      rng: this.#rng,
    });
    this.layer = layer;
    const pools = new Map(config.pools.map((pool) => [pool.name, new Pool(pool)]));
    this.context = {
      transactions: layer,
      flows,
      resolver,
      sender: new DialogSender({ transactions: layer, flows, resolver, now: () => this.now }),
      session: new SessionEngine({
        relay: this.relay,
        rng: this.#rng,
        randomBytes,
        log,
        limits: { ...config.media, calls: config.limits.calls },
      }),
      timers: this.timers,
      rng: this.#rng,
      zones,
      dialogs: new DialogTable(),
      router: new Router({ config, zones, resolver, pools }),
      book: {
        putRecord: (id, json) => void this.records.set(id, json),
        deleteRecord: (id) => void this.records.delete(id),
        appendCdr: () => {},
      },
      limits: config.limits,
      t1Ms: 500,
      userAgent: 'Weir',
      log,
      faults: { warn() {} },
      now: () => this.now,
      wallClock: () => 0,
    };
    this.b2bua = new B2bua(this.context, (cdr) => this.cdrs.push(cdr));
  }

  party(zone: 'outside' | 'inside', address: string, port = 5060, protocol: Protocol = 'udp'): Party {
    const party = new Party(this, { zone, address, port, protocol });
    this.#parties.set(`${zone} ${address}:${port}`, party);
    return party;
  }

  /** Lets everything that is due at this moment happen, awaited media included. */
  async settle(): Promise<void> {
    for (let i = 0; i < 6; i++) {
      this.timers.tick(this.now);
      await turn();
    }
  }

  /** Moves the clock, firing timers at their own times. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await this.settle();
    while (this.timers.deadline() <= end) {
      this.now = Math.max(this.now, this.timers.deadline());
      await this.settle();
    }
    this.now = end;
    await this.settle();
  }

  /** Nothing is left of any call: no dialog, no record, no session; timers run out by themselves. */
  async assertEmpty(): Promise<void> {
    await this.pass(300_000);
    assert.equal(this.b2bua.calls, 0, 'calls left');
    assert.equal(this.context.dialogs.size, 0, 'dialogs left');
    assert.equal(this.records.size, 0, 'records left');
    assert.equal(this.relay.sessions.size, 0, 'media sessions left');
    assert.equal(this.timers.size, 0, 'timers left');
    assert.equal(this.layer.counters.serverTransactions, 0, 'requests that were never answered');
    assert.equal(this.layer.counters.clientTransactions, 0, 'requests of ours that never end');
  }

  /** From Weir to a party, as if by the transports. */
  send(flow: Flow, bytes: Uint8Array): void {
    this.#carry(flow, bytes);
  }

  /** From a party to Weir. */
  deliver(from: Party, text: string): void {
    for (let copy = 0; copy < this.copies(); copy++) {
      const result = parseMessage(Buffer.from(text, 'latin1'), 'datagram');
      assert.equal(result.kind, 'message', `a party sent what does not parse: ${text}`);
      if (result.kind === 'message') this.layer.receive(result.message, from.flow, this.now);
    }
  }

  #carry(flow: Flow, bytes: Uint8Array): 'sent' {
    const party = this.#parties.get(`${flow.zone} ${flow.address}:${flow.port}`);
    for (let copy = 0; copy < this.copies(); copy++) party?.receive(bytes);
    return 'sent';
  }

  #flow(zone: string, target: Target): Flow {
    return {
      zone,
      listener: `${zone}-${target.protocol}`,
      protocol: target.protocol,
      address: target.address,
      port: target.port,
      connection: target.protocol === 'udp' ? 0 : 1,
      localHost: zone === 'outside' ? outsideAddress : insideAddress,
      localPort: 5060,
    };
  }
}

export interface Place {
  readonly zone: 'outside' | 'inside';
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/** One scripted user agent: `heard` is everything it received, `expect` takes the next that fits. */
export class Party {
  readonly world: World;
  readonly place: Place;
  readonly heard: SipMessage[] = [];
  readonly texts: string[] = [];
  #taken = 0;
  #branch = 0;

  constructor(world: World, place: Place) {
    this.world = world;
    this.place = place;
  }

  get flow(): Flow {
    const { zone, address, port, protocol } = this.place;
    const localHost = zone === 'outside' ? outsideAddress : insideAddress;
    const connection = protocol === 'udp' ? 0 : 1;
    return { zone, listener: `${zone}-${protocol}`, protocol, address, port, connection, localHost, localPort: 5060 };
  }

  get hostPort(): string {
    return `${this.place.address}:${this.place.port}`;
  }

  /** A Via of its own with a new branch. */
  via(): string {
    return `SIP/2.0/${this.place.protocol.toUpperCase()} ${this.hostPort};branch=z9hG4bK${this.place.address}-${++this.#branch};rport`;
  }

  receive(bytes: Uint8Array): void {
    const result = parseMessage(bytes, 'datagram');
    assert.equal(result.kind, 'message', 'Weir sent what does not parse');
    if (result.kind === 'message') this.heard.push(result.message);
    this.texts.push(Buffer.from(bytes).toString('latin1'));
  }

  /** Sends lines; Content-Length and the empty line are added, `body` is SDP unless a Content-Type is among the lines. */
  async send(lines: readonly string[], body = ''): Promise<void> {
    const type = body === '' || lines.some((line) => /^content-type:/i.test(line)) ? [] : ['Content-Type: application/sdp'];
    const text = [...lines, ...type, `Content-Length: ${body.length}`, '', body].join('\r\n');
    this.world.deliver(this, text);
    await this.world.settle();
  }

  /** The next message not yet taken, which must be a request of `method` or a response of `status` (retransmissions are skipped). */
  expect<K extends string | number>(what: K): Extract<SipMessage, { kind: K extends string ? 'request' : 'response' }> {
    const message = this.find(what);
    const seen = this.heard.slice(this.#taken).map(describe).join(', ');
    assert.ok(message !== undefined, `${this.place.zone} ${this.hostPort} expected ${what}, heard: ${seen || 'nothing'}`);
    return message as Extract<SipMessage, { kind: K extends string ? 'request' : 'response' }>;
  }

  find(what: string | number): SipMessage | undefined {
    for (let i = this.#taken; i < this.heard.length; i++) {
      const message = this.heard[i];
      if (message === undefined || describe(message) !== String(what)) continue;
      this.#taken = i + 1;
      return message;
    }
    return undefined;
  }

  /** How often it heard a request of that method or a response of that status, all in all. */
  count(what: string | number): number {
    return this.heard.filter((message) => describe(message) === String(what)).length;
  }

  /** A response to a request it received: Via, From, To, Call-ID and CSeq copied. */
  async answer(
    request: SipMessage,
    status: number,
    options: { tag?: string; lines?: readonly string[]; body?: string } = {},
  ): Promise<void> {
    const to = request.headers.get('to') ?? '';
    const tagged = options.tag === undefined || to.includes(';tag=') ? to : `${to};tag=${options.tag}`;
    await this.send(
      [
        `SIP/2.0 ${status} Whatever`,
        ...request.headers.getAll('via').map((via) => `Via: ${via}`),
        ...request.headers.getAll('record-route').map((route) => `Record-Route: ${route}`),
        `From: ${request.headers.get('from')}`,
        `To: ${tagged}`,
        `Call-ID: ${request.headers.get('call-id')}`,
        `CSeq: ${request.headers.get('cseq')}`,
        ...(status < 300 && status > 100 ? [`Contact: <sip:party@${this.hostPort}>`] : []),
        ...(options.lines ?? []),
      ],
      options.body,
    );
  }
}

function describe(message: SipMessage): string {
  return message.kind === 'request' ? message.method : String(message.status);
}

export function sdp(address: string, port: number, extra: readonly string[] = []): string {
  const lines = [
    'v=0',
    `o=- 1 1 IN IP4 ${address}`,
    's=-',
    `c=IN IP4 ${address}`,
    't=0 0',
    `m=audio ${port} RTP/AVP 0 101`,
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    ...extra,
    '',
  ];
  return lines.join('\r\n');
}
