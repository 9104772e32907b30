// SIGHUP: reads the configuration again and puts in force what can change while calls run. Whatever is wrong with it, the old
// one stays; what needs a restart is named, and compared with the start again the next time.
import { errorMessage } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { changedPaths } from '../config/effective.ts';
import type { LoadResult } from '../config/load.ts';
import { formatProblem } from '../config/problem.ts';
import type { Config } from '../config/schema.ts';
import type { RunningApp } from './running-app.ts';

export interface ReloaderOptions {
  readonly app: Pick<RunningApp, 'reload'>;
  readonly log: Log;
  /** In force since the start. */
  readonly config: Config;
  readonly load: () => LoadResult;
  readonly setLevel: (level: Config['log']['level']) => void;
}

const mostToldProblems = 20;

export class Reloader {
  readonly #options: ReloaderOptions;
  /** What the process runs with; the log level apart, because it changes on its own. */
  #inForce: Config;
  #level: Config['log']['level'];
  #busy = false;

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#level = options.config.log.level;
    this.#inForce = options.config;
  }

  async reload(): Promise<void> {
    if (this.#busy) {
      this.#options.log.warn({}, 'reload-already-running');
      return;
    }
    this.#busy = true;
    try {
      await this.#reload();
    } catch (thrown) {
      this.#options.log.error({ reason: errorMessage(thrown) }, 'reload-failed');
    } finally {
      this.#busy = false;
    }
  }

  async #reload(): Promise<void> {
    const { app, log, load, setLevel } = this.#options;
    const result = load();
    if (result.kind === 'invalid') {
      const problems = result.problems.slice(0, mostToldProblems).map(formatProblem);
      log.error({ problems, count: result.problems.length }, 'reload-refused');
      return;
    }
    const next = result.config;
    for (const warning of result.warnings) log.warn({ reason: formatProblem(warning) }, 'config-warning');
    const levelChanged = next.log.level !== this.#level;
    const changed = changedPaths({ ...this.#inForce, log: { ...this.#inForce.log, level: next.log.level } }, next);
    const taken = changed.length === 0 ? [] : ((await app.reload?.(next, changed)) ?? []);
    if (levelChanged) {
      setLevel(next.log.level);
      this.#level = next.log.level;
    }
    const needRestart = changed.filter((path) => !taken.includes(path));
    if (needRestart.length === 0) this.#inForce = next;
    log.info({ changed: [...(levelChanged ? ['log.level'] : []), ...taken], needRestart }, 'reloaded');
  }
}
