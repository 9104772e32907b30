// For faults that can come a million times: the first of each kind is logged at once, the rest are counted and told once
// a second in one line ("count" = how many it stands for). Pure: time comes as an argument and through Timers.
import type { Log, LogFields } from '../../shared/log.ts';
import type { Timers } from '../../shared/timer-queue.ts';

export interface RateLimitedLogOptions {
  readonly log: Log;
  readonly timers: Timers;
  readonly intervalMs?: number;
}

interface Repetition {
  count: number;
  /** Of the last one. */
  fields: LogFields;
}

/** Event names are fixed in the code; the cap only guards against one that is built from input by mistake. */
const maxEvents = 200;

export class RateLimitedLog {
  readonly #log: Log;
  readonly #timers: Timers;
  readonly #intervalMs: number;
  readonly #events = new Map<string, Repetition>();

  constructor({ log, timers, intervalMs = 1000 }: RateLimitedLogOptions) {
    this.#log = log;
    this.#timers = timers;
    this.#intervalMs = intervalMs;
  }

  warn(fields: LogFields, event: string, now: number): void {
    this.#note('warn', fields, event, now);
  }

  error(fields: LogFields, event: string, now: number): void {
    this.#note('error', fields, event, now);
  }

  #note(level: 'warn' | 'error', fields: LogFields, event: string, now: number): void {
    const repetition = this.#events.get(event);
    if (repetition !== undefined) {
      repetition.count++;
      repetition.fields = fields;
      return;
    }
    if (this.#events.size >= maxEvents) return;
    this.#log[level](fields, event);
    this.#open(level, event, now);
  }

  /** From now on repetitions are counted; an interval without one ends the counting. */
  #open(level: 'warn' | 'error', event: string, now: number): void {
    const repetition: Repetition = { count: 0, fields: {} };
    this.#events.set(event, repetition);
    this.#timers.schedule(now + this.#intervalMs, (later) => {
      this.#events.delete(event);
      if (repetition.count === 0) return;
      this.#log[level]({ ...repetition.fields, count: repetition.count }, event);
      this.#open(level, event, later);
    });
  }
}
