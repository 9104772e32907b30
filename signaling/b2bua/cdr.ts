// The end of a call in one line: the closing log event and the call detail record (CDR), from the same facts.
import type { CallMediaReport } from '../session/session-engine.ts';
import { tagOf } from '../sip/message/name-addr.ts';
import { parseUri } from '../sip/message/uri.ts';
import type { Call } from './call.ts';
import { type MediaSummary, type Silence, silenceOf, summarize } from './media-summary.ts';

export interface Cdr {
  readonly version: 1;
  readonly id: string;
  readonly call_id: string;
  readonly from: string;
  readonly to: string;
  readonly source: string;
  readonly zone: string;
  readonly node: string | undefined;
  /** ISO 8601. */
  readonly start: string;
  /** Milliseconds from the INVITE to the first ringing or progress, to the answer, and from the answer to the end. */
  readonly pdd_ms: number | undefined;
  readonly setup_ms: number | undefined;
  readonly duration_ms: number;
  readonly status: number;
  readonly reason: string;
  readonly branches: number;
  readonly silence: Silence;
  readonly media: readonly MediaSummary[];
}

export function cdrOf(call: Call, report: CallMediaReport | undefined): Cdr {
  const { invite, ending, startedAt } = call;
  const endedAt = ending?.at ?? call.context.now();
  const answered = call.branches.find((branch) => branch.state === 'answered') ?? call.branches.at(-1);
  const duration_ms = call.answeredAt === undefined ? 0 : Math.round(endedAt - call.answeredAt);
  const media = summarize(report, tagOf(invite.from) ?? '');
  return {
    version: 1,
    id: call.id,
    call_id: invite.callId,
    from: userAtHost(invite.from.uri),
    to: userAtHost(invite.uri),
    source: call.server.flow.address,
    zone: call.zone.name,
    node: answered?.destination.node?.name,
    start: new Date(call.startedWall).toISOString(),
    pdd_ms: since(startedAt, call.progressAt),
    setup_ms: since(startedAt, call.answeredAt),
    duration_ms,
    status: ending?.status ?? 0,
    reason: ending?.reason ?? 'internal-error',
    branches: call.branches.length,
    silence: silenceOf(media, duration_ms),
    media,
  };
}

function since(start: number, at: number | undefined): number | undefined {
  return at === undefined ? undefined : Math.round(at - start);
}

function userAtHost(text: string): string {
  const uri = parseUri(text);
  if (uri === undefined) return text.slice(0, 128);
  return (uri.user === undefined ? uri.host : `${uri.user}@${uri.host}`).slice(0, 128);
}
