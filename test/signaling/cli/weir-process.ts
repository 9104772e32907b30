// `weir` as a child process: waits for lines of its log, sends signals, tells how it ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export interface WeirProcess {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly ended: Promise<{ code: number | null; signal: string | null; out: string; err: string }>;
  /** Resolves with the first line, from now or before, that holds `text`; rejects when the process ends without it. */
  line(text: string): Promise<string>;
}

export const fakeMain = fileURLToPath(new URL('./fake-main.ts', import.meta.url));
export const realMain = fileURLToPath(new URL('../../../signaling/main.ts', import.meta.url));

/** Killed after the test if it still lives. Variables that name a configuration are not inherited. */
export function weir(t: TestContext, main: string, args: readonly string[], env: Record<string, string> = {}, cwd?: string): WeirProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('WEIR'));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...Object.fromEntries(inherited), ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  t.after(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  let err = '';
  let wake = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    wake.resolve();
    wake = Promise.withResolvers<void>();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    err += chunk;
  });
  let over = false;
  const ended = once(child, 'close').then(([code, signal]) => {
    over = true;
    wake.resolve();
    return { code, signal, out: lines.join('\n'), err };
  });
  const line = async (text: string): Promise<string> => {
    for (;;) {
      const found = lines.find((entry) => entry.includes(text));
      if (found !== undefined) return found;
      if (over) throw new Error(`It ended without "${text}":\n${lines.join('\n')}\n${err}`);
      await wake.promise;
    }
  };
  return { child, lines, ended, line };
}
