// What `npm start` and `npm test` run first: brings node_modules in line with package-lock.json and makes sure that a Node.js 26
// is there. Plain JavaScript, so that the old Node of a fresh machine can run it. Does nothing, quickly, when all is in place.
// Usage: node deploy/bin/setup.js [test]      ("test" also wants the development packages)
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findNode, requiredMajor, runtimePackage, tryNode } from './find-node.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const stampFile = join(root, 'node_modules', '.weir-setup');
const forTests = process.argv[2] === 'test';

function main() {
  const reason = installReason();
  if (reason !== '') install(reason);
  let node = findNode(join(root, 'package.json'));
  if (node.kind === 'missing' && node.installable && reason === '') {
    install(node.reason);
    node = findNode(join(root, 'package.json'));
  }
  const fault = node.kind === 'missing' ? node.reason : tryNode(node.path);
  if (fault === '') return;
  console.error(
    `weir: ${fault}.\n` +
      `Either put Node.js ${requiredMajor} or newer first on PATH (https://nodejs.org), or let npm install it for this directory:\n` +
      '  npm ci --include=optional\n' +
      `(the runtime is the optional package ${runtimePackage()}; npm leaves it out when "omit" is set to optional: see npm config get omit)`,
  );
  process.exit(1);
}

/** Why npm must run, '' when it need not. */
function installReason() {
  const lock = readJson(join(root, 'package-lock.json'));
  if (lock === undefined) fail('package-lock.json is missing or damaged; take it from the repository again');
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'node_modules is missing';
  // After our own run for this very lock file, an optional package that is still absent cannot be had; do not try each time.
  const tried = readText(stampFile) === lockHash();
  for (const [path, wanted] of Object.entries(lock.packages)) {
    if (path === '' || wanted.link === true) continue;
    const present = installed.packages[path];
    if (present !== undefined && present.version === wanted.version) continue;
    if (present !== undefined) return `${path} is ${present.version}, package-lock.json says ${wanted.version}`;
    if (wanted.dev === true && !forTests) continue;
    if (wanted.optional === true && (tried || !fitsMachine(wanted))) continue;
    return `${path} is missing`;
  }
  return '';
}

function install(reason) {
  console.log(`weir: installing npm packages with "npm ci" (${reason})`);
  const args = [
    'ci',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--engine-strict=false',
    '--include=optional',
    ...(forTests ? ['--include=dev'] : []),
  ];
  const [command, ...first] = npmCommand();
  const run = spawnSync(command, [...first, ...args], { cwd: root, stdio: 'inherit' });
  if (run.error !== undefined) fail(`cannot run npm: ${run.error.message}`);
  if (run.status !== 0) fail(`npm ci failed (exit ${run.status ?? run.signal}); its message stands above`);
  writeFileSync(stampFile, lockHash());
}

/** The npm that runs us, under a node that does not lie in the node_modules it is about to replace. */
function npmCommand() {
  const cli = process.env.npm_execpath;
  const node = process.env.npm_node_execpath ?? process.execPath;
  if (cli?.endsWith('.js') && !node.includes(`${sep}node_modules${sep}`)) return [node, cli];
  return ['npm'];
}

function fitsMachine(entry) {
  const fits = (list, own) => list === undefined || [list].flat().includes(own);
  return fits(entry.os, process.platform) && fits(entry.cpu, process.arch) && fits(entry.libc, libc());
}

/** By its loader; process.report would tell too, but looks up every network address first. */
function libc() {
  return existsSync('/lib') && readdirSync('/lib').some((name) => name.startsWith('ld-musl-')) ? 'musl' : 'glibc';
}

function lockHash() {
  return createHash('sha256')
    .update(readText(join(root, 'package-lock.json')))
    .digest('hex');
}

function readJson(path) {
  try {
    return JSON.parse(readText(path));
  } catch {
    return undefined;
  }
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function fail(message) {
  console.error(`weir: ${message}`);
  process.exit(1);
}

main();
