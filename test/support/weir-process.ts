// Weir as a child process for end-to-end tests: writes the configuration into a directory of its own, waits until the log
// says "ready", keeps what the log says, and reads the CDRs. Nothing of Weir is imported but the type of its configuration.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ConfigInput } from '../../signaling/config/schema.ts';
import { polled, until } from './until.ts';

export interface WeirOptions {
  /** State and CDRs go to the directory, whatever it says. A text is taken as it is. */
  readonly config: ConfigInput | string;
  /** Where configuration, state and CDRs lie; left as it is in the end. Default: a new one, removed in the end. */
  readonly directory?: string;
  /** Further arguments of `weir run`. */
  readonly args?: readonly string[];
}

export interface LogLine {
  readonly msg: string;
  readonly level: string;
  readonly [field: string]: unknown;
}

/** What a test asks of a CDR or a closing line; the product's own type would hide a renamed field. */
export interface EndOfCall {
  readonly call_id: string;
  readonly reason: string;
  readonly status: number;
  readonly silence: string;
  readonly duration_ms: number;
  readonly setup_ms?: number;
  readonly pdd_ms?: number;
  readonly branches: number;
  readonly node?: string;
  readonly media: readonly MediaOfCall[];
}

export interface MediaOfCall {
  readonly party: string;
  readonly codec: string;
  readonly packets_in: number;
  readonly packets_out: number;
  readonly rejected: number;
  readonly from: string;
}

export interface ExitOfWeir {
  readonly code: number | null;
  readonly signal: string | null;
}

export const root = fileURLToPath(new URL('../..', import.meta.url));
/** A loaded machine gets its time. */
const startMs = 60_000;
const waitMs = 20_000;

export class WeirProcess {
  readonly child: ChildProcess;
  readonly directory: string;
  readonly log: LogLine[] = [];
  /** Lines on standard output that are no log lines, and all of standard error. */
  readonly text: string[] = [];
  readonly ended: Promise<ExitOfWeir>;
  readonly #listeners = new Set<() => void>();
  readonly #ownDirectory: boolean;
  #over = false;

  private constructor(child: ChildProcess, directory: string, ownDirectory: boolean) {
    this.child = child;
    this.directory = directory;
    this.#ownDirectory = ownDirectory;
    createInterface({ input: child.stdout! }).on('line', (line) => this.#line(line));
    createInterface({ input: child.stderr! }).on('line', (line) => this.text.push(line));
    const { promise, resolve } = Promise.withResolvers<ExitOfWeir>();
    this.ended = promise;
    const killAtExit = (): void => void child.kill('SIGKILL');
    process.once('exit', killAtExit);
    child.once('close', (code, signal) => {
      process.off('exit', killAtExit);
      this.#over = true;
      this.#tell();
      resolve({ code, signal });
    });
  }

  /** Runs `weir run -c` and waits for "ready". */
  static async start(options: WeirOptions): Promise<WeirProcess> {
    const weir = WeirProcess.spawn(options);
    try {
      await weir.logged('ready', () => true, startMs);
      return weir;
    } catch (thrown) {
      await weir.stop();
      throw thrown;
    }
  }

  /** The same without waiting. */
  static spawn({ config, directory, args = [] }: WeirOptions): WeirProcess {
    const home = directory ?? newDirectory();
    const file = join(home, 'weir.yaml');
    // JSON is YAML.
    writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(inDirectory(config, home)));
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WEIR')));
    const command = ['--disable-warning=ExperimentalWarning', join(root, 'signaling', 'main.ts'), 'run', '-c', file, ...args];
    const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'], env });
    return new WeirProcess(child, home, directory === undefined);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Everything it said, for messages of failed tests. */
  get output(): string {
    return [...this.log.map((line) => JSON.stringify(line)), ...this.text].join('\n');
  }

  /** The first log line of that event that fits, from before or from now on. */
  async logged(event: string, fits: (line: LogLine) => boolean = () => true, deadlineMs = waitMs): Promise<LogLine> {
    const find = (): LogLine | undefined => this.log.find((line) => line.msg === event && fits(line));
    await until(
      (listener) => this.observe(listener),
      () => find() !== undefined || this.#over,
      `"${event}" in the log`,
      deadlineMs,
    ).catch((thrown: unknown) => {
      throw new Error(`${thrown instanceof Error ? thrown.message : String(thrown)}\n${this.output}`);
    });
    const found = find();
    if (found === undefined) throw new Error(`Weir ended without "${event}":\n${this.output}`);
    return found;
  }

  /** Waits until so many lines of that event were logged. */
  countLogged(event: string, count: number): Promise<void> {
    const lines = (): number => this.log.filter((line) => line.msg === event).length;
    return until(
      (listener) => this.observe(listener),
      () => lines() >= count,
      `${count} lines "${event}"`,
      waitMs,
    );
  }

  /** Runs `listener` after every line of the log. */
  observe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  cdrs(): EndOfCall[] {
    const file = join(this.directory, 'cdr.jsonl');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').split('\n');
    // The last one may be half written.
    return lines.slice(0, -1).map((line) => JSON.parse(line));
  }

  /** The CDR of the call with the Call-ID of its caller. */
  async cdr(callId: string): Promise<EndOfCall> {
    const find = (): EndOfCall | undefined => this.cdrs().find((cdr) => cdr.call_id === callId);
    await until(polled, () => find() !== undefined, `the CDR of ${callId}`, waitMs);
    return find()!;
  }

  kill(signal: NodeJS.Signals): Promise<ExitOfWeir> {
    this.child.kill(signal);
    return this.ended;
  }

  /** Ends it at once, hanging up what is left. For `after`. */
  async stop(): Promise<ExitOfWeir> {
    const timer = setTimeout(() => this.child.kill('SIGKILL'), waitMs);
    const exit = await this.kill('SIGINT');
    clearTimeout(timer);
    if (this.#ownDirectory) rmSync(this.directory, { recursive: true, force: true });
    return exit;
  }

  #line(text: string): void {
    try {
      this.log.push(JSON.parse(text));
    } catch {
      this.text.push(text);
    }
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

export function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'weir-e2e-'));
}

/** Its state and CDRs below `directory`. */
export function inDirectory(config: ConfigInput, directory: string): ConfigInput {
  return { ...config, state: { directory: join(directory, 'state') }, cdr: { file: join(directory, 'cdr.jsonl') } };
}
