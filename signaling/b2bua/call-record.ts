// The record of a living call: plain, versioned data from which it can be settled after Weir itself died (settle.ts).
// Written when a party is reached and when the dialogs change; CSeq numbers move on without it, settling skips ahead.

import type { SipRequest } from '../sip/message/request.ts';
import type { Flow } from '../sip/transport/flow.ts';
import type { Branch } from './branch.ts';
import type { Call } from './call.ts';
import type { Leg } from './leg.ts';

export const recordVersion = 1;

export interface LegRecord {
  readonly role: 'caller' | 'callee';
  readonly zone: string;
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** Name-addr texts without tag. */
  readonly localUri: string;
  readonly remoteUri: string;
  readonly remoteTarget: string;
  readonly routeSet: readonly string[];
  readonly localSequence: number;
  readonly flow: Pick<Flow, 'protocol' | 'address' | 'port'>;
}

/** An INVITE of ours without a final response: what a CANCEL needs (RFC 3261 section 9.1: same Via branch, URI, names). */
export interface PendingInvite {
  readonly zone: string;
  readonly uri: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly flow: Pick<Flow, 'protocol' | 'address' | 'port'>;
}

/** A caller that waits: what its final response needs (RFC 3261 section 8.2.6.2). */
export interface WaitingCaller {
  readonly zone: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly tag: string;
  readonly flow: Pick<Flow, 'protocol' | 'address' | 'port'>;
}

export interface CallRecord {
  readonly version: typeof recordVersion;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly caller: WaitingCaller | undefined;
  readonly pending: readonly PendingInvite[];
  readonly legs: readonly LegRecord[];
}

const cancelHeaders: ReadonlySet<string> = new Set(['via', 'from', 'to', 'call-id', 'cseq', 'route']);

/** Stores the call as it stands; an ended one leaves its record when it is gone. */
export function saveRecord(call: Call): void {
  if (call.state !== 'ended') call.context.book.putRecord(call.id, JSON.stringify(recordOf(call)));
}

function recordOf(call: Call): CallRecord {
  const answered = call.pair !== undefined;
  return {
    version: recordVersion,
    id: call.id,
    startedAt: call.startedWall,
    caller: answered
      ? undefined
      : { zone: call.zone.name, headers: essential(call.invite), tag: call.tag, flow: flowRecord(call.server.flow) },
    pending: answered ? [] : call.branches.filter((branch) => branch.open).map(pendingOf),
    legs: call.pair === undefined ? [] : [legRecord(call.pair.caller), legRecord(call.pair.callee)],
  };
}

function pendingOf(branch: Branch): PendingInvite {
  const flow = branch.client?.flow;
  return {
    zone: branch.destination.zone.name,
    uri: branch.request.uri,
    headers: essential(branch.client?.request ?? branch.request),
    flow: flow === undefined ? branch.destination.target : flowRecord(flow),
  };
}

function legRecord(leg: Leg): LegRecord {
  const { callId, localTag, remoteTag, localUri, remoteUri, remoteTarget, routeSet, localSequence } = leg.dialog;
  return {
    role: leg.role,
    zone: leg.zone.name,
    callId,
    localTag,
    remoteTag,
    localUri,
    remoteUri,
    remoteTarget,
    routeSet,
    localSequence,
    flow: flowRecord(leg.flow),
  };
}

function essential(request: SipRequest): (readonly [string, string])[] {
  return [...request.headers.entries()].filter(([name]) => cancelHeaders.has(name));
}

function flowRecord({ protocol, address, port }: LegRecord['flow']): LegRecord['flow'] {
  return { protocol, address, port };
}
