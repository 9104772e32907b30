// Cuts a byte stream (TCP, TLS) into SIP messages by Content-Length (RFC 3261 section 18.3) and reports keepalives
// (RFC 5626 section 4.4.1). Every byte is looked at once; no more than one message is held. Not for WebSocket: it has frames.

import { boundedNumber, digitsEnd, trimSpace } from './chars.ts';
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
const cr = 0x0d;
const lf = 0x0a;

export class StreamFramer {
  /** Bytes 0 to `#held` of the message in progress. */
  #buffer: Buffer = noBytes;
  #held = 0;
  /** Length of the whole message, 0 until its header is complete. */
  #total = 0;
  /** How much of CRLFCRLF the last bytes of the header are. */
  #matched = 0;
  #lastByte = 0;
  /** A bare CR or LF was in the header. */
  #flawed = false;
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
    let offset = 0;
    while (offset < chunk.length && !this.#fatal) {
      offset = this.#held === 0 ? this.#between(chunk, offset, events) : this.#within(chunk, offset, events);
    }
    // Two in all is the half of a ping or a pong; told at once, since a pong may be the last thing for minutes.
    if (this.#idleBytes === 2 && !this.#fatal && chunk.length > 0) events.push({ kind: 'pong' });
    return events;
  }

  /** Reads line ends and begins the next message. */
  #between(chunk: Uint8Array, start: number, events: FrameEvent[]): number {
    let i = start;
    while (i < chunk.length) {
      const byte = chunk[i];
      const expectsLf = (this.#idleBytes & 1) === 1;
      if (expectsLf && byte !== lf) return this.#fail(events, 400, 'Bare CR Between Messages', undefined);
      if (!expectsLf && byte !== cr) break;
      i++;
      this.#idleBytes++;
      if (this.#idleBytes < 4) continue;
      this.#idleBytes = 0;
      if (!events.some((event) => event.kind === 'ping')) events.push({ kind: 'ping' });
    }
    if (i === chunk.length) return i;
    this.#idleBytes = 0;
    return this.#within(chunk, i, events);
  }

  #within(chunk: Uint8Array, start: number, events: FrameEvent[]): number {
    if (this.#total > 0) return this.#takeBody(chunk, start, events);
    const headEnd = this.#scanHead(chunk, start);
    const found = headEnd >= 0;
    const end = found ? headEnd : chunk.length;
    if (this.#held + end - start > messageLimits.headBytes) return this.#fail(events, 513, 'Header Too Large', undefined);
    if (!found) {
      this.#hold(chunk, start, end);
      return end;
    }
    return this.#held === 0 ? this.#cutWhole(chunk, start, end, events) : this.#endHead(chunk, start, end, events);
  }

  /** The usual case: the message began in this chunk. Nothing is copied when it ends here too. */
  #cutWhole(chunk: Uint8Array, start: number, headEnd: number, events: FrameEvent[]): number {
    const head = chunk.subarray(start, headEnd);
    if (!this.#measure(head, events)) return chunk.length;
    const end = start + this.#total;
    if (end > chunk.length) {
      this.#hold(chunk, start, chunk.length);
      return chunk.length;
    }
    events.push({ kind: 'message', bytes: chunk.subarray(start, end) });
    this.#reset();
    return end;
  }

  #endHead(chunk: Uint8Array, start: number, headEnd: number, events: FrameEvent[]): number {
    this.#hold(chunk, start, headEnd);
    if (!this.#measure(this.#buffer.subarray(0, this.#held), events)) return chunk.length;
    return this.#takeBody(chunk, headEnd, events);
  }

  #takeBody(chunk: Uint8Array, start: number, events: FrameEvent[]): number {
    const end = Math.min(chunk.length, start + this.#total - this.#held);
    this.#hold(chunk, start, end);
    if (this.#held === this.#total) {
      events.push({ kind: 'message', bytes: this.#buffer.subarray(0, this.#total) });
      this.#reset();
    }
    return end;
  }

  /** The index behind the empty line, or -1 when it is not in this chunk. */
  #scanHead(chunk: Uint8Array, start: number): number {
    let matched = this.#matched;
    let last = this.#lastByte;
    for (let i = start; i < chunk.length; i++) {
      const byte = chunk[i] ?? 0;
      if (byte === lf) {
        if (last !== cr) this.#flawed = true;
        matched = last === cr ? matched + 1 : 0;
        if (matched === 4) return i + 1;
      } else {
        if (last === cr) this.#flawed = true;
        matched = byte !== cr ? 0 : matched === 2 ? 3 : 1;
      }
      last = byte;
    }
    this.#matched = matched;
    this.#lastByte = last;
    return -1;
  }

  /** Sets `#total` from a complete head; false after a fatal event. */
  #measure(head: Uint8Array, events: FrameEvent[]): boolean {
    const length = this.#flawed ? ({ status: 400, reason: 'Bare CR or LF in Header' } as const) : contentLengthOf(head);
    if (typeof length !== 'number') {
      this.#fail(events, length.status, length.reason, head);
      return false;
    }
    this.#total = head.length + length;
    if (this.#total <= messageLimits.messageBytes) return true;
    this.#fail(events, 413, 'Request Entity Too Large', head);
    return false;
  }

  /** Grows by doubling, so that a sender of single bytes costs no more than one of large chunks, nor a liar of big lengths. */
  #hold(chunk: Uint8Array, start: number, end: number): void {
    const needed = this.#held + end - start;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.max(needed, Math.min(this.#buffer.length * 2, this.#total || messageLimits.messageBytes), 512),
      );
      grown.set(this.#buffer.subarray(0, this.#held));
      this.#buffer = grown;
    }
    this.#buffer.set(chunk.subarray(start, end), this.#held);
    this.#held = needed;
  }

  #reset(): void {
    this.#buffer = noBytes;
    this.#held = 0;
    this.#total = 0;
    this.#matched = 0;
    this.#lastByte = 0;
  }

  #fail(events: FrameEvent[], status: number, reason: string, head: Uint8Array | undefined): number {
    this.#fatal = true;
    events.push(head === undefined ? { kind: 'fatal', status, reason } : { kind: 'fatal', status, reason, head });
    this.#reset();
    return Number.POSITIVE_INFINITY;
  }
}

/** Content-Length of a head without bare line ends, in any spelling parseMessage would take for it. */
function contentLengthOf(head: Uint8Array): number | { readonly status: number; readonly reason: string } {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  let length: number | undefined;
  for (const match of text.matchAll(/\r\n(?:content-length|l)[ \t]*:((?:[^\r\n]|\r\n[ \t])*)/gi)) {
    const digits = trimSpace((match[1] ?? '').replaceAll('\r\n', ''));
    const value = boundedNumber(digits, Number.MAX_SAFE_INTEGER);
    if (value === undefined) {
      const tooLong = digits !== '' && digitsEnd(digits, 0) === digits.length;
      return tooLong ? { status: 413, reason: 'Request Entity Too Large' } : { status: 400, reason: 'Bad Content-Length' };
    }
    if (length !== undefined && value !== length) return { status: 400, reason: 'Differing Content-Length' };
    length = value;
  }
  return length ?? { status: 400, reason: 'Missing Content-Length' };
}
