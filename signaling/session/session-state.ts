// Derives what the relay shall do from what was agreed: the whole wanted state of the session (design.md 3).
import type { CodecInUse, Protection, SessionState, StreamState, TransportState } from '../../shared/relay/session-state.ts';
import { receives, sends } from '../sdp/direction.ts';
import { type AgreedEnd, activeBranch, type Branch, type CallState, type Exchange, type Transport } from './call-state.ts';
import type { Keying } from './keying.ts';

export interface MediaTimeouts {
  /** No packet for so long ends the session; 0 = never. */
  readonly timeoutMs: number;
  /** The same while no line runs both ways. */
  readonly holdTimeoutMs: number;
}

export function wantedState(call: CallState, timeouts: MediaTimeouts): SessionState {
  const active = activeBranch(call);
  const agreed = call.branches.filter((branch) => branch.agreed !== null);
  const twoWay = agreed.some((branch) => branch.agreed !== null && runsBothWays(branch.agreed));
  return {
    transports: call.transports.map((transport) => transportState(transport, agreedEnd(call, transport))),
    streams: agreed.flatMap((branch) => streamsOf(branch, branch === active)),
    timeoutMs: silenceMs(call, twoWay, timeouts),
  };
}

function silenceMs(call: CallState, twoWay: boolean, timeouts: MediaTimeouts): number {
  if (call.ringing) return 0;
  return twoWay ? timeouts.timeoutMs : timeouts.holdTimeoutMs;
}

/** What the peer on this transport and we agreed on; undefined while its offer is open. */
function agreedEnd(call: CallState, transport: Transport): AgreedEnd | undefined {
  if (transport.branch === null) {
    return call.nearLines.find((line) => line?.transport === transport.id) ?? undefined;
  }
  const exchange = call.branches.find((branch) => branch.name === transport.branch)?.agreed;
  if (exchange === null || exchange === undefined) return undefined;
  return agreedEnds(exchange, 'far').find((line) => line?.transport === transport.id) ?? undefined;
}

/** By line; null for dead lines and before the answer. */
export function agreedEnds(exchange: Exchange, role: 'near' | 'far'): (AgreedEnd | null)[] {
  return exchange.lines.map(({ ends, rtcpMux }) => {
    const end = ends?.[role];
    if (end === undefined || end.endpoint === null || end.keying === null) return null;
    return { transport: end.transport, endpoint: end.endpoint, keying: end.keying, rtcpMux, policy: exchange.policies[role] };
  });
}

function transportState(transport: Transport, end: AgreedEnd | undefined): TransportState {
  const remote = end?.endpoint.remote ?? null;
  return {
    id: transport.id,
    remote,
    remoteRtcp: end?.rtcpMux === true ? remote : (end?.endpoint.remoteRtcp ?? null),
    signalingAddress: end?.policy.signalingAddress ?? null,
    rtcpMux: end?.rtcpMux ?? false,
    learning: end?.policy.learning ?? 'ranked',
    acceptFrom: end?.policy.acceptFrom ?? 'learned',
    protection: protectionOf(end?.keying),
    armed: transport.armed,
    dscp: end?.policy.dscp ?? 0,
  };
}

/** Before the answer nothing is sent, and nothing taken. */
function protectionOf(keying: Keying | undefined): Protection {
  if (keying?.kind !== 'sdes') return { kind: keying?.kind ?? 'plain' };
  return { kind: 'sdes', local: keying.local, remote: keying.remote };
}

/** A held line keeps its streams: RTCP and music on hold flow, and the peers know best who sends. */
function streamsOf(branch: Branch, active: boolean): StreamState[] {
  const streams: StreamState[] = [];
  for (const { ends } of branch.agreed?.lines ?? []) {
    if (ends === null || ends.near.endpoint === null || ends.far.endpoint === null) continue;
    const near = ends.near.endpoint.codecs;
    const far = ends.far.endpoint.codecs;
    streams.push({ from: ends.far.transport, to: [ends.near.transport], codecs: codecsTowards(near, far) });
    if (active) streams.push({ from: ends.near.transport, to: [ends.far.transport], codecs: codecsTowards(far, near) });
  }
  return streams;
}

/** A sender uses the receiver's payload types (RFC 3264 section 5.1); some peers use their own where numbers differ. */
function codecsTowards(receiver: readonly CodecInUse[], sender: readonly CodecInUse[]): CodecInUse[] {
  const known = new Set(receiver.map((codec) => codec.payloadType));
  return [...receiver, ...sender.filter((codec) => !known.has(codec.payloadType))];
}

function runsBothWays(exchange: Exchange): boolean {
  return exchange.lines.some(({ ends }) => {
    const near = ends?.near.endpoint?.direction;
    const far = ends?.far.endpoint?.direction;
    return near !== undefined && far !== undefined && sends(near) && receives(far) && sends(far) && receives(near);
  });
}
