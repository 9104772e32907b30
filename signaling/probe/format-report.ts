// A call report as a table for people.
import type { CallReport } from './call-report.ts';

export function formatReport(report: CallReport): string {
  const rows: [string, string][] = [
    ['call', `${report.uri} over ${report.protocol}${report.remote === '' ? '' : `, ${report.local} to ${report.remote}`}`],
    ['setup', setup(report)],
  ];
  if (report.answeredMs !== null || report.earlyMedia) rows.push(...audioRows(report));
  rows.push(['ended', ended(report)]);
  const lines = rows.map(([name, value]) => `  ${name.padEnd(9)} ${value}`);
  const verdict = { ok: 'OK', 'call-failed': 'CALL FAILED', 'audio-failed': 'AUDIO FAILED' }[report.result];
  return `${lines.join('\n')}\n${verdict}${report.failure === '' ? '' : `: ${report.failure}`}\n`;
}

function setup({ ringingMs, answeredMs, earlyMedia, status, reason }: CallReport): string {
  const ringing = ringingMs === null ? '' : `${earlyMedia ? 'early media' : 'ringing'} after ${Math.round(ringingMs)} ms, `;
  if (answeredMs !== null) return `${ringing}answered after ${Math.round(answeredMs)} ms`;
  return `${ringing}${status === 0 ? 'no answer' : `${status} ${reason}`}`;
}

function audioRows({ audio, codec, digitsSent }: CallReport): [string, string][] {
  const { packetsReceived, packetsLost, lossPercent, outOfOrder, jitterMs, mos, roundTripMs, far } = audio;
  const theirs = far === null ? '' : `, ${far.packetsLost} of them lost as the far end says`;
  const tones = audio.tones.map(({ hz, share }) => `${Math.round(hz)} Hz (${Math.round(share * 100)} % of the power)`).join(', ');
  const rows: [string, string][] = [
    ['codec', codec],
    ['sent', `${audio.packetsSent} packets${theirs}`],
    ['received', `${packetsReceived} packets, ${packetsLost} lost (${lossPercent} %), ${outOfOrder} out of order, jitter ${jitterMs} ms`],
    ['quality', `MOS ${mos.toFixed(2)}, round trip ${roundTripMs === 0 ? 'unknown' : `${roundTripMs} ms`}`],
    ['heard', tones === '' ? 'no tone' : tones],
  ];
  if (digitsSent !== '') rows.push(['digits', `sent ${digitsSent}, heard ${audio.digitsHeard || 'none'}`]);
  return rows;
}

function ended({ end }: CallReport): string {
  if (end.by === 'none') return 'before it began';
  const who = end.by === 'us' ? 'by us' : 'by the other side';
  return `${who} after ${(end.afterMs / 1000).toFixed(1)} s${end.reason === '' ? '' : ` (${end.reason})`}`;
}
