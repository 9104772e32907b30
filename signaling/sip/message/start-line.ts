// The first line of a message (RFC 3261 sections 7.1 and 7.2). It never holds white space but the single spaces between
// its parts, so a request line with more is refused: guessing where the URI ends is how requests get smuggled.

import { isToken } from './chars.ts';
import { messageLimits } from './limits.ts';
import { parseUri } from './uri.ts';

export type StartLine =
  | { readonly kind: 'request'; readonly method: string; readonly uri: string }
  | { readonly kind: 'bad-request'; readonly method: string; readonly uri: string; readonly status: number; readonly reason: string }
  | { readonly kind: 'response'; readonly status: number; readonly reason: string }
  | { readonly kind: 'malformed'; readonly reason: string };

export function parseStartLine(line: string): StartLine {
  if (line.startsWith('SIP/2.0 ') || /^SIP\/2\.0 /i.test(line)) {
    return parseStatusLine(line);
  }
  const space = line.indexOf(' ');
  const method = space < 0 ? '' : line.slice(0, space);
  if (!isToken(method) || method.length > messageLimits.methodBytes) return { kind: 'malformed', reason: 'no SIP message' };
  return parseRequestLine(line, method, space + 1);
}

function parseRequestLine(line: string, method: string, uriStart: number): StartLine {
  const lastSpace = line.lastIndexOf(' ');
  const version = lastSpace < uriStart ? '' : line.slice(lastSpace + 1);
  const uri = line.slice(uriStart, Math.max(lastSpace, uriStart));
  if (!isSipVersion(version)) {
    // "INVITE sip:a@b SIP/2.0  ": still SIP, so it is worth an answer; a line of HTTP or RTSP is not.
    return /[ \t]SIP\/\d+\.\d+[ \t]*$/i.test(line.slice(-64))
      ? bad(method, uri, 400, 'Malformed Request Line')
      : { kind: 'malformed', reason: 'no SIP version' };
  }
  // RFC 3261 21.5.6.
  if (version !== 'SIP/2.0' && !/^SIP\/2\.0$/i.test(version)) return bad(method, uri, 505, 'Version Not Supported');
  if (line.length > messageLimits.startLineBytes) return bad(method, uri, 414, 'Request-URI Too Long');
  const parsed = parseUri(uri);
  if (parsed === undefined) return bad(method, uri, 400, 'Malformed Request-URI');
  // RFC 3261 19.1.1 table 1: a Request-URI carries no headers. Whoever honoured them would let the sender add header fields.
  if (parsed.headers !== '') return bad(method, uri, 400, 'Headers in Request-URI');
  return { kind: 'request', method, uri };
}

function bad(method: string, uri: string, status: number, reason: string): StartLine {
  return { kind: 'bad-request', method, uri, status, reason };
}

function parseStatusLine(line: string): StartLine {
  const code = line.slice(8, 11);
  // The space before an empty reason phrase is often forgotten; "SIP/2.0 200" is read all the same.
  const separated = line.length === 11 || line.charCodeAt(11) === 0x20;
  if (!/^[1-6][0-9][0-9]$/.test(code) || !separated) return { kind: 'malformed', reason: 'bad status line' };
  return { kind: 'response', status: Number(code), reason: line.slice(12) };
}

/** SIP/1*DIGIT.1*DIGIT, in any case (RFC 3261 7.1). */
function isSipVersion(text: string): boolean {
  return text === 'SIP/2.0' || /^SIP\/[0-9]{1,8}\.[0-9]{1,8}$/i.test(text);
}
