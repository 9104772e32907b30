// The head of a message: start line and header fields, indexed in one pass over the bytes and one over the line ends.
// Values are cut out later (header-field.ts). It finds flaws of form; what the fields mean is judged in validation.ts.

import { isSpaceCode, skipSpace, tokenEnd } from './chars.ts';
import { HeaderField } from './header-field.ts';
import { headerName } from './header-name.ts';
import { messageLimits } from './limits.ts';

/** Why a message is refused: the status for an answer, and its reason phrase. */
export interface Flaw {
  readonly status: number;
  readonly reason: string;
}

export interface Head {
  readonly startLine: string;
  readonly fields: HeaderField[];
  /** Where the body begins in the bytes. */
  readonly bodyStart: number;
  /** `nameBits` of the fields that are there, and of those there more than once. */
  readonly seen: number;
  readonly repeated: number;
  /** The first thing wrong. The fields are then those that could be read. */
  readonly flaw: Flaw | undefined;
}

/** Indexes the head that begins at `start`, where no CRLF may stand. */
export function indexHead(bytes: Buffer, start: number): Head {
  const lines = findLines(bytes, start);
  const received = bytes.toString('latin1', start, lines.end);
  const text = lines.clean ? received : cleaned(received);
  const ends = lines.ends;
  const fields: HeaderField[] = [];
  let flaw: Flaw | undefined = lines.end - start > messageLimits.headBytes ? { status: 513, reason: 'Header Too Large' } : lines.flaw;
  let seen = 0;
  let repeated = 0;
  const startLineEnd = ends[0] ?? text.length;
  let lineStart = startLineEnd + 2;
  for (let k = 1; k < ends.length; k++) {
    let end = ends[k] ?? 0;
    const nameEnd = tokenEnd(text, lineStart);
    const colon = skipSpace(text, nameEnd);
    const valueStart = skipSpace(text, colon + 1);
    // A line that begins with white space continues the one before (RFC 3261 7.3.1).
    while (k + 1 < ends.length && isSpaceCode(text.charCodeAt(end + 2))) end = ends[++k] ?? end;
    const fieldFlaw = flawOfField(text, lineStart, nameEnd, colon, end, fields.length);
    if (fieldFlaw === undefined) {
      const name = headerName(text.substring(lineStart, nameEnd));
      repeated |= seen & name.bit;
      seen |= name.bit;
      fields.push(fieldOf(name.name, name.wire, text, valueStart, end));
    } else {
      flaw ??= fieldFlaw;
      if (fields.length >= messageLimits.headerFields) break;
    }
    lineStart = end + 2;
  }
  return { startLine: text.substring(0, startLineEnd), fields, bodyStart: lines.bodyStart, seen, repeated, flaw };
}

function flawOfField(text: string, start: number, nameEnd: number, colon: number, end: number, count: number): Flaw | undefined {
  if (nameEnd === start || colon >= end || text.charCodeAt(colon) !== 0x3a) return { status: 400, reason: 'Malformed Header Field' };
  if (nameEnd - start > messageLimits.nameBytes || end - start > messageLimits.lineBytes)
    return { status: 513, reason: 'Header Field Too Long' };
  return count >= messageLimits.headerFields ? { status: 513, reason: 'Too Many Header Fields' } : undefined;
}

/** Trims the value, line breaks of empty folded lines included, without cutting it out. */
function fieldOf(name: string, wire: string, text: string, valueStart: number, lineEnd: number): HeaderField {
  let start = valueStart;
  let end = lineEnd;
  while (start < end && text.charCodeAt(start) <= 0x20) start++;
  while (end > start && text.charCodeAt(end - 1) <= 0x20 && isBlankCode(text.charCodeAt(end - 1))) end--;
  return new HeaderField(name, wire, text, start, Math.max(start, end));
}

function isBlankCode(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}

interface Lines {
  /** Index of the CR of each line's CRLF, counted from the start of the head. */
  readonly ends: number[];
  /** Where the head's text ends in the bytes: before the empty line. */
  readonly end: number;
  readonly bodyStart: number;
  readonly flaw: Flaw | undefined;
  /** No NUL and no lone CR or LF anywhere. */
  readonly clean: boolean;
}

/** Spaces for what must not be handed on, even where it was legal to send: a NUL in a quoted-pair. Indices stay as they are. */
function cleaned(text: string): string {
  return text.replace(/\0|\r(?!\n)|(?<!\r)\n/g, ' ');
}

/**
 * Lines end in CRLF and nothing else. A lone CR or LF would be a line end to some receivers and not to others, and a NUL
 * the end of everything to those written in C: whichever is there could hide a header field from one of the two. Only a NUL
 * behind a backslash is legal (RFC 3261 25.1 quoted-pair, RFC 4475 3.1.1.2).
 */
function findLines(bytes: Uint8Array, start: number): Lines {
  const ends: number[] = [];
  const length = bytes.length;
  let lineStart = start;
  let flaw: Flaw | undefined;
  let clean = true;
  for (let i = start; i < length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte > 0x0d || (byte !== 0x0d && byte !== 0x0a && byte !== 0)) continue;
    if (byte !== 0x0d || bytes[i + 1] !== 0x0a) {
      clean = false;
      if (byte !== 0 || bytes[i - 1] !== 0x5c) flaw ??= { status: 400, reason: 'Bare CR, LF or NUL in Header' };
    } else if (i === lineStart) {
      return { ends, end: i, bodyStart: i + 2, flaw, clean };
    } else {
      ends.push(i - start);
      i++;
      lineStart = i + 1;
    }
  }
  // RFC 3261 7: the empty line must be there even without a body.
  if (lineStart < length) ends.push(length - start);
  return { ends, end: length, bodyStart: length, flaw: flaw ?? { status: 400, reason: 'No Empty Line After Header' }, clean };
}
