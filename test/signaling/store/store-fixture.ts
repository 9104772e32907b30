// A store in a directory of its own, with virtual time and a log that can be read.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Log, type LogFields, silentLog } from '../../../shared/log.ts';
import { TimerQueue } from '../../../shared/timer-queue.ts';
import { Store } from '../../../signaling/store/store.ts';

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

export interface StoreFixture {
  readonly directory: string;
  readonly cdrFile: string;
  readonly lines: LogLine[];
  /** Stores opened by this are closed after the test. */
  open(change?: { directory?: string; cdrFile?: string; entry?: URL }): Store;
  /** Moves time on and fires what is due. */
  pass(ms: number): void;
  events(): string[];
}

export function storeFixture(t: TestContext): StoreFixture {
  const directory = mkdtempSync(join(tmpdir(), 'weir-store-'));
  const cdrFile = join(directory, 'log', 'cdr.json');
  const timers = new TimerQueue();
  const stores: Store[] = [];
  const lines: LogLine[] = [];
  let now = 0;
  const note = (level: string) => (fields: LogFields, event: string) => void lines.push({ level, event, fields });
  const log: Log = { ...silentLog, info: note('info'), warn: note('warn'), error: note('error') };
  t.after(async () => {
    await Promise.all(stores.map((store) => store.close()));
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    directory,
    cdrFile,
    lines,
    open(change = {}) {
      const store = new Store({ directory: join(directory, 'state'), cdrFile, log, timers, now: () => now, ...change });
      stores.push(store);
      return store;
    },
    pass(ms) {
      now += ms;
      timers.tick(now);
    },
    events: () => lines.map((line) => line.event),
  };
}
