// Call records and CDRs on disk, without ever making the event loop wait: changes are gathered for some milliseconds, sent to
// a thread of their own, and committed together. A dead disk costs records, counted and told, but no call.
import { Worker } from 'node:worker_threads';
import { assertNever } from '../../shared/assert.ts';
import { errorMessage, WeirError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Timer, Timers } from '../../shared/timer-queue.ts';
import { RateLimitedLog } from '../log/rate-limited-log.ts';
import { storeLimits } from './limits.ts';
import type { StoreEvent, StoreFault, StoreRequest, StoreWorkerOptions } from './store-messages.ts';
import { type Group, WaitingWrites } from './waiting-writes.ts';

export interface StoreOptions extends StoreWorkerOptions {
  readonly log: Log;
  readonly timers: Timers;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Another thread entry, for tests. */
  readonly entry?: URL;
}

export interface StoreCounters {
  /** Changes and lines that are on disk. */
  readonly written: number;
  /** Attempts that failed; their changes wait. */
  readonly failures: number;
  /** Changes and lines lost because too many waited. */
  readonly lost: number;
  /** Changes and lines not yet on disk. */
  readonly waiting: number;
}

export class Store {
  readonly #options: StoreOptions;
  readonly #faults: RateLimitedLog;
  readonly #waiting = new WaitingWrites();
  readonly #opening = Promise.withResolvers<StoreFault | null>();
  readonly #loads: PromiseWithResolvers<Map<string, string>>[] = [];
  /** `group`: the number of the group after which all is on disk. */
  #flushes: { readonly group: number; readonly done: () => void }[] = [];
  #worker: Worker | undefined;
  #timer: Timer | undefined;
  /** One at a time: a group that fails must not be overtaken by a later change of the same record. */
  #inFlight: Group | undefined;
  #sequence = 0;
  #counters = { written: 0, failures: 0, lost: 0 };
  #state: 'working' | 'failing' | 'closed' = 'working';

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#faults = new RateLimitedLog({ log: options.log, timers: options.timers });
    this.#start();
  }

  get counters(): StoreCounters {
    return { ...this.#counters, waiting: this.#waiting.size + sizeOf(this.#inFlight) };
  }

  /**
   * The records of the run before, by id. Rejects with WeirError when Weir must not start on this directory: `store-in-use`
   * (another process), `store-newer` (written by a later version). Any other fault is logged and gives no records.
   */
  async loadRecords(): Promise<Map<string, string>> {
    const fault = await this.#opening.promise;
    if (fault !== null && fault.code !== 'failed') throw new WeirError(`store-${fault.code}`, this.#sentence('use', fault));
    // The thread died right away: calls are more important than the records of old ones.
    if (this.#worker === undefined) return new Map();
    const load = Promise.withResolvers<Map<string, string>>();
    this.#loads.push(load);
    this.#send({ kind: 'load' });
    return load.promise;
  }

  putRecord(id: string, json: string): void {
    this.#add(this.#waiting.addRecord(id, json));
  }

  deleteRecord(id: string): void {
    this.#add(this.#waiting.addRecord(id, null));
  }

  /** One JSON object, without a line end. Dropped when no CDR file is configured. */
  appendCdr(line: string): void {
    if (this.#options.cdrFile !== '') this.#add(this.#waiting.addLine(line));
  }

  /** Resolves when all that was handed in so far is on disk, or an attempt to write it has failed. */
  flush(): Promise<void> {
    if (this.#worker === undefined || this.counters.waiting === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#flushes.push({ group: this.#sequence + this.#waiting.groups, done: resolve });
    this.#post();
    return promise;
  }

  /** Writes what waits, as far as that works within some seconds, and ends the thread. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const deadline = Promise.withResolvers<void>();
    const timer = setTimeout(deadline.resolve, storeLimits.closeMs);
    await Promise.race([this.flush(), deadline.promise]);
    this.#state = 'closed';
    this.#options.timers.cancel(this.#timer);
    const { waiting } = this.counters;
    if (waiting > 0) this.#options.log.error({ waiting }, 'store-closed-with-unwritten-records');
    await this.#endThread(deadline.promise);
    clearTimeout(timer);
  }

  async #endThread(deadline: Promise<void>): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    this.#send({ kind: 'close' });
    await Promise.race([ended, deadline]);
    await worker.terminate();
    this.#worker = undefined;
  }

  #add(fits: boolean): void {
    if (!fits) {
      this.#counters.lost++;
      this.#faults.error({ lost: this.#counters.lost }, 'store-full', this.#options.now());
      return;
    }
    if (this.#state !== 'working') return;
    if (this.#waiting.size >= storeLimits.groupSize) this.#post();
    else this.#postLater();
  }

  /** Sends what waits, unless the thread has something to do; its answer calls this again. */
  #post(): void {
    if (this.#waiting.size === 0 || this.#inFlight !== undefined || this.#worker === undefined) return;
    this.#options.timers.cancel(this.#timer);
    this.#timer = undefined;
    this.#inFlight = this.#waiting.take();
    this.#send({ kind: 'write', sequence: ++this.#sequence, ...this.#inFlight });
  }

  #send(request: StoreRequest): void {
    this.#worker?.postMessage(request);
  }

  #handle(event: StoreEvent): void {
    switch (event.kind) {
      case 'opened':
        if (event.fault !== null) this.#options.log.error({ reason: this.#sentence('use', event.fault) }, 'store-unusable');
        this.#opening.resolve(event.fault);
        return;
      case 'moved-aside':
        this.#options.log.error({ path: event.path, reason: event.fault.message }, 'store-damaged-file-moved-aside');
        return;
      case 'loaded':
        if (event.fault !== null) this.#options.log.error({ reason: event.fault.message }, 'store-load-failed');
        this.#loads.shift()?.resolve(new Map(event.records));
        return;
      case 'written':
        this.#written(event);
        return;
      default:
        assertNever(event);
    }
  }

  #written({ sequence, recordsFault, linesFault }: StoreEvent & { kind: 'written' }): void {
    const group = this.#inFlight;
    if (group === undefined || sequence !== this.#sequence) return;
    this.#inFlight = undefined;
    const unwritten = { records: recordsFault === null ? [] : group.records, lines: linesFault === null ? [] : group.lines };
    this.#counters.written += sizeOf(group) - sizeOf(unwritten);
    const fault = recordsFault ?? linesFault;
    if (fault !== null) {
      this.#waiting.putBack(unwritten);
      this.#failed(this.#sentence('write', fault), () => this.#post());
      return;
    }
    if (this.#state === 'failing') {
      this.#options.log.info({ ...this.counters }, 'store-recovered');
      this.#state = 'working';
    }
    this.#settleFlushes(sequence);
    this.#next();
  }

  /** What came in meanwhile: at once when it is a whole group or someone waits for it, else after the usual time. */
  #next(): void {
    if (this.#flushes.length > 0 || this.#waiting.size >= storeLimits.groupSize) this.#post();
    else if (this.#waiting.size > 0) this.#postLater();
  }

  #postLater(): void {
    this.#timer ??= this.#options.timers.schedule(this.#options.now() + storeLimits.groupMs, () => {
      this.#timer = undefined;
      this.#post();
    });
  }

  #failed(reason: string, retry: () => void): void {
    this.#counters.failures++;
    const now = this.#options.now();
    this.#faults.error({ reason, ...this.counters }, 'store-write-failed', now);
    this.#settleFlushes(Number.POSITIVE_INFINITY);
    if (this.#state === 'closed') return;
    this.#state = 'failing';
    this.#options.timers.cancel(this.#timer);
    this.#timer = this.#options.timers.schedule(now + storeLimits.retryMs, () => {
      this.#timer = undefined;
      retry();
    });
  }

  #settleFlushes(group: number): void {
    const settled = this.#flushes.filter((flush) => flush.group <= group);
    this.#flushes = this.#flushes.filter((flush) => flush.group > group);
    for (const flush of settled) flush.done();
  }

  #start(): void {
    const { directory, cdrFile, entry = new URL('./store-worker.ts', import.meta.url) } = this.#options;
    const workerData: StoreWorkerOptions = { directory, cdrFile };
    const worker = new Worker(entry, { workerData, name: 'weir-store' });
    worker.on('message', (event: StoreEvent) => this.#handle(event));
    worker.on('error', (error) => this.#crashed(worker, errorMessage(error)));
    worker.on('exit', (code) => this.#crashed(worker, `the thread ended with code ${code}`));
    this.#worker = worker;
  }

  /** The thread is gone: what it had not answered goes back, and a new one takes over after a pause. */
  #crashed(worker: Worker, reason: string): void {
    if (this.#worker !== worker || this.#state === 'closed') return;
    this.#worker = undefined;
    if (this.#inFlight !== undefined) this.#waiting.putBack(this.#inFlight);
    this.#inFlight = undefined;
    this.#opening.resolve({ code: 'failed', message: reason });
    for (const load of this.#loads.splice(0)) load.resolve(new Map());
    this.#failed(reason, () => {
      this.#start();
      this.#post();
    });
  }

  #sentence(action: string, fault: StoreFault): string {
    return `Cannot ${action} the state in ${this.#options.directory}: ${fault.message}`;
  }
}

function sizeOf(group: Group | undefined): number {
  return group === undefined ? 0 : group.records.length + group.lines.length;
}
