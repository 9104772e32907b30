// A directory of configuration files for one test, and the shortest way to load it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type LoadResult, loadConfig } from '../../../signaling/config/load.ts';
import { formatProblem } from '../../../signaling/config/problem.ts';

export type Files = Readonly<Record<string, string>>;

/** Writes `files` into a directory of their own, removed after the test; returns the directory. */
export function directoryWith(t: TestContext, files: Files): string {
  const directory = mkdtempSync(join(tmpdir(), 'weir-config-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

export function load(t: TestContext, files: Files, env: Record<string, string> = {}): { directory: string; result: LoadResult } {
  const directory = directoryWith(t, files);
  const source = { kind: 'file', path: join(directory, 'weir.yaml') } as const;
  return { directory, result: loadConfig({ source, env, wallClock: () => Date.UTC(2026, 0, 1) }) };
}

export function loadBody(text: string, env: Record<string, string> = {}): LoadResult {
  return loadConfig({ source: { kind: 'body', text }, env, wallClock: () => Date.UTC(2026, 0, 1) });
}

/** The problems as printed, with the directory left out. */
export function complaints(result: LoadResult, directory = ''): string[] {
  const problems = result.kind === 'invalid' ? result.problems : [];
  return problems.map((problem) => (directory === '' ? formatProblem(problem) : formatProblem(problem).replaceAll(`${directory}/`, '')));
}

export function warnings(result: LoadResult): string[] {
  return result.warnings.map((problem) => formatProblem(problem));
}

/** The smallest configuration without a complaint or warning. */
export const sound = `zones:
  - name: outside
    side: outside
    listeners:
      - { protocol: udp, address: 127.0.0.1, port: 5060 }
    media:
      - address: 127.0.0.1
  - name: inside
    side: inside
    listeners:
      - { protocol: udp, address: 127.0.0.1, port: 5080 }
    media:
      - address: 127.0.0.1
pools:
  - name: farm
    zone: inside
    nodes:
      - { name: fs1, uri: 'sip:127.0.0.1:5090' }
routing:
  pool: farm
`;
