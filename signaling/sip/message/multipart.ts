// Multipart bodies (RFC 2046 section 5.1, RFC 5621): finds the SDP among the parts, also in nested multiparts, and puts
// another in its place without touching a byte of the rest. Not a MIME parser: nothing is decoded.

import { lowerCase, trimSpace, unquote } from './chars.ts';
import { messageLimits } from './limits.ts';
import { parseParamsAt } from './params.ts';

export interface ContentType {
  /** 'application/sdp', lower case. */
  readonly type: string;
  /** Of a multipart type; else undefined. */
  readonly boundary: string | undefined;
}

export function parseContentType(text: string): ContentType {
  const semicolon = text.indexOf(';');
  const type = lowerCase((semicolon < 0 ? text : text.slice(0, semicolon)).replace(/[ \t]+/g, ''));
  const params = semicolon < 0 ? undefined : parseParamsAt(text, semicolon);
  const boundary = unquote(params?.get('boundary') ?? '');
  // RFC 2046 5.1.1: 1 to 70 characters.
  return { type, boundary: boundary === '' || boundary.length > 70 ? undefined : boundary };
}

/** The content of the first application/sdp part, as a view; undefined when there is none. */
export function findSdpPart(contentType: string, body: Uint8Array): Uint8Array | undefined {
  const range = findSdp(contentType, body);
  return range === undefined ? undefined : body.subarray(range.start, range.end);
}

/** A copy of `body` with `sdp` as the content of that part; undefined when there is none. */
export function replaceSdpPart(contentType: string, body: Uint8Array, sdp: Uint8Array): Uint8Array | undefined {
  const range = findSdp(contentType, body);
  if (range === undefined) return undefined;
  const replaced = new Uint8Array(range.start + sdp.length + body.length - range.end);
  replaced.set(body.subarray(0, range.start));
  replaced.set(sdp, range.start);
  replaced.set(body.subarray(range.end), range.start + sdp.length);
  return replaced;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

interface Part {
  readonly contentType: string;
  readonly content: Range;
}

function findSdp(contentType: string, body: Uint8Array): Range | undefined {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
  return findIn(contentType, text, 1, { parts: messageLimits.multipartParts });
}

/** `budget` is shared by all levels: nesting does not multiply the work. */
function findIn(contentType: string, text: string, depth: number, budget: { parts: number }): Range | undefined {
  const { type, boundary } = parseContentType(contentType);
  if (type === 'application/sdp') return { start: 0, end: text.length };
  if (!type.startsWith('multipart/') || boundary === undefined || depth > messageLimits.multipartDepth) return undefined;
  for (const part of splitParts(text, `--${boundary}`, budget)) {
    const { start, end } = part.content;
    const found = findIn(part.contentType, text.slice(start, end), depth + 1, budget);
    if (found !== undefined) return { start: start + found.start, end: start + found.end };
  }
  return undefined;
}

/** The parts between delimiter lines. A body that stops before the closing delimiter has its last part end there. */
function splitParts(text: string, delimiter: string, budget: { parts: number }): Part[] {
  const parts: Part[] = [];
  let line = delimiterLine(text, 0, delimiter);
  while (line !== undefined && !line.closing && budget.parts > 0) {
    budget.parts--;
    const next = delimiterLine(text, line.end, delimiter);
    // The line break before a delimiter belongs to the delimiter (RFC 2046 5.1.1).
    const end = next === undefined ? text.length : next.start - 2;
    parts.push(readPart(text.slice(line.end, Math.max(line.end, end)), line.end));
    line = next;
  }
  return parts;
}

interface DelimiterLine extends Range {
  readonly closing: boolean;
}

function delimiterLine(text: string, from: number, delimiter: string): DelimiterLine | undefined {
  for (let at = text.indexOf(delimiter, from); at >= 0; at = text.indexOf(delimiter, at + 1)) {
    if (at !== 0 && !text.startsWith('\r\n', at - 2)) continue;
    const after = at + delimiter.length;
    const crlf = text.indexOf('\r\n', after);
    const rest = text.slice(after, crlf < 0 ? text.length : crlf);
    const closing = rest.startsWith('--');
    // "--boundary1" is no delimiter of "boundary".
    if (closing || trimSpace(rest) === '') return { start: at, end: crlf < 0 ? text.length : crlf + 2, closing };
  }
  return undefined;
}

/** RFC 2046 5.1: a part without a header is text/plain. `offset` is where the part stands in the body. */
function readPart(text: string, offset: number): Part {
  const blank = text.startsWith('\r\n') ? -2 : text.indexOf('\r\n\r\n');
  const bodyStart = blank === -1 ? text.length : blank + 4;
  const header = blank > 0 ? text.slice(0, blank) : '';
  const field = /(?:^|\r\n)Content-Type[ \t]*:((?:[^\r\n]|\r\n[ \t])*)/i.exec(header)?.[1] ?? 'text/plain';
  const contentType = trimSpace(field.replaceAll('\r\n', ' '));
  return { contentType, content: { start: offset + bodyStart, end: offset + text.length } };
}
