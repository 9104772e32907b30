// Loads a configuration from file, environment or the embedded demo, and checks it. Nothing here throws because of what the
// operator wrote: all problems come back at once, each with its place. Precedence: see config-source.ts.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errorMessage } from '../../shared/errors.ts';
import { coerce } from './coerce.ts';
import type { ConfigSource } from './config-source.ts';
import { credentialFindings } from './credential-check.ts';
import { demoConfig } from './demo-config.ts';
import type { Finding } from './finding.ts';
import { type Located, mapScalars, placeAt, toPlain } from './located.ts';
import { fromPlain, withoutKeys } from './located-edit.ts';
import { merge } from './merge.ts';
import { applyOverrides } from './override.ts';
import { formatPath, type KeyPath, type Problem, printable } from './problem.ts';
import { readYaml } from './read-yaml.ts';
import { findingsOf } from './rules.ts';
import { type Config, configSchema } from './schema.ts';
import { schemaProblems } from './schema-problems.ts';
import { substitute } from './substitute.ts';

export type LoadResult =
  | {
      readonly kind: 'loaded';
      readonly config: Config;
      readonly warnings: readonly Problem[];
      /** Files that were read, for the log. */
      readonly sources: readonly string[];
      /** Key paths (as text) whose values came from ${file:...}. */
      readonly secretPaths: ReadonlySet<string>;
    }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] };

export interface LoadOptions {
  readonly source: ConfigSource;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since 1970, to see whether certificates have run out. */
  readonly wallClock: () => number;
}

export function loadConfig({ source, env, wallClock }: LoadOptions): LoadResult {
  const problems: Problem[] = [];
  const { tree: written, sources } = readSource(source, problems);
  if (written === undefined) return { kind: 'invalid', problems, warnings: [] };
  const expanded = substitute(written, { env, readFile: readText }, problems);
  const tree = coerce(applyOverrides(expanded, env, configSchema, problems), configSchema);
  return check(tree, sources, problems, wallClock);
}

function check(tree: Located, sources: readonly string[], problems: Problem[], wallClock: () => number): LoadResult {
  const parsed = configSchema.safeParse(toPlain(tree));
  const issues = parsed.error?.issues ?? [];
  // A scalar that could not be filled in has been complained about already.
  const known = new Set(problems.map((problem) => formatPath(problem.path)));
  problems.push(...schemaProblems(configSchema, tree, issues).filter((problem) => !known.has(formatPath(problem.path))));
  // Mistyped keys alone do not hide what the rules have to say.
  const unknownKeys = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : []));
  const config = parsed.data ?? configSchema.safeParse(toPlain(withoutKeys(tree, unknownKeys))).data;
  const findings = config === undefined ? [] : [...findingsOf(config), ...credentialFindings(config, { readFile: readText, wallClock })];
  const located = (severity: Finding['severity']): Problem[] =>
    findings.filter((finding) => finding.severity === severity).map(({ path, message }) => ({ place: placeAt(tree, path), path, message }));
  problems.push(...located('error'));
  problems.sort(byPlace);
  const warnings = located('warning').sort(byPlace);
  if (config === undefined || problems.length > 0) return { kind: 'invalid', problems, warnings };
  return { kind: 'loaded', config, warnings, sources, secretPaths: secretPathsOf(tree) };
}

/** In the order of the file, as one reads it. */
function byPlace(a: Problem, b: Problem): number {
  if (a.place.source !== b.place.source) return a.place.source < b.place.source ? -1 : 1;
  return a.place.line - b.place.line || a.place.column - b.place.column;
}

function readSource(source: ConfigSource, problems: Problem[]): { tree: Located | undefined; sources: readonly string[] } {
  if (source.kind === 'demo') return { tree: fromPlain(demoConfig(process.cwd()), 'demo'), sources: ['demo'] };
  if (source.kind === 'body') return { tree: parse(source.text, 'WEIR_CONFIG_BODY', problems), sources: ['WEIR_CONFIG_BODY'] };
  const files = [source.path, ...companions(source.path, problems)];
  const trees = files.map((file) => readTree(file, problems));
  // With one file unreadable the rest would only bring complaints about what is missing.
  if (trees.includes(undefined)) return { tree: undefined, sources: files };
  const tree = trees.reduce((all, next) => (all === undefined || next === undefined ? all : merge(all, next, problems)));
  return { tree, sources: files };
}

/** conf.d/*.yaml beside the file, in order of name; no such directory is no fault. */
function companions(path: string, problems: Problem[]): readonly string[] {
  const directory = join(dirname(path), 'conf.d');
  // A part of conf.d given as the file itself stands alone.
  if (basename(dirname(path)) === 'conf.d') return [];
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith('.yaml') && !name.startsWith('.'));
    return names.sort().map((name) => join(directory, name));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))) {
      problems.push(unreadable(directory, error));
    }
    return [];
  }
}

function readTree(file: string, problems: Problem[]): Located | undefined {
  try {
    return parse(readText(file), file, problems);
  } catch (error) {
    problems.push(unreadable(file, error));
    return undefined;
  }
}

function parse(text: string, source: string, problems: Problem[]): Located | undefined {
  const result = readYaml(text, source);
  if (result.kind === 'invalid') {
    problems.push(...result.problems);
    return undefined;
  }
  if (result.tree.kind === 'map') return result.tree;
  const found = result.tree.kind === 'list' ? 'a list' : 'nothing but a value or comments';
  problems.push({ place: result.tree.place, path: [], message: `found ${found}, allowed: sections such as "zones:"` });
  return undefined;
}

function unreadable(path: string, error: unknown): Problem {
  return { place: { source: printable(path), line: 0, column: 0 }, path: [], message: `cannot read: ${printable(errorMessage(error))}` };
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}

function secretPathsOf(tree: Located): ReadonlySet<string> {
  const paths = new Set<string>();
  const note = (path: KeyPath): unknown => paths.add(formatPath(path));
  mapScalars(tree, (scalar, path) => {
    if (scalar.origin === 'secret') note(path);
    return scalar;
  });
  return paths;
}
