// One TCP or TLS connection (RFC 3261 18.3, RFC 5626 4.4.1): frames in, queued messages out, time limits, one death. Not told
// apart here: who opened it and whether it is encrypted. WebSocket will be another class of the same interface.
import type { Socket } from 'node:net';
import type { Timers } from '../../../shared/timer-queue.ts';
import { type FatalFrame, type FrameEvent, StreamFramer } from '../message/frame.ts';
import type { Connection, ConnectionEnd, ConnectionUser, SendResult } from './connection.ts';
import { ConnectionDeadline } from './connection-deadline.ts';
import type { Flow } from './flow.ts';
import { transportLimits } from './limits.ts';
import type { UnfinishedBytes } from './unfinished-bytes.ts';

export interface StreamUser extends ConnectionUser {
  /** The stream cannot be read on. Whoever hears this may send a last answer; the connection then finishes by itself. */
  broken(frame: FatalFrame, connection: Connection): void;
}

export interface StreamConnectionOptions {
  readonly flow: Flow;
  readonly origin: 'accepted' | 'opened';
  readonly socket: Socket;
  /** The event after which bytes may go out. TLS waits for its handshake: nothing leaves before the peer's name is checked. */
  readonly readyOn: 'now' | 'connect' | 'secureConnect';
  readonly idleMs: number;
  readonly firstMessageMs: number;
  readonly timers: Timers;
  readonly now: () => number;
  readonly unfinished: UnfinishedBytes;
  readonly user: StreamUser;
}

const pong = Buffer.from('\r\n');

export class StreamConnection implements Connection {
  readonly flow: Flow;
  readonly origin: 'accepted' | 'opened';
  readonly #socket: Socket;
  readonly #user: StreamUser;
  readonly #unfinished: UnfinishedBytes;
  readonly #deadline: ConnectionDeadline;
  readonly #framer = new StreamFramer();
  #state: 'connecting' | 'open' | 'finishing' | 'dead' = 'open';
  /** What was sent before the connection was ready. */
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #unfinishedBytes = 0;
  #awaitsFirst: boolean;
  #end: ConnectionEnd = { kind: 'closed', reason: 'closed by peer' };

  constructor(options: StreamConnectionOptions) {
    this.flow = options.flow;
    this.origin = options.origin;
    this.#socket = options.socket;
    this.#user = options.user;
    this.#unfinished = options.unfinished;
    this.#awaitsFirst = options.origin === 'accepted';
    const { timers, now } = options;
    this.#deadline = new ConnectionDeadline({ timers, now, expired: (reason) => this.#expired(reason) }, options.idleMs);
    if (options.readyOn !== 'now') {
      this.#state = 'connecting';
      this.#deadline.enter('connect', transportLimits.connectMs);
      this.#socket.once(options.readyOn, () => this.#ready());
    } else if (this.#awaitsFirst) {
      this.#deadline.enter('no message', options.firstMessageMs);
    }
    this.#socket.on('data', (chunk) => {
      if (typeof chunk !== 'string') this.#data(chunk);
    });
    this.#socket.on('error', (error) => this.#fault(error));
    this.#socket.once('close', () => this.#closed());
  }

  get usable(): boolean {
    return this.#state === 'connecting' || this.#state === 'open';
  }

  send(bytes: Uint8Array): SendResult {
    if (!this.usable) return 'gone';
    if (this.#socket.writableLength + this.#earlyBytes + bytes.length > transportLimits.sendQueueBytes) {
      this.close('slow reader');
      return 'full';
    }
    if (this.#state === 'connecting') {
      this.#early.push(bytes);
      this.#earlyBytes += bytes.length;
      return 'sent';
    }
    this.#deadline.active();
    this.#socket.write(bytes);
    return 'sent';
  }

  close(reason: string): void {
    this.#cut({ kind: 'closed', reason });
  }

  finish(reason: string): void {
    if (this.#state === 'connecting') this.close(reason);
    if (this.#state !== 'open') return;
    this.#state = 'finishing';
    this.#end = { kind: 'closed', reason };
    this.#deadline.enter('linger', transportLimits.lingerMs);
    this.#socket.end();
  }

  #ready(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.#deadline.leave();
    this.#deadline.active();
    const early = this.#early;
    this.#early = [];
    this.#earlyBytes = 0;
    for (const bytes of early) this.#socket.write(bytes);
  }

  #data(chunk: Uint8Array): void {
    // A finishing connection goes on reading, or the reset for unread bytes would overtake the last answer.
    if (this.#state !== 'open') return;
    this.#deadline.active();
    const wasPending = this.#framer.pending;
    const events = this.#framer.feed(chunk);
    this.#noteUnfinished(wasPending && events.length === 0 ? this.#unfinishedBytes + chunk.length : chunk.length, events);
    for (const event of events) {
      if (this.#state !== 'open') return;
      this.#handle(event);
    }
  }

  #handle(event: FrameEvent): void {
    switch (event.kind) {
      case 'message':
        if (this.#awaitsFirst) this.#deadline.leave();
        this.#awaitsFirst = false;
        this.#user.received(event.bytes, this);
        return;
      case 'ping':
        this.#user.keepalive(this);
        this.send(pong);
        return;
      case 'pong':
        this.#user.keepalive(this);
        return;
      case 'fatal':
        this.#user.broken(event, this);
        this.finish('broken frame');
    }
  }

  #noteUnfinished(size: number, events: readonly FrameEvent[]): void {
    // Each message has its own time: one that ended makes room for the limit of the next.
    if (events.length > 0 || !this.#framer.pending) this.#deadline.ended();
    if (this.#framer.pending) this.#deadline.begun(transportLimits.messageMs);
    const before = this.#unfinishedBytes;
    this.#unfinishedBytes = this.#framer.pending ? size : 0;
    if (!this.#unfinished.change(before, this.#unfinishedBytes)) this.close('too many unfinished messages');
  }

  #expired(reason: string): void {
    const kind = this.#state === 'connecting' ? 'not-connected' : reason === 'idle' ? 'idle' : 'timeout';
    this.#cut({ kind, reason: `timeout: ${reason}` });
  }

  #cut(end: ConnectionEnd): void {
    // What ended it first is the reason; errors after our own decision are only its echo.
    if (this.usable) this.#end = end;
    this.#state = 'dead';
    this.#socket.destroy();
  }

  #fault(error: Error): void {
    if (this.usable) this.#end = { kind: this.#state === 'connecting' ? 'not-connected' : 'closed', reason: error.message };
  }

  #closed(): void {
    this.#state = 'dead';
    this.#deadline.stop();
    this.#unfinished.change(this.#unfinishedBytes, 0);
    this.#unfinishedBytes = 0;
    this.#user.closed(this, this.#end);
  }
}
