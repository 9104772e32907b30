// Splits a body into the lines of an SdpDocument (RFC 8866 section 5). Linear in the input, never throws. It checks what
// every user relies on (v= first, an o= line, sizes, no control bytes that could start a new line elsewhere); the meaning
// of the values is for their readers.
import type { MediaSection, SdpDocument, SdpLine } from './document.ts';
import { sdpLimits } from './limits.ts';

export type SdpParseResult =
  | { readonly kind: 'sdp'; readonly document: SdpDocument }
  | { readonly kind: 'malformed'; readonly reason: string };

/** A string stands for bytes as latin1 characters. */
export function parseSdp(input: Uint8Array | string): SdpParseResult {
  if (input.length > sdpLimits.bytes) return malformed(`body has ${input.length} bytes, at most ${sdpLimits.bytes}`);
  const text = typeof input === 'string' ? input : latin1(input);
  if (text.includes('\0')) return malformed('NUL byte');
  const lines = splitLines(text);
  if (typeof lines === 'string') return malformed(lines);
  return group(lines);
}

/** The lines, or why there are none. */
function splitLines(text: string): SdpLine[] | string {
  const lines: SdpLine[] = [];
  let start = 0;
  while (start < text.length) {
    const feed = text.indexOf('\n', start);
    const next = feed === -1 ? text.length : feed;
    const end = next > start && text.charCodeAt(next - 1) === 0x0d ? next - 1 : next;
    // Blank lines are no SDP, but some peers end their body with one too many; they are not passed on.
    if (end > start) {
      const line = readLine(text, start, end);
      if (typeof line === 'string') return `line ${lines.length + 1}: ${line}`;
      if (lines.length === sdpLimits.lines) return `more than ${sdpLimits.lines} lines`;
      lines.push(line);
    }
    start = next + 1;
  }
  return lines;
}

function readLine(text: string, start: number, end: number): SdpLine | string {
  const letter = text.charCodeAt(start);
  if (letter < 0x61 || letter > 0x7a || text.charCodeAt(start + 1) !== 0x3d || end < start + 2) return 'is not "x=value"';
  if (end - start > sdpLimits.lineBytes) return `longer than ${sdpLimits.lineBytes} bytes`;
  const value = text.slice(start + 2, end);
  // A lone CR would be a line end to some parsers behind us: what we checked must be what they read.
  if (value.includes('\r')) return 'CR without LF';
  return { type: text.charAt(start), value };
}

function group(lines: readonly SdpLine[]): SdpParseResult {
  const first = lines[0];
  if (first === undefined) return malformed('empty body');
  if (first.type !== 'v' || first.value !== '0') return malformed('does not start with v=0');
  const session: SdpLine[] = [];
  const media: MediaSection[] = [];
  let current = session;
  for (const line of lines) {
    if (line.type === 'm') {
      if (media.length === sdpLimits.mediaSections) return malformed(`more than ${sdpLimits.mediaSections} media sections`);
      current = [];
      media.push({ lines: current });
    }
    current.push(line);
  }
  if (!session.some((line) => line.type === 'o')) return malformed('no o= line');
  return { kind: 'sdp', document: { session, media } };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function malformed(reason: string): SdpParseResult {
  return { kind: 'malformed', reason };
}
