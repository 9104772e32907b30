// Bytes to messages and back (RFC 3261 section 7). Parsing copies nothing but the head as one latin1 string; the body is a
// view of the bytes given. Text goes out by the same byte-for-byte coding, so UTF-8 survives untouched.

import { EssentialFields } from './essential-fields.ts';
import { type Flaw, type Head, indexHead } from './head.ts';
import { Headers } from './headers.ts';
import { messageLimits } from './limits.ts';
import type { SipMessage } from './message.ts';
import { SipRequest } from './request.ts';
import { SipResponse } from './response.ts';
import { parseStartLine, type StartLine } from './start-line.ts';
import { bodyLength, flawOfHeaders } from './validation.ts';

export type ParseResult =
  | { readonly kind: 'message'; readonly message: SipMessage }
  /** To be answered statelessly with replyTo: its top Via is sound, nothing else need be. Never an ACK. */
  | { readonly kind: 'bad-request'; readonly request: SipRequest; readonly status: number; readonly reason: string }
  /** To be dropped and counted. */
  | { readonly kind: 'malformed'; readonly reason: string }
  /** Nothing but line ends (RFC 5626 4.4.1). */
  | { readonly kind: 'keepalive' };

export type Framing = 'datagram' | 'stream';

/** Reads one message: a datagram, or what StreamFramer cut out. Never throws. */
export function parseMessage(bytes: Uint8Array, framing: Framing): ParseResult {
  const start = skipLineEnds(bytes);
  if (start === bytes.length) return { kind: 'keepalive' };
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const head = indexHead(buffer, start);
  const line = parseStartLine(head.startLine);
  switch (line.kind) {
    case 'malformed':
      return line;
    case 'response':
      return readResponse(line, head, buffer, framing);
    default:
      return readRequest(line, head, buffer, framing);
  }
}

type RequestLine = Extract<StartLine, { readonly kind: 'request' | 'bad-request' }>;
type StatusLine = Extract<StartLine, { readonly kind: 'response' }>;

function readRequest(line: RequestLine, head: Head, bytes: Buffer, framing: Framing): ParseResult {
  const { method, uri } = line;
  const headers = new Headers(head.fields);
  const fields = new EssentialFields();
  const body = readBody(head, headers, bytes, framing);
  const flaw = flawOfRequest(line, head, headers, fields, bytes) ?? (body instanceof Uint8Array ? undefined : body);
  if (flaw === undefined && body instanceof Uint8Array) {
    return { kind: 'message', message: new SipRequest({ method, uri, headers, body, fields }) };
  }
  const { status, reason } = flaw ?? { status: 400, reason: 'Bad Request' };
  // RFC 3261 17.1.1.3: an ACK is never answered. Without a Via there is no way back.
  if (method === 'ACK' || fields.topVia(headers) === undefined) return { kind: 'malformed', reason };
  return { kind: 'bad-request', request: new SipRequest({ method, uri, headers, fields }), status, reason };
}

function readResponse(line: StatusLine, head: Head, bytes: Buffer, framing: Framing): ParseResult {
  const headers = new Headers(head.fields);
  const fields = new EssentialFields();
  const flaw = head.flaw ?? flawOfHeaders(head, headers, fields, undefined);
  if (flaw !== undefined) return { kind: 'malformed', reason: flaw.reason };
  const body = readBody(head, headers, bytes, framing);
  if (!(body instanceof Uint8Array)) return { kind: 'malformed', reason: body.reason };
  return { kind: 'message', message: new SipResponse({ status: line.status, reason: line.reason, headers, body, fields }) };
}

function flawOfRequest(line: RequestLine, head: Head, headers: Headers, fields: EssentialFields, bytes: Buffer): Flaw | undefined {
  if (bytes.length > messageLimits.messageBytes) return { status: 513, reason: 'Message Too Large' };
  if (line.kind === 'bad-request') return line;
  return head.flaw ?? flawOfHeaders(head, headers, fields, line.method);
}

function readBody(head: Head, headers: Headers, bytes: Buffer, framing: Framing): Uint8Array | Flaw {
  const length = bodyLength(head, headers, framing, bytes.length - head.bodyStart);
  return typeof length === 'number' ? bytes.subarray(head.bodyStart, head.bodyStart + length) : length;
}

/** RFC 3261 7.5: CRLFs before the start line are to be ignored. */
function skipLineEnds(bytes: Uint8Array): number {
  let i = 0;
  while (bytes[i] === 0x0d && bytes[i + 1] === 0x0a) i += 2;
  return i;
}

/** The message as it goes on the wire. Content-Length is computed, and the last header field unless it had a place. */
export function encodeMessage(message: SipMessage): Buffer {
  const head = formatHead(message);
  const out = Buffer.allocUnsafe(head.length + message.body.length);
  out.write(head, 0, 'latin1');
  out.set(message.body, head.length);
  return out;
}

function formatHead(message: SipMessage): string {
  let text =
    message.kind === 'request'
      ? `${cleanWord(message.method)} ${cleanWord(message.uri)} SIP/2.0\r\n`
      : `SIP/2.0 ${message.status} ${cleanLine(message.reason)}\r\n`;
  let counted = false;
  for (const field of message.headers.fields()) {
    if (field.name !== 'content-length') {
      text += `${field.wire}: ${field.value}\r\n`;
    } else if (!counted) {
      text += `Content-Length: ${message.body.length}\r\n`;
      counted = true;
    }
  }
  return counted ? `${text}\r\n` : `${text}Content-Length: ${message.body.length}\r\n\r\n`;
}

/** Method and URI are words: white space or a line end in one would make another request line of it. */
function cleanWord(text: string): string {
  return /[\0-\x20\x7f]/.test(text)
    ? text.replace(/[\0-\x20\x7f]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`)
    : text;
}

function cleanLine(text: string): string {
  return /[\r\n\0]/.test(text) ? text.replace(/[\r\n\0]+/g, ' ') : text;
}
