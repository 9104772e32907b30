// A session engine over the fake relay, with a phone outside (near) and a server inside (far), and short words for what
// they say to each other.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { silentLog } from '../../../shared/log.ts';
import type { SessionState, StreamState, TransportState } from '../../../shared/relay/session-state.ts';
import { seededRng } from '../../../shared/rng.ts';
import { type SdpResult, SessionEngine, type SidePolicy } from '../../../signaling/session/session-engine.ts';
import { FakeRelay } from './fake-relay.ts';

export const outside: SidePolicy = {
  zone: 'outside',
  family: 'keep',
  signalingAddress: '198.51.100.7',
  learning: 'ranked',
  acceptFrom: 'learned',
  dscp: 46,
  srtp: 'accept',
};
export const inside: SidePolicy = { ...outside, zone: 'inside', signalingAddress: '10.0.0.5', learning: 'signalled', dscp: 40 };

export interface Bench {
  readonly engine: SessionEngine;
  readonly relay: FakeRelay;
  offer(sdp: string, options?: Said): Promise<SdpResult>;
  answer(sdp: string, options?: Said): Promise<SdpResult>;
  rollback(options?: Said): Promise<void>;
  /** What was last applied for call 'c'. */
  state(): SessionState;
}

export interface Said {
  readonly by?: string;
  /** The answerer in `answer`; the offerer is `by`. */
  readonly to?: string;
  readonly branch?: string;
  readonly callId?: string;
  readonly near?: SidePolicy;
  readonly far?: SidePolicy;
}

export function bench(limits: Partial<{ timeoutMs: number; holdTimeoutMs: number; calls: number }> = {}): Bench {
  const relay = new FakeRelay();
  const engine = new SessionEngine({
    relay,
    rng: seededRng(1),
    randomBytes,
    log: silentLog,
    limits: { timeoutMs: 60_000, holdTimeoutMs: 3_600_000, calls: 1000, ...limits },
  });
  const common = ({ by = 'near', callId = 'c', near = outside, far = inside, branch }: Said) => ({
    callId,
    fromTag: by,
    from: by === 'near' ? near : far,
    to: by === 'near' ? far : near,
    ...(branch === undefined ? {} : { branch }),
  });
  return {
    engine,
    relay,
    offer: (sdp, said = {}) => engine.offer({ ...common(said), sdp: bytes(sdp) }),
    answer: (sdp, said = {}) => engine.answer({ ...common(said), toTag: said.to ?? (said.by === 'far' ? 'near' : 'far'), sdp: bytes(sdp) }),
    rollback: (said = {}) => engine.rollback(common(said)),
    state: () => {
      const state = relay.states.get('c');
      assert.ok(state !== undefined, 'nothing was applied');
      return state;
    },
  };
}

/** The description as text; fails the test on a refusal. */
export function text(result: SdpResult): string {
  assert.equal(result.kind, 'sdp', result.kind === 'refused' ? `refused ${result.status}: ${result.reason}` : '');
  return result.kind === 'sdp' ? Buffer.from(result.sdp).toString('latin1') : '';
}

export function status(result: SdpResult): number {
  return result.kind === 'refused' ? result.status : 200;
}

export interface Spoken {
  readonly address?: string;
  readonly port?: number;
  readonly version?: number;
  readonly attributes?: readonly string[];
  /** Further media sections, whole lines. */
  readonly more?: readonly string[];
}

/** A plain audio description. */
export function audio({ address = '198.51.100.7', port = 4000, version = 1, attributes = [], more = [] }: Spoken = {}): string {
  const family = address.includes(':') ? 'IP6' : 'IP4';
  const lines = [
    'v=0',
    `o=- 7 ${version} IN ${family} ${address}`,
    's=-',
    `c=IN ${family} ${address}`,
    't=0 0',
    `m=audio ${port} RTP/AVP 0 101`,
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    ...attributes.map((value) => `a=${value}`),
    ...more,
  ];
  return lines.map((line) => `${line}\r\n`).join('');
}

export function server(spoken: Spoken = {}): string {
  return audio({ address: '10.0.0.5', port: 16_000, ...spoken });
}

/** Ports of the m= lines, in order. */
export function ports(sdp: string): number[] {
  return [...sdp.matchAll(/^m=\S+ (\d+)/gm)].map((match) => Number(match[1]));
}

export function version(sdp: string): number {
  return Number(/^o=\S+ \S+ (\d+) /m.exec(sdp)?.[1]);
}

export function transport(state: SessionState, remotePort: number): TransportState {
  const found = state.transports.find((one) => one.remote?.port === remotePort);
  assert.ok(found !== undefined, `no transport towards port ${remotePort}`);
  return found;
}

/** Streams as "from remote port > to remote port". */
export function flows(state: SessionState): string[] {
  const port = (id: number): string => `${state.transports.find((one) => one.id === id)?.remote?.port ?? '-'}`;
  return state.streams.map((stream: StreamState) => `${port(stream.from)} > ${stream.to.map(port).join(' ')}`).sort();
}

function bytes(sdp: string): Uint8Array {
  return Buffer.from(sdp, 'latin1');
}
