// Cuts a byte stream (TCP, TLS) into SIP messages by Content-Length (RFC 3261 section 18.3) and reports keepalives
// (RFC 5626 section 4.4.1). Every byte is looked at once; no more than one message is held. Not for WebSocket, whose frames
// are messages already (RFC 7118 section 5.1: parse those as datagrams).

import { digitsEnd, numberAt, skipSpace, tokenEnd, trimSpace } from './chars.ts';
import type { Flaw } from './head.ts';
import { headerName, nameBits } from './header-name.ts';
import { messageLimits } from './limits.ts';

export type FrameEvent =
  /** One whole message: a view of the chunk when it lies in one, else memory of its own, never written again. */
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  /** CRLFCRLF between messages, at most once per chunk: to be answered with CRLF. */
  | { readonly kind: 'ping' }
  /** A single CRLF between messages. */
  | { readonly kind: 'pong' }
  /** The stream cannot be read on and is to be closed. With `head`, parseMessage tells whom to answer `status` first. */
  | FatalFrame;

export interface FatalFrame {
  readonly kind: 'fatal';
  readonly status: number;
  readonly reason: string;
  readonly head?: Uint8Array;
}

const noBytes = Buffer.alloc(0);
const emptyLine = Buffer.from('\r\n\r\n');

export class StreamFramer {
  /** Bytes 0 to `#held` of the message in progress. */
  #buffer: Buffer = noBytes;
  #held = 0;
  /** Length of the whole message, 0 until its header is complete. */
  #total = 0;
  /** Bytes of CRLFCRLF seen between messages. */
  #idleBytes = 0;
  #fatal = false;

  /** Whether a message has begun and is not complete: what a deadline for slow senders looks at. */
  get pending(): boolean {
    return this.#held > 0;
  }

  /** What `chunk` completes, in order. After a fatal event nothing more comes. */
  feed(chunk: Uint8Array): FrameEvent[] {
    const events: FrameEvent[] = [];
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let offset = 0;
    while (offset < bytes.length && !this.#fatal) {
      if (this.#held === 0) offset = this.#between(bytes, offset, events);
      else if (this.#total === 0) offset = this.#continueHead(bytes, offset, events);
      else offset = this.#continueBody(bytes, offset, events);
    }
    // Two in all is the half of a ping or a pong; told at once, since a pong may be the last thing for minutes.
    if (this.#idleBytes === 2 && !this.#fatal && bytes.length > 0) events.push({ kind: 'pong' });
    return events;
  }

  /** Reads line ends and begins the next message. */
  #between(chunk: Buffer, start: number, events: FrameEvent[]): number {
    let i = start;
    while (i < chunk.length) {
      const expected = (this.#idleBytes & 1) === 0 ? 0x0d : 0x0a;
      if (chunk[i] !== expected) break;
      i++;
      this.#idleBytes++;
      if (this.#idleBytes < 4) continue;
      this.#idleBytes = 0;
      if (!events.some((event) => event.kind === 'ping')) events.push({ kind: 'ping' });
    }
    if (i === chunk.length) return i;
    if ((this.#idleBytes & 1) === 1) return this.#fail(events, { status: 400, reason: 'Bare CR Between Messages' });
    this.#idleBytes = 0;
    return this.#begin(chunk, i, events);
  }

  /** The usual case: the whole message lies in this chunk, and nothing is copied. */
  #begin(chunk: Buffer, start: number, events: FrameEvent[]): number {
    const headEnd = chunk.indexOf(emptyLine, start) + emptyLine.length;
    const length = headEnd < emptyLine.length ? chunk.length - start : headEnd - start;
    if (length > messageLimits.headBytes) return this.#fail(events, headTooLarge);
    if (headEnd < emptyLine.length) return this.#hold(chunk, start, chunk.length);
    if (!this.#measure(chunk.subarray(start, headEnd), events)) return chunk.length;
    const end = start + this.#total;
    if (end > chunk.length) return this.#hold(chunk, start, chunk.length);
    events.push({ kind: 'message', bytes: chunk.subarray(start, end) });
    this.#reset();
    return end;
  }

  #continueHead(chunk: Buffer, start: number, events: FrameEvent[]): number {
    const held = this.#held;
    this.#hold(chunk, start, Math.min(chunk.length, start + messageLimits.headBytes + 1 - held));
    // Three bytes of the empty line may have come before.
    const at = this.#buffer.subarray(0, this.#held).indexOf(emptyLine, Math.max(0, held - 3));
    if (at < 0) return this.#held > messageLimits.headBytes ? this.#fail(events, headTooLarge) : chunk.length;
    const head = this.#buffer.subarray(0, at + emptyLine.length);
    if (!this.#measure(head, events)) return chunk.length;
    // What is behind the header may be more than this message: take it from the chunk again.
    this.#held = head.length;
    return this.#continueBody(chunk, start + head.length - held, events);
  }

  #continueBody(chunk: Buffer, start: number, events: FrameEvent[]): number {
    const end = this.#hold(chunk, start, Math.min(chunk.length, start + this.#total - this.#held));
    if (this.#held < this.#total) return end;
    events.push({ kind: 'message', bytes: this.#buffer.subarray(0, this.#total) });
    this.#reset();
    return end;
  }

  /** Sets `#total` from a complete head; false after a fatal event. */
  #measure(head: Buffer, events: FrameEvent[]): boolean {
    const length = contentLengthOf(head.toString('latin1'));
    if (typeof length !== 'number') {
      this.#fail(events, length, head);
      return false;
    }
    this.#total = head.length + length;
    if (this.#total <= messageLimits.messageBytes) return true;
    this.#fail(events, tooLarge, head);
    return false;
  }

  /** Grows by doubling: single bytes cost no more than large chunks, and announced bytes nothing before they come. */
  #hold(chunk: Buffer, start: number, end: number): number {
    const needed = this.#held + end - start;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(this.#buffer.length * 2, messageLimits.messageBytes), 512));
      grown.set(this.#buffer.subarray(0, this.#held));
      this.#buffer = grown;
    }
    this.#buffer.set(chunk.subarray(start, end), this.#held);
    this.#held = needed;
    return end;
  }

  #reset(): void {
    this.#buffer = noBytes;
    this.#held = 0;
    this.#total = 0;
  }

  #fail(events: FrameEvent[], flaw: Flaw, head?: Uint8Array): number {
    this.#fatal = true;
    events.push(head === undefined ? { kind: 'fatal', ...flaw } : { kind: 'fatal', ...flaw, head });
    this.#reset();
    return Number.POSITIVE_INFINITY;
  }
}

const headTooLarge: Flaw = { status: 513, reason: 'Header Too Large' };
const tooLarge: Flaw = { status: 413, reason: 'Request Entity Too Large' };

/** Content-Length of a head, in every spelling that parseMessage takes for it; all there are must agree. */
function contentLengthOf(head: string): number | Flaw {
  let length: number | undefined;
  for (let end = head.indexOf('\r\n'); end >= 0; end = head.indexOf('\r\n', end + 2)) {
    const start = end + 2;
    const first = head.charCodeAt(start) | 0x20;
    if (first !== 0x63 && first !== 0x6c) continue;
    const nameEnd = tokenEnd(head, start);
    const colon = skipSpace(head, nameEnd);
    if (head.charCodeAt(colon) !== 0x3a || headerName(head.slice(start, nameEnd)).bit !== nameBits.contentLength) continue;
    const value = lengthValue(head, colon + 1);
    if (typeof value !== 'number') return value;
    if (length !== undefined && value !== length) return { status: 400, reason: 'Differing Content-Length' };
    length = value;
  }
  return length ?? { status: 400, reason: 'Missing Content-Length' };
}

/** The number at `start`, which may stand on folded lines. */
function lengthValue(head: string, start: number): number | Flaw {
  const text = fieldText(head, start);
  if (text === '' || digitsEnd(text, 0) !== text.length) return { status: 400, reason: 'Bad Content-Length' };
  return numberAt(text, 0, text.length, messageLimits.messageBytes) ?? tooLarge;
}

function fieldText(head: string, start: number): string {
  let end = head.indexOf('\r\n', start);
  while (end >= 0 && skipSpace(head, end + 2) > end + 2) end = head.indexOf('\r\n', end + 2);
  return trimSpace(head.slice(start, end).replaceAll('\r\n', ' '));
}
