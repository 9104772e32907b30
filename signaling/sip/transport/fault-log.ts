// Faults that peers cause at will, in the log: the closed list of their kinds, each told at once and then at most once a second.
import type { Log, LogFields } from '../../../shared/log.ts';
import type { Timers } from '../../../shared/timer-queue.ts';
import { RateLimitedLog } from '../../log/rate-limited-log.ts';

export type FaultKind =
  | 'malformed-message'
  | 'bad-request'
  | 'oversize-message'
  | 'broken-frame'
  | 'connection-refused'
  | 'connection-timeout'
  | 'connect-failed'
  | 'handshake-failed'
  | 'slow-reader'
  | 'send-refused'
  | 'socket-error';

export class FaultLog {
  readonly #log: RateLimitedLog;
  readonly #now: () => number;

  constructor(options: { log: Log; timers: Timers; now: () => number }) {
    this.#log = new RateLimitedLog(options);
    this.#now = options.now;
  }

  /** `fields` may hold bytes of strangers only through `printable`. */
  report(kind: FaultKind, fields: LogFields): void {
    this.#log.warn(fields, kind, this.#now());
  }
}

/** Text that came from outside, fit for a log line or a terminal: printable ASCII, at most 200 characters. */
export function printable(text: string): string {
  const cut = text.length > 200 ? `${text.slice(0, 200)}...` : text;
  return cut.replace(/[^\x20-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
