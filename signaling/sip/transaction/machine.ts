// What the four state machines want from their owner (server-side.ts, client-side.ts). Types and the transition guard only.
import { invariant } from '../../../shared/assert.ts';
import type { Timers } from '../../../shared/timer-queue.ts';
import type { Timing } from './timing.ts';
import type { ClientFailure } from './transaction.ts';

/** For each state the states it may go to. */
export type Transitions<State extends string> = Readonly<Record<State, readonly State[]>>;

export function guard<State extends string>(table: Transitions<State>, from: State, to: State): State {
  invariant(table[from].includes(to), `Transaction cannot go from ${from} to ${to}`);
  return to;
}

/** Bytes to be sent again, maybe: as a latin1 string they stay 1:1, cost no buffer and do not keep a pool of buffers alive. */
export function keepBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** What becomes of a response the user wants to send. */
export type Admission = 'send' | 'withhold' | 'ignore';

/** The two server machines as their owner sees them. */
export interface ServerMachine {
  readonly done: boolean;
  /** To be asked before each response. */
  admit(status: number, now: number): Admission;
  /** The admitted response was just sent as `bytes`. */
  responded(status: number, bytes: Uint8Array, now: number): void;
  /** The request came again. */
  requestAgain(now: number): void;
  /** Forgets everything at once, after a stateless answer. */
  terminate(now: number): void;
}

export interface ServerHost {
  readonly timers: Timers;
  readonly timing: Timing;
  readonly reliable: boolean;
  /** Sends a kept response again. */
  retransmit(response: string, now: number): void;
  /** The client of a non-INVITE heard nothing for so long that it must get a 100 (RFC 4320 section 4.1). */
  trying(now: number): void;
  /** Timer H: the final response to an INVITE was never acknowledged. */
  missingAck(): void;
  /** The machine is done; the last call it makes. */
  ended(): void;
}

/** The two client machines as their owner sees them. */
export interface ClientMachine {
  /** Nothing was heard yet, so the request may still go another way. */
  readonly untouched: boolean;
  /** Sends the request; once more for the fallback from stream to UDP, while still untouched. */
  start(bytes: Uint8Array, reliable: boolean, now: number): void;
  received(status: number, now: number): ClientAction;
  /** A send failed or the connection died. */
  transportFailed(now: number): void;
  cancel(now: number): void;
  abandon(now: number): void;
}

/** What the owner does with a response: tell the user, acknowledge it (INVITE only), both, or nothing. */
export type ClientAction = 'deliver' | 'acknowledge' | 'acknowledge-and-deliver' | 'drop';

export interface ClientHost {
  readonly timers: Timers;
  readonly timing: Timing;
  /** First transmission or retransmission; a failure comes back through transportFailed, later. */
  transmit(bytes: Uint8Array, attempt: 'first' | 'again', now: number): void;
  /** CANCEL may go out now (RFC 3261 section 9.1). */
  sendCancel(now: number): void;
  failed(cause: ClientFailure, now: number): void;
  ended(): void;
}
