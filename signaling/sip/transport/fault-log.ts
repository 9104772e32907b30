// Faults that peers cause at will, in the log: of each kind one line at once and then at most one a second with the number of
// those in between. The kinds are a closed union, so this table cannot grow.
import type { Log, LogFields } from '../../../shared/log.ts';
import type { Timers } from '../../../shared/timer-queue.ts';
import { transportLimits } from './limits.ts';

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

interface Burst {
  held: number;
  latest: LogFields;
}

export class FaultLog {
  readonly #log: Log;
  readonly #timers: Timers;
  readonly #now: () => number;
  readonly #bursts = new Map<FaultKind, Burst>();

  constructor(options: { log: Log; timers: Timers; now: () => number }) {
    this.#log = options.log;
    this.#timers = options.timers;
    this.#now = options.now;
  }

  /** `fields` may hold bytes of strangers only through `printable`. */
  report(kind: FaultKind, fields: LogFields): void {
    const burst = this.#bursts.get(kind);
    if (burst !== undefined) {
      burst.held++;
      burst.latest = fields;
      return;
    }
    this.#log.warn({ ...fields, count: 1 }, kind);
    this.#bursts.set(kind, { held: 0, latest: fields });
    this.#rest(kind);
  }

  #rest(kind: FaultKind): void {
    this.#timers.schedule(this.#now() + transportLimits.faultLogMs, () => {
      const burst = this.#bursts.get(kind);
      if (burst === undefined || burst.held === 0) {
        this.#bursts.delete(kind);
        return;
      }
      this.#log.warn({ ...burst.latest, count: burst.held }, kind);
      burst.held = 0;
      this.#rest(kind);
    });
  }
}

/** Text that came from outside, fit for a log line or a terminal: printable ASCII, at most 200 characters. */
export function printable(text: string): string {
  const cut = text.length > 200 ? `${text.slice(0, 200)}...` : text;
  return cut.replace(/[^\x20-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
