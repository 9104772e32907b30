// What the relay counted for a call, put back into the words of signaling: whose transport it was, and which line's.
import type { TransportReport } from '../../shared/relay/report.ts';
import { type CallState, exchangesOf, findBranch, findTransport, type Transport } from './call-state.ts';

export interface CallMediaReport {
  readonly ends: readonly MediaEndReport[];
}

export interface MediaEndReport {
  /** `offerer` made the call's first offer. */
  readonly side: 'offerer' | 'answerer';
  /** Tag of the party; '' for one that never answered. */
  readonly tag: string;
  /** The far side's name; '' for the offerer. */
  readonly branch: string;
  readonly line: number;
  /** As in the m= line: audio, video, image. */
  readonly media: string;
  readonly report: TransportReport;
}

export function mediaReport(call: CallState, reports: readonly TransportReport[]): CallMediaReport {
  return {
    ends: reports.flatMap((report) => {
      const transport = findTransport(call, report.id);
      return transport === undefined ? [] : [endReport(call, transport, report)];
    }),
  };
}

function endReport(call: CallState, transport: Transport, report: TransportReport): MediaEndReport {
  const { branch: name, line } = transport;
  const media = mediaOf(call, transport);
  if (name === null) return { side: 'offerer', tag: call.nearTag, branch: '', line, media, report };
  return { side: 'answerer', tag: findBranch(call, name)?.tags.at(-1) ?? '', branch: name, line, media, report };
}

function mediaOf(call: CallState, transport: Transport): string {
  for (const branch of call.branches) {
    if (transport.branch !== null && transport.branch !== branch.name) continue;
    for (const exchange of exchangesOf(branch)) {
      const line = exchange.lines[transport.line];
      if (line?.ends?.near.transport === transport.id || line?.ends?.far.transport === transport.id) return line.media;
    }
  }
  return '';
}
