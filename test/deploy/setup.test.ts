// deploy/bin/setup.js in an invented project, with an npm that only writes down what it is asked.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { likeNode20 } from './old-node.ts';

interface Entry {
  readonly version: string;
  readonly dev?: true;
  readonly optional?: true;
  readonly os?: readonly string[];
}

const lock: Record<string, Entry> = {
  'node_modules/plain': { version: '1.0.0' },
  'node_modules/tool': { version: '2.0.0', dev: true },
  'node_modules/helper': { version: '3.0.0', optional: true },
  'node_modules/foreign': { version: '3.0.0', optional: true, os: ['plan9'] },
};
const { 'node_modules/foreign': _, ...complete } = lock;

interface Project {
  /** Runs setup.js; `asked` is what npm was called with, '' when it was not. */
  setup(options?: { args?: string[]; flags?: string[]; npm?: 'works' | 'fails' }): {
    status: number | null;
    out: string;
    err: string;
    asked: string;
  };
  write(name: string, text: string): void;
}

function project(t: TestContext, installed?: Record<string, Entry>): Project {
  const directory = mkdtempSync(join(tmpdir(), 'weir-setup-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const write = (name: string, text: string): void => {
    mkdirSync(join(directory, name, '..'), { recursive: true });
    writeFileSync(join(directory, name), text);
  };
  cpSync(fileURLToPath(new URL('../../deploy/bin', import.meta.url)), join(directory, 'deploy/bin'), { recursive: true });
  write('package.json', '{ "type": "module" }');
  write('package-lock.json', JSON.stringify({ packages: { '': {}, ...lock } }));
  if (installed !== undefined) write('node_modules/.package-lock.json', JSON.stringify({ packages: installed }));
  const asked = join(directory, 'asked');
  write(
    'npm.js',
    `import { mkdirSync, writeFileSync } from 'node:fs';
    writeFileSync(${JSON.stringify(asked)}, process.argv.slice(2).join(' '));
    if (process.env.FAKE_NPM === 'fails') process.exit(7);
    mkdirSync('node_modules', { recursive: true });
    writeFileSync('node_modules/.package-lock.json', ${JSON.stringify(JSON.stringify({ packages: complete }))});`,
  );
  return {
    write,
    setup({ args = [], flags = [], npm = 'works' } = {}) {
      rmSync(asked, { force: true });
      const env = { ...process.env, npm_execpath: join(directory, 'npm.js'), npm_node_execpath: copyOfNode(directory), FAKE_NPM: npm };
      const script = join(directory, 'deploy/bin/setup.js');
      const run = spawnSync(process.execPath, [...flags, script, ...args], { cwd: directory, env, encoding: 'utf8' });
      return { status: run.status, out: run.stdout, err: run.stderr, asked: existsSync(asked) ? readFileSync(asked, 'utf8') : '' };
    },
  };
}

/** setup.js does not run npm with a node below node_modules, because npm is about to replace it: name one elsewhere. */
function copyOfNode(directory: string): string {
  const path = join(directory, 'node');
  if (!existsSync(path)) writeFileSync(path, `#!/bin/sh\nexec ${JSON.stringify(process.execPath)} "$@"\n`, { mode: 0o755 });
  return path;
}

test('setup.js does nothing, and says nothing, when all is in place', (t) => {
  assert.deepEqual(project(t, complete).setup(), { status: 0, out: '', err: '', asked: '' });
});

test('setup.js installs into a fresh clone, tells it in one line, and then is content', (t) => {
  const { setup } = project(t);
  const first = setup();
  assert.equal(first.status, 0);
  assert.equal(first.out, 'weir: installing npm packages with "npm ci" (node_modules is missing)\n');
  assert.match(first.asked, /^ci --no-audit --no-fund .*--include=optional$/);
  assert.equal(setup().asked, '');
});

test('setup.js installs again when the lock file names another version or a new package', (t) => {
  const older = project(t, { ...complete, 'node_modules/plain': { version: '0.9.0' } }).setup();
  assert.match(older.out, /\(node_modules\/plain is 0\.9\.0, package-lock\.json says 1\.0\.0\)/);
  const { 'node_modules/plain': _plain, ...without } = complete;
  assert.match(project(t, without).setup().out, /\(node_modules\/plain is missing\)/);
});

test('setup.js wants development packages for the tests only', (t) => {
  const { 'node_modules/tool': _tool, ...production } = complete;
  assert.equal(project(t, production).setup().asked, '');
  assert.match(project(t, production).setup({ args: ['test'] }).asked, /--include=dev$/);
});

test('setup.js asks once for an optional package that this machine could have, never for a foreign one', (t) => {
  const { 'node_modules/helper': _helper, ...without } = complete;
  const { setup, write } = project(t, without);
  assert.notEqual(setup().asked, '');
  write('node_modules/.package-lock.json', JSON.stringify({ packages: without }));
  assert.equal(setup().asked, '');
});

test('setup.js fails with one line when npm does', (t) => {
  const run = project(t).setup({ npm: 'fails' });
  assert.equal(run.status, 1);
  assert.equal(run.err, 'weir: npm ci failed (exit 7); its message stands above\n');
});

test('setup.js fails with one line when the lock file is damaged', (t) => {
  const damaged = project(t, complete);
  damaged.write('package-lock.json', '{ "packages": ');
  assert.match(damaged.setup().err, /^weir: package-lock\.json is missing or damaged/);
});

test('setup.js under an old Node tries npm, and then says what to do', (t) => {
  const run = project(t, complete).setup({ flags: [likeNode20] });
  assert.equal(run.status, 1);
  assert.match(run.asked, /^ci .*--include=optional/);
  assert.match(run.err, /^weir: Weir needs Node\.js 26 or newer; this is 20\.20\.2, and the npm package node-\S+ is not installed\./);
  assert.match(run.err, /npm ci --include=optional/);
});
