// A pinned child process that is spoken to in JSON lines: `start` for the parent, `serve` for the child. Processes, not
// threads, so that taskset and /proc tell exactly what each side uses.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface LineProcess {
  readonly pid: number;
  ask(request: object): Promise<unknown>;
  stop(): Promise<void>;
}

/** `file` is an absolute path of a TypeScript file; `core` a CPU number for taskset. */
export async function startProcess(file: string, args: readonly string[], core: number): Promise<LineProcess> {
  const [command, ...rest] = pinned(core, [process.execPath, '--disable-warning=ExperimentalWarning', file, ...args]);
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = replies(child);
  await answers.next();
  return {
    pid: child.pid ?? 0,
    ask: (request) => {
      child.stdin?.write(`${JSON.stringify(request)}\n`);
      return answers.next();
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.stdin?.end();
        child.kill();
      }),
  };
}

/** The command line that runs `command` on one CPU. */
export function pinned(core: number, command: readonly string[]): [string, ...string[]] {
  return ['taskset', '-c', String(core), ...command];
}

/** In the child: answers each line with what `answer` returns, after a first `{"ready":true}`. */
export function serve(answer: (request: Record<string, unknown>) => unknown): void {
  process.stdout.write('{"ready":true}\n');
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
  });
  lines.on('close', () => process.exit(0));
}

function replies(child: ChildProcess): { next(): Promise<unknown> } {
  const waiting: { resolve(value: unknown): void; reject(error: Error): void }[] = [];
  const lines = createInterface({ input: child.stdout! });
  lines.on('line', (line) => waiting.shift()?.resolve(JSON.parse(line)));
  child.once('exit', (code) => {
    for (const each of waiting.splice(0)) each.reject(new Error(`Process ${child.pid} ended with code ${code}`));
  });
  return { next: () => new Promise((resolve, reject) => waiting.push({ resolve, reject })) };
}
