// Which transports a new offer uses: those that already serve its lines, and requests for the rest. Ports once shown to a
// side stay (c= and m= towards it do not change on re-offers); only a change of address family needs another transport.
import type { Family, TransportId, TransportRequest } from '../../shared/relay/session-state.ts';
import type { Branch, CallState, Role, Transport } from './call-state.ts';
import type { ReadLine } from './line-reader.ts';
import type { SidePolicy } from './side-policy.ts';

export interface TransportPlan {
  /** By line; null for dead ones. */
  readonly ends: readonly ({ readonly near: TransportId; readonly far: TransportId } | null)[];
  readonly wanted: readonly WantedTransport[];
}

export interface WantedTransport {
  readonly id: TransportId;
  readonly branch: string | null;
  readonly line: number;
  readonly zone: string;
  readonly family: Family;
}

export function planTransports(
  call: CallState,
  branch: Branch,
  offerer: Role,
  lines: readonly ReadLine[],
  policies: { readonly near: SidePolicy; readonly far: SidePolicy },
): TransportPlan {
  const wanted: WantedTransport[] = [];
  const end = (role: Role, line: number, described: Extract<ReadLine, { kind: 'live' }>): TransportId => {
    const at = role === 'near' ? null : branch.name;
    const policy = policies[role];
    const living = livingTransport(call, at, line, policy.zone);
    const offered = policy.family === 'keep' ? described.family : policy.family;
    const family = role === offerer ? described.family : (living?.family ?? offered);
    // A zero address is on hold, not somewhere else.
    if (living !== undefined && (living.family === family || described.endpoint.remote === null)) return living.id;
    const id = call.nextTransport++;
    wanted.push({ id, branch: at, line, zone: policy.zone, family });
    return id;
  };
  const ends = lines.map((line, index) => (line.kind === 'live' ? { near: end('near', index, line), far: end('far', index, line) } : null));
  return { ends, wanted };
}

/** RTCP gets its own port even where the offer has rtcp-mux: the answer decides (RFC 5761 section 5.1.1). */
export function transportRequest(wanted: WantedTransport): TransportRequest {
  return { id: wanted.id, interface: wanted.zone, family: wanted.family, rtcp: 'pair' };
}

/** Any that is still open there, also that of a line that was off meanwhile. The near side has one for all branches. */
function livingTransport(call: CallState, branch: string | null, line: number, zone: string): Transport | undefined {
  return call.transports.findLast((transport) => transport.branch === branch && transport.line === line && transport.zone === zone);
}
