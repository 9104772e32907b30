// Turns the options of `run` and `check` into a source, and says what to do when there is none.
import { existsSync } from 'node:fs';
import { type ConfigSource, defaultConfigFile, namedSource } from '../config/config-source.ts';
import { formatProblem, type Problem } from '../config/problem.ts';

export interface ConfigFlags {
  readonly config?: string;
  readonly demo?: boolean;
}

/** --demo stands in for /etc/weir/weir.yaml, not for a configuration that -c or the environment names. */
export function findConfig(flags: ConfigFlags, env: Readonly<Record<string, string | undefined>>): ConfigSource | undefined {
  const named = namedSource(flags.config, env);
  if (named !== undefined) return named;
  if (flags.demo === true) return { kind: 'demo' };
  return existsSync(defaultConfigFile) ? { kind: 'file', path: defaultConfigFile } : undefined;
}

export const noConfig = `no configuration: give -c FILE, set WEIR_CONFIG, or write ${defaultConfigFile} (deploy/weir.example.yaml shows every key)`;

export function printProblems(errors: readonly Problem[], warnings: readonly Problem[]): void {
  for (const problem of errors) console.error(`error: ${formatProblem(problem)}`);
  for (const problem of warnings) console.error(`warning: ${formatProblem(problem)}`);
}

export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
