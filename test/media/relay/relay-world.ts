// A worker without thread and sockets: the session table over memory I/O, a clock moved by hand, and two zones, one on the internet and
// one inside. Stories about calls are told with it.

import { chooseCrypto } from '../../../media/crypto/choose-crypto.ts';
import { LocalPorts } from '../../../media/relay/local-ports.ts';
import { OwnSockets } from '../../../media/relay/own-sockets.ts';
import { SessionTable } from '../../../media/relay/session-table.ts';
import { TargetPolicy } from '../../../media/relay/target-policy.ts';
import type { RelayEvent, RelayReply } from '../../../shared/relay/messages.ts';
import type { TransportReport } from '../../../shared/relay/report.ts';
import type { MediaAddress, ReservedTransport, StreamState, TransportState } from '../../../shared/relay/session-state.ts';
import { localAddresses, type MediaInterface } from '../../../shared/relay/worker-options.ts';
import { seededRng } from '../../../shared/rng.ts';
import { TimerQueue } from '../../../shared/timer-queue.ts';
import { MemoryIo, type Sent } from '../../support/memory-io.ts';
import { type RtpFields, rtpBytes } from '../../support/rtp-bytes.ts';

export const outside: MediaInterface = {
  name: 'outside',
  family: 4,
  address: '203.0.113.1',
  advertised: '203.0.113.1',
  allowed: [],
  denied: [],
};
export const inside: MediaInterface = { ...outside, name: 'inside', address: '10.0.0.1', advertised: '10.0.0.1' };

export const pcma = { payloadType: 8, name: 'PCMA', clockRate: 8000 };

export class RelayWorld {
  readonly io = new MemoryIo();
  readonly timers = new TimerQueue();
  readonly posted: (RelayReply | RelayEvent)[] = [];
  readonly table: SessionTable;
  readonly ports: LocalPorts[];
  now = 1000;
  drained = false;
  #ref = 0;
  #revision = 0;

  constructor(options: { readonly interfaces?: readonly MediaInterface[]; readonly min?: number; readonly max?: number } = {}) {
    const interfaces = options.interfaces ?? [outside, inside];
    const rng = seededRng(7);
    const own = new OwnSockets({
      interfaces,
      openPorts: new SharedArrayBuffer(8192 * localAddresses(interfaces).length),
      ownEndpoints: [{ address: '0.0.0.0', port: 5060 }],
    });
    const { io, timers } = this;
    const open = interfaces.map((media) => ({
      media,
      policy: new TargetPolicy(media, own),
      ports: new LocalPorts({
        address: media.address,
        min: options.min ?? 20_000,
        max: options.max ?? 29_999,
        receiveBufferBytes: 65_536,
        io,
        timers,
        rng,
        own,
      }),
    }));
    this.ports = open.map((one) => one.ports);
    const post = (message: RelayReply | RelayEvent): void => {
      this.posted.push(message);
    };
    const drained = (): void => {
      this.drained = true;
    };
    this.table = new SessionTable({ io, timers, rng, interfaces: open, crypto: chooseCrypto().crypto, post, drained });
  }

  /** Moves the clock and fires what is due on the way. */
  pass(ms: number): void {
    const until = this.now + ms;
    while (this.timers.deadline() <= until) {
      this.now = Math.max(this.now, this.timers.deadline());
      this.timers.tick(this.now);
    }
    this.now = until;
  }

  command(command: object): RelayReply | undefined {
    const ref = ++this.#ref;
    this.table.command({ ref, ...command }, this.now);
    return this.replyTo(ref);
  }

  replyTo(ref: number): RelayReply | undefined {
    return this.posted.find((message): message is RelayReply => 'ref' in message && message.ref === ref);
  }

  get lastRef(): number {
    return this.#ref;
  }

  events(kind: RelayEvent['kind']): RelayEvent[] {
    return this.posted.filter((message): message is RelayEvent => message.kind === kind);
  }

  reserve(
    session: string,
    transports: readonly { id: number; interface?: string; family?: 4 | 6; rtcp?: 'pair' | 'mux' }[],
  ): readonly ReservedTransport[] {
    const requests = transports.map((one) => ({ interface: 'outside', family: 4, rtcp: 'pair', ...one }));
    const reply = this.command({ kind: 'reserve', session, transports: requests });
    if (reply?.kind !== 'reserved') throw new Error(`not reserved: ${JSON.stringify(reply)}`);
    return reply.transports;
  }

  apply(session: string, state: { transports: readonly TransportState[]; streams?: readonly StreamState[]; timeoutMs?: number }): void {
    const { transports, streams = bothWays(transports), timeoutMs = 60_000 } = state;
    const reply = this.command({ kind: 'apply', session, revision: ++this.#revision, state: { transports, streams, timeoutMs } });
    if (reply?.kind !== 'ok') throw new Error(`not applied: ${JSON.stringify(reply)}`);
  }

  report(session: string): readonly TransportReport[] {
    const reply = this.command({ kind: 'query', session });
    if (reply?.kind !== 'report') throw new Error(`no report: ${JSON.stringify(reply)}`);
    return reply.transports;
  }

  release(session: string): readonly TransportReport[] {
    const reply = this.command({ kind: 'release', session });
    if (reply?.kind !== 'report') throw new Error(`not released: ${JSON.stringify(reply)}`);
    return reply.transports;
  }

  /** Delivers a datagram; returns what was sent because of it. */
  deliver(source: string, to: Pick<MediaAddress, 'address' | 'port'>, payload: Uint8Array): Sent[] {
    this.io.take();
    this.table.packet(this.io.datagram(source, to.address, to.port, payload), this.now);
    return this.io.take();
  }
}

/** The plain call of most stories: caller outside, node inside, both where their SDP says. */
export class PlainCall {
  readonly world: RelayWorld;
  readonly caller: ReservedTransport;
  readonly node: ReservedTransport;
  readonly session: string;

  constructor(world: RelayWorld, session = 'call', rtcp: 'pair' | 'mux' = 'pair') {
    this.world = world;
    this.session = session;
    const [caller, node] = world.reserve(session, [
      { id: 1, interface: 'outside', rtcp },
      { id: 2, interface: 'inside', rtcp },
    ]);
    if (caller === undefined || node === undefined) throw new Error('no ports');
    this.caller = caller;
    this.node = node;
  }

  apply(
    caller: Partial<TransportState> = {},
    node: Partial<TransportState> = {},
    more: { timeoutMs?: number; streams?: readonly StreamState[] } = {},
  ): void {
    this.world.apply(this.session, {
      transports: [
        endpoint({ id: 1, ...at('198.51.100.7', 4000), signalingAddress: '198.51.100.7', ...caller }),
        endpoint({ id: 2, ...at('10.0.0.5', 6000), signalingAddress: '10.0.0.5', ...node }),
      ],
      ...more,
    });
  }

  fromCaller(source: string, fields: RtpFields = {}): Sent[] {
    return this.world.deliver(source, this.caller, rtpBytes(fields));
  }

  fromNode(source: string, fields: RtpFields = {}): Sent[] {
    return this.world.deliver(source, this.node, rtpBytes(fields));
  }
}

export function endpoint(state: Partial<TransportState> & { readonly id: number }): TransportState {
  return {
    remote: null,
    remoteRtcp: null,
    signalingAddress: null,
    rtcpMux: false,
    learning: 'ranked',
    acceptFrom: 'learned',
    protection: { kind: 'plain' },
    armed: 1,
    dscp: 0,
    ...state,
  };
}

/** Remote address of a peer that takes RTCP on the next port. */
export function at(address: string, port: number): Pick<TransportState, 'remote' | 'remoteRtcp'> {
  return { remote: { address, port }, remoteRtcp: { address, port: port + 1 } };
}

function bothWays(transports: readonly TransportState[]): StreamState[] {
  const [first, second] = transports;
  if (first === undefined || second === undefined) return [];
  return [
    { from: first.id, to: [second.id], codecs: [pcma] },
    { from: second.id, to: [first.id], codecs: [pcma] },
  ];
}

export function targets(sent: readonly Sent[]): string[] {
  return sent.map((one) => one.to);
}
