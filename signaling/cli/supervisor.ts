// Keeps a child process alive: started again when it dies, with a pause that doubles from 1 s to 30 s and falls back after a
// minute of life. It ends when the child ends on purpose: exit code 0, a wrong configuration, or a signal that was passed on.
import type { Log } from '../../shared/log.ts';
import { exitCode } from './exit-code.ts';

export interface Child {
  readonly pid: number | undefined;
  kill(signal: PassedSignal): unknown;
}

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** It could not be started at all. */
  readonly error?: string;
}

export interface SupervisorOptions {
  readonly log: Log;
  readonly spawn: (ended: (end: ChildEnd) => void) => Child;
  /** Calls back later; the returned function takes it back. */
  readonly after: (ms: number, callback: () => void) => () => void;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly ended: (code: number) => void;
}

export type PassedSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

const firstPauseMs = 1000;
const longestPauseMs = 30_000;
/** A child that lived so long has started well; its death counts as the first. */
const soundMs = 60_000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  #child: Child | undefined;
  #startedAt = 0;
  #pauseMs = firstPauseMs;
  #stopping = false;
  #cancelRestart = (): void => {};

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#startedAt = this.#options.now();
    this.#child = this.#options.spawn((end) => this.#childEnded(end));
    this.#options.log.info({ pid: this.#child.pid }, 'child-started');
  }

  signal(signal: PassedSignal): void {
    if (signal !== 'SIGHUP') this.#stopping = true;
    if (this.#child !== undefined) {
      this.#child.kill(signal);
    } else if (this.#stopping) {
      this.#cancelRestart();
      this.#options.ended(exitCode.ok);
    }
  }

  #childEnded(end: ChildEnd): void {
    this.#child = undefined;
    const { code, signal } = end;
    if (code === exitCode.ok || code === exitCode.config || this.#stopping) {
      this.#options.log.info({ code, signal }, 'child-ended');
      this.#options.ended(code ?? exitCode.failed);
      return;
    }
    if (this.#options.now() - this.#startedAt >= soundMs) this.#pauseMs = firstPauseMs;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    this.#options.log.error({ ...end, restart_in_ms: pauseMs }, 'child-died');
    this.#cancelRestart = this.#options.after(pauseMs, () => this.start());
  }
}
