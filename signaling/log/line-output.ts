// Lines to a file descriptor without waiting for whoever reads it: gathered, written in the background in order, bounded while
// it is stuck, and silently gone when the reader is gone. Log lines are worth less than calls.
import { write, writeSync } from 'node:fs';

export interface LineOutputOptions {
  readonly descriptor: number;
  /** What may wait; beyond it lines are dropped and counted. */
  readonly maxWaitingBytes: number;
  /** Lines are written when so many bytes or so many milliseconds have gathered. */
  readonly gatherBytes: number;
  readonly gatherMs: number;
}

/** Together in one write. */
const chunkLength = 65_536;
/** Between attempts when a pipe is full. */
const fullPauseMs = 10;
/** What `flush` gives a full pipe at the end of the process. */
const flushAttempts = 100;

export class LineOutput {
  readonly #options: LineOutputOptions;
  /** Whole lines, oldest first. */
  #lines: string[] = [];
  #waiting = 0;
  #state: 'gathering' | 'writing' | 'pausing' | 'broken' = 'gathering';
  /** What a full pipe did not take. */
  #rest: Buffer | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;

  constructor(options: LineOutputOptions) {
    this.#options = options;
  }

  write(line: string): void {
    if (this.#state === 'broken') return;
    if (this.#waiting + line.length > this.#options.maxWaitingBytes) {
      this.#dropped++;
      return;
    }
    this.#lines.push(line);
    this.#waiting += line.length;
    if (this.#state !== 'gathering') return;
    if (this.#waiting >= this.#options.gatherBytes) this.#next();
    else this.#timer ??= setTimeout(() => this.#next(), this.#options.gatherMs).unref();
  }

  /** Writes what waits before the process ends; gives up on a reader that does not read. What is under way, Node completes. */
  flush(): void {
    let attempts = 0;
    for (let bytes = this.#take(); bytes.length > 0 && this.#state !== 'broken'; bytes = this.#take()) {
      try {
        const done = writeSync(this.#options.descriptor, bytes);
        if (done < bytes.length) this.#rest = bytes.subarray(done);
      } catch (error) {
        if (!isFull(error) || ++attempts > flushAttempts) return this.#break();
        this.#rest = bytes;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, fullPauseMs);
      }
    }
  }

  #next(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const bytes = this.#take();
    this.#state = bytes.length > 0 ? 'writing' : 'gathering';
    if (bytes.length > 0) write(this.#options.descriptor, bytes, (error, done) => this.#written(bytes, error, done));
  }

  #written(bytes: Buffer, error: Error | null, done: number): void {
    if (error !== null && !isFull(error)) return this.#break();
    if (error === null && done === bytes.length) {
      // What came meanwhile has waited long enough.
      this.#next();
      return;
    }
    this.#rest = bytes.subarray(done);
    this.#state = 'pausing';
    this.#timer = setTimeout(() => this.#next(), fullPauseMs).unref();
  }

  /** The next chunk; empty when nothing waits. */
  #take(): Buffer {
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) return rest;
    let length = 0;
    let count = 0;
    while (count < this.#lines.length && length < chunkLength) length += this.#lines[count++]?.length ?? 0;
    const lines = this.#lines.splice(0, count);
    this.#waiting -= length;
    if (count > 0 && this.#dropped > 0) {
      lines.push(`{"level":"warn","time":"${new Date().toISOString()}","dropped":${this.#dropped},"msg":"log-lines-dropped"}\n`);
      this.#dropped = 0;
    }
    return Buffer.from(lines.join(''), 'utf8');
  }

  #break(): void {
    clearTimeout(this.#timer);
    this.#state = 'broken';
    this.#rest = undefined;
    this.#lines = [];
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
