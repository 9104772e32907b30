// What `npm test` runs: Debian packages where missing (as root), tsc, biome, then every test file; one exit code for all.
// `npm test -- test/signaling/sip` runs only the tests below the given paths (and neither tsc nor biome).
// WEIR_REQUIRE_ALL=1: a skipped test counts as a failure.
import { spawn } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { FileWatch } from './support/file-watch.ts';
import { installMissingPackages } from './support/install-packages.ts';
import { Outcome } from './support/outcome.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Two files at a time: tests that start Weir and its peers want a core each. */
const filesAtOnce = 2;
/** The slowest file takes half a minute on two cores. */
const fileLimitMs = 300_000;

async function main(paths: readonly string[]): Promise<number> {
  process.chdir(root);
  const files = testFiles(paths);
  if (files.length === 0) {
    say(`No test file in ${paths.join(' ')}`);
    return 1;
  }
  installMissingPackages(say);
  const faults: string[] = [];
  if (paths.length === 0) faults.push(...(await staticChecks()));
  const outcome = await runTests(files);
  for (const { test, file, reason } of outcome.omitted) say(`Skipped: ${relative(root, file)}: ${test} (${reason})`);
  faults.push(...outcome.faults(process.env.WEIR_REQUIRE_ALL === '1'));
  say(faults.length === 0 ? `Passed: ${outcome.passed} tests in ${files.length} files` : `FAILED: ${faults.join('; ')}`);
  return faults.length === 0 ? 0 : 1;
}

async function staticChecks(): Promise<string[]> {
  const [types, style] = await Promise.all([tool('tsc', ['--noEmit']), tool('biome', ['check', '--error-on-warnings', '.'])]);
  return [...types, ...style];
}

/** Runs a tool of node_modules to its end; its output is shown when it fails. */
function tool(name: string, args: readonly string[]): Promise<string[]> {
  const child = spawn(join(root, 'node_modules', '.bin', name), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const collect = (chunk: string): void => {
    output += chunk;
  };
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);
  return new Promise((resolve) => {
    const end = (fault: string | number | null): void => {
      say(`${name} ${args.join(' ')}: ${fault === 0 ? 'ok' : 'FAILED'}${fault === 0 ? '' : `\n${output}`}`);
      resolve(fault === 0 ? [] : [`${name} failed`]);
    };
    child.on('error', (error) => end(error.message));
    child.on('close', end);
  });
}

function testFiles(paths: readonly string[]): string[] {
  const wanted = paths.length === 0 ? ['test'] : paths;
  const files = wanted.flatMap((path) =>
    statSync(path, { throwIfNoEntry: false })?.isFile() === true ? [path] : globSync(`${path}/**/*.test.ts`),
  );
  return files.map((file) => join(root, file)).sort();
}

async function runTests(files: readonly string[]): Promise<Outcome> {
  const outcome = new Outcome();
  const stop = new AbortController();
  const overdue = (file: string): void => {
    say(`${relative(root, file)} did not end within ${fileLimitMs / 1000} s: a handle left open, or a test that waits for ever`);
    stop.abort();
  };
  const execArgv = ['--disable-warning=ExperimentalWarning'];
  const stream = run({ files, concurrency: filesAtOnce, execArgv, signal: stop.signal });
  outcome.watch(stream);
  new FileWatch({ limitMs: fileLimitMs, overdue }).watch(stream);
  const report = stream.compose(spec);
  for await (const chunk of report) process.stdout.write(String(chunk));
  return outcome;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.exitCode = await main(process.argv.slice(2));
