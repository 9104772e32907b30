// Multipart bodies (RFC 2046 section 5.1, RFC 5621): finds the SDP among the parts, also in nested multiparts, and puts
// another in its place without touching a byte of the rest. Not a MIME parser: nothing is decoded.

import { unquote } from './chars.ts';
import { lowerCase } from './header-name.ts';
import { messageLimits } from './limits.ts';
import { parseParamsAt } from './params.ts';

export interface ContentType {
  /** 'application/sdp', lower case. */
  readonly type: string;
  /** Of a multipart type; else undefined. */
  readonly boundary: string | undefined;
}

/** Byte range of the content of one part. */
interface Range {
  readonly start: number;
  readonly end: number;
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
  const range = findSdp(contentType, latin1(body), { start: 0, end: body.length }, 1);
  return range === undefined ? undefined : body.subarray(range.start, range.end);
}

/** A copy of `body` with `sdp` as the content of that part; undefined when there is none. */
export function replaceSdpPart(contentType: string, body: Uint8Array, sdp: Uint8Array): Uint8Array | undefined {
  const range = findSdp(contentType, latin1(body), { start: 0, end: body.length }, 1);
  if (range === undefined) return undefined;
  const replaced = new Uint8Array(range.start + sdp.length + body.length - range.end);
  replaced.set(body.subarray(0, range.start));
  replaced.set(sdp, range.start);
  replaced.set(body.subarray(range.end), range.start + sdp.length);
  return replaced;
}

function findSdp(contentType: string, text: string, range: Range, depth: number): Range | undefined {
  const { type, boundary } = parseContentType(contentType);
  if (type === 'application/sdp') return range;
  if (!type.startsWith('multipart/') || boundary === undefined || depth > messageLimits.multipartDepth) return undefined;
  for (const part of splitParts(text, range, `--${boundary}`)) {
    const header = partHeader(text, part);
    const found = findSdp(header.contentType, text, header.content, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The parts between delimiter lines. A body that stops before the closing delimiter has its last part end there. */
function splitParts(text: string, range: Range, delimiter: string): Range[] {
  const parts: Range[] = [];
  let line = delimiterLine(text, range.start, range, delimiter);
  while (line !== undefined && !line.closing && parts.length < messageLimits.multipartParts) {
    const next = delimiterLine(text, line.end, range, delimiter);
    // The line break before a delimiter belongs to the delimiter (RFC 2046 5.1.1).
    parts.push({ start: line.end, end: Math.max(line.end, next === undefined ? range.end : next.start - 2) });
    line = next;
  }
  return parts;
}

function delimiterLine(text: string, from: number, range: Range, delimiter: string): (Range & { readonly closing: boolean }) | undefined {
  for (let at = text.indexOf(delimiter, from); at >= 0 && at < range.end; at = text.indexOf(delimiter, at + 1)) {
    if (at !== range.start && !text.startsWith('\r\n', at - 2)) continue;
    const after = at + delimiter.length;
    const lineEnd = text.indexOf('\r\n', after);
    const rest = text.slice(after, lineEnd < 0 ? range.end : lineEnd);
    const closing = rest.startsWith('--');
    // "--boundary1" is no delimiter of "boundary".
    if (!closing && /[^ \t]/.test(rest)) continue;
    return { start: at, end: Math.min(lineEnd < 0 ? range.end : lineEnd + 2, range.end), closing };
  }
  return undefined;
}

/** RFC 2046 5.1: a part without a header is text/plain. */
function partHeader(text: string, part: Range): { readonly contentType: string; readonly content: Range } {
  const bare = text.startsWith('\r\n', part.start);
  const blank = bare ? part.start - 2 : text.indexOf('\r\n\r\n', part.start);
  if (blank < 0 && !bare) return { contentType: 'text/plain', content: { start: part.end, end: part.end } };
  if (blank + 4 > part.end) return { contentType: 'text/plain', content: { start: part.end, end: part.end } };
  const header = bare ? '' : text.slice(part.start, blank);
  const field = /(?:^|\r\n)Content-Type[ \t]*:((?:[^\r\n]|\r\n[ \t])*)/i.exec(header)?.[1] ?? 'text/plain';
  return { contentType: field.replace(/\r\n[ \t]+/g, ' ').trim(), content: { start: blank + 4, end: part.end } };
}

function latin1(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
}
