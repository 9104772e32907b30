// The head of a message: start line and header fields, indexed by searching for line ends and colons (which the engine does
// many bytes at a time). Values are cut out later (header-field.ts). It finds flaws of form; what the fields mean is judged
// in validation.ts. All searches move forward only, so the cost stays linear whatever the bytes are.

import { isSpaceCode, isToken, skipSpace } from './chars.ts';
import { HeaderField } from './header-field.ts';
import { type HeaderName, headerName, headerNameAt, nameBits } from './header-name.ts';
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
  const received = bytes.toString('latin1', start, headLimit(bytes, start));
  const lines = findLines(received);
  const text = lines.clean ? received : cleaned(received);
  const source = lines.clean ? { bytes, start } : undefined;
  const { ends } = lines;
  const fields: HeaderField[] = [];
  let flaw = lines.bodyStart > messageLimits.headBytes ? headerTooLarge : lines.flaw;
  let seen = 0;
  let repeated = 0;
  let colon = -1;
  const startLineEnd = ends[0] ?? 0;
  let lineStart = startLineEnd + 2;
  for (let k = 1; k < ends.length; k++) {
    let end = ends[k] ?? 0;
    // A line that begins with white space continues the one before (RFC 3261 7.3.1).
    while (k + 1 < ends.length && isSpaceCode(text.charCodeAt(end + 2))) end = ends[++k] ?? end;
    if (colon < lineStart) colon = indexOr(text, ':', lineStart);
    const nameEnd = colon < end ? spaceStart(text, lineStart, colon) : lineStart;
    const name = headerNameAt(text, lineStart, nameEnd) ?? rareName(text.substring(lineStart, nameEnd));
    if (name === undefined) flaw ??= { status: 400, reason: 'Malformed Header Field' };
    else if (end - lineStart > messageLimits.lineBytes) flaw ??= { status: 513, reason: 'Header Field Too Long' };
    else if (fields.length === messageLimits.headerFields) {
      flaw ??= { status: 513, reason: 'Too Many Header Fields' };
      break;
    } else {
      repeated |= seen & name.bit;
      seen |= name.bit;
      fields.push(fieldOf(name, text, colon + 1, end, source));
    }
    lineStart = end + 2;
  }
  return { startLine: startLine(text, startLineEnd, source), fields, bodyStart: start + lines.bodyStart, seen, repeated, flaw };
}

const headerTooLarge: Flaw = { status: 513, reason: 'Header Too Large' };

/** Messages of a usual size are decoded whole; of larger ones the body is left out. */
function headLimit(bytes: Buffer, start: number): number {
  if (bytes.length - start <= 4096) return bytes.length;
  const end = bytes.indexOf('\r\n\r\n', start, 'latin1');
  return end < 0 ? bytes.length : end + 4;
}

function startLine(text: string, end: number, source: Source | undefined): string {
  return source === undefined ? text.substring(0, end) : source.bytes.toString('latin1', source.start, source.start + end);
}

/** Spellings that are not in the table; undefined when the name is no token. */
function rareName(text: string): HeaderName | undefined {
  return text.length <= messageLimits.nameBytes && isToken(text) ? headerName(text) : undefined;
}

/** Steps back from `end` over the white space that may stand before a colon (RFC 3261 25.1 HCOLON). */
function spaceStart(text: string, start: number, end: number): number {
  let i = end;
  while (i > start && isSpaceCode(text.charCodeAt(i - 1))) i--;
  return i;
}

/** Where the text came from; undefined when it had to be cleaned. */
interface Source {
  readonly bytes: Buffer;
  readonly start: number;
}

/** Trims the value, line breaks of empty folded lines included, without cutting it out. */
function fieldOf(name: HeaderName, text: string, valueStart: number, lineEnd: number, source: Source | undefined): HeaderField {
  let start = skipSpace(text, valueStart);
  while (start < lineEnd && isBlankCode(text.charCodeAt(start))) start++;
  let end = lineEnd;
  while (end > start && isBlankCode(text.charCodeAt(end - 1))) end--;
  if (end <= start) return new HeaderField(name.name, name.wire, '', 0, 0);
  if (source === undefined || (name.bit & nameBits.kept) === 0) return new HeaderField(name.name, name.wire, text, start, end);
  // These are read at once and kept long (Call-ID, tags, branch). Cut from the bytes they are flat strings, which read twice
  // as fast as slices of the head and do not keep all of it alive.
  const value = source.bytes.toString('latin1', source.start + start, source.start + end);
  return new HeaderField(name.name, name.wire, value, 0, value.length);
}

function isBlankCode(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}

interface Lines {
  /** Index of the CR of each line's CRLF. */
  readonly ends: number[];
  /** Index behind the empty line. */
  readonly bodyStart: number;
  readonly flaw: Flaw | undefined;
  /** No NUL and no lone CR or LF anywhere. */
  readonly clean: boolean;
}

/**
 * Lines end in CRLF and nothing else. A lone CR or LF would be a line end to some receivers and not to others, and a NUL
 * the end of everything to those written in C: whichever is there could hide a header field from one of the two. Only a NUL
 * behind a backslash is legal (RFC 3261 25.1 quoted-pair, RFC 4475 3.1.1.2).
 */
function findLines(text: string): Lines {
  const ends: number[] = [];
  let lineStart = 0;
  let lone = false;
  let cr = indexOr(text, '\r', 0);
  let lf = indexOr(text, '\n', 0);
  while (cr < text.length || lf < text.length) {
    if (lf === cr + 1) {
      if (cr === lineStart) break;
      ends.push(cr);
      lineStart = cr + 2;
      cr = indexOr(text, '\r', lineStart);
      lf = indexOr(text, '\n', lineStart);
    } else {
      lone = true;
      if (cr < lf) cr = indexOr(text, '\r', cr + 1);
      else lf = indexOr(text, '\n', lf + 1);
    }
  }
  // RFC 3261 7: the empty line must be there even without a body.
  const ended = cr < text.length;
  if (!ended && lineStart < text.length) ends.push(text.length);
  const nul = indexOr(text, '\0', 0) < cr;
  const forbidden = lone || (nul && /(?<!\\)\0/.test(text.slice(0, cr)));
  const flaw = forbidden ? 'Bare CR, LF or NUL in Header' : ended ? undefined : 'No Empty Line After Header';
  return {
    ends,
    bodyStart: ended ? cr + 2 : text.length,
    flaw: flaw === undefined ? undefined : { status: 400, reason: flaw },
    clean: !lone && !nul,
  };
}

/** indexOf with the length of the text for "nowhere": every index before the end then compares as one expects. */
function indexOr(text: string, char: string, from: number): number {
  const index = text.indexOf(char, from);
  return index < 0 ? text.length : index;
}

/** Spaces for what must not be handed on, even where it was legal to send: a NUL in a quoted-pair. Indices stay as they are. */
function cleaned(text: string): string {
  return text.replace(/\0|\r(?!\n)|(?<!\r)\n/g, ' ');
}
