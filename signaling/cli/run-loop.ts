// What signals do to a running Weir: SIGTERM drains and ends; a second one, or SIGINT, ends at once; SIGHUP reloads; losing the
// supervisor is a SIGTERM. One state machine; the clock is only in the deadline of the end.
import { errorMessage } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { exitCode } from './exit-code.ts';
import type { RunningApp } from './running-app.ts';

export interface SignalSource {
  on(event: Signal, listener: () => void): unknown;
  off(event: Signal, listener: () => void): unknown;
}

export interface Reloads {
  reload(): Promise<void>;
}

export interface RunLoopOptions {
  readonly log: Log;
  readonly drainMs: number;
  /** For the end, in which BYEs are sent and the state is written. */
  readonly closeMs?: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP' | 'disconnect';

/** npm, timeout and terminals send a signal to the process and to its group: two in a row are one wish. */
const echoMs = 500;

const signals: readonly Signal[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'disconnect'];

export class RunLoop {
  readonly #options: RunLoopOptions;
  readonly #ended = Promise.withResolvers<number>();
  readonly #listeners = new Map<Signal, () => void>();
  #state: 'starting' | 'running' | 'draining' | 'closing' = 'starting';
  readonly #abandoned = Promise.withResolvers<undefined>();
  /** What came before the application stood. */
  #early: Signal | undefined;
  /** The last signal to end, and when. */
  #last: { readonly signal: Signal; readonly at: number } | undefined;
  #app: RunningApp | undefined;
  #reloads: Reloads | undefined;

  constructor(options: RunLoopOptions) {
    this.#options = options;
    for (const signal of signals) this.#listeners.set(signal, () => this.#receive(signal));
  }

  /** Resolves when a second signal comes while the application still starts. */
  get abandoned(): Promise<undefined> {
    return this.#abandoned.promise;
  }

  listen(source: SignalSource): void {
    for (const [signal, listener] of this.#listeners) source.on(signal, listener);
  }

  ignore(source: SignalSource): void {
    for (const [signal, listener] of this.#listeners) source.off(signal, listener);
  }

  /** Resolves to the exit code when the application has ended. */
  run(app: RunningApp, reloads: Reloads): Promise<number> {
    this.#app = app;
    this.#reloads = reloads;
    this.#state = 'running';
    if (this.#early !== undefined) this.#handle(this.#early);
    return this.#ended.promise;
  }

  #receive(signal: Signal): void {
    if (signal !== 'SIGHUP') {
      const at = this.#options.now();
      const isEcho = this.#last?.signal === signal && at - this.#last.at < echoMs;
      this.#last = { signal, at };
      if (isEcho) return;
    }
    this.#options.log.info({ signal }, 'signal');
    this.#handle(signal);
  }

  #handle(signal: Signal): void {
    if (this.#app === undefined) {
      // The configuration that is being started is the newest anyway.
      if (signal === 'SIGHUP') return;
      if (this.#early !== undefined) this.#abandoned.resolve(undefined);
      this.#early = signal;
      return;
    }
    if (signal === 'SIGHUP') this.#background(this.#reloads?.reload());
    else if (this.#state === 'closing') this.#finish(exitCode.failed);
    else if (signal !== 'SIGINT' && this.#state === 'running') this.#background(this.#drain(this.#app));
    // Without its supervisor a draining process goes on draining.
    else if (signal !== 'disconnect') this.#background(this.#close(this.#app));
  }

  async #drain(app: RunningApp): Promise<void> {
    this.#state = 'draining';
    await app.drain(this.#options.drainMs);
    if (this.#state === 'draining') await this.#close(app);
  }

  async #close(app: RunningApp): Promise<void> {
    this.#state = 'closing';
    const timer = setTimeout(() => this.#finish(exitCode.failed), this.#options.closeMs ?? 15_000);
    try {
      await app.close();
    } finally {
      clearTimeout(timer);
    }
    this.#finish(exitCode.ok);
  }

  #finish(code: number): void {
    this.#options.log.info({ code }, 'ended');
    this.#ended.resolve(code);
  }

  #background(work: Promise<void> | undefined): void {
    work?.catch((thrown: unknown) => {
      this.#options.log.error({ reason: errorMessage(thrown), err: thrown instanceof Error ? thrown : null }, 'end-failed');
      this.#finish(exitCode.failed);
    });
  }
}
