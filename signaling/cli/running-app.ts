// What `weir run` needs of the application: to start it, to end it gently or at once, and to hand it a new configuration.
import type { Log } from '../../shared/log.ts';
import type { Config } from '../config/schema.ts';

export interface StartOptions {
  readonly log: Log;
  /** demo: no configuration was named; the embedded test agent stands in for the pool. */
  readonly mode: 'demo' | 'configured';
}

/** Throws WeirError when something the configuration names cannot be had. */
export type StartApp = (config: Config, options: StartOptions) => Promise<RunningApp>;

export interface RunningApp {
  /** No new calls; resolves when the last one has ended, or after `limitMs`. */
  drain(limitMs: number): Promise<void>;
  /** Hangs up what is left and frees everything. */
  close(): Promise<void>;
  /**
   * Takes what can be changed while calls run. `changed` are key paths such as `zones[0].allow`; the answer names those that
   * are in force now. Without this method only the log level changes.
   */
  reload?(next: Config, changed: readonly string[]): Promise<readonly string[]>;
}
