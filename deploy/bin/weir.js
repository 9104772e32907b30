#!/usr/bin/env node
// The `weir` command. Plain JavaScript that any Node from 18 on understands: it finds a Node.js 26 and becomes it, running the
// TypeScript sources in a clone and the emitted JavaScript in an installed package (Node strips no types under node_modules).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { findNode, nodeFlags } from './find-node.js';

const source = fileURLToPath(new URL('../../signaling/main.ts', import.meta.url));
const emitted = fileURLToPath(new URL('../../dist/signaling/main.js', import.meta.url));

function main() {
  const entry = existsSync(source) ? source : emitted;
  if (!existsSync(entry)) return fail(`the program is missing (neither ${source} nor ${emitted}); reinstall the package`);
  const node = findNode(import.meta.url);
  if (node.kind === 'missing') {
    return fail(`${node.reason}.\nInstall Node.js 26 (https://nodejs.org), or let npm bring it: npm install --include=optional`);
  }
  const args = [...nodeFlags, entry, ...process.argv.slice(2)];
  // Replacing this process keeps the pid, the signals and the exit code without anyone in between.
  if (typeof process.execve === 'function') process.execve(node.path, [node.path, ...args], process.env);
  runChild(node.path, args);
}

/** For a Node without execve: a child, with the signals passed on and its end passed back. */
function runChild(path, args) {
  const child = spawn(path, args, { stdio: 'inherit' });
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'];
  for (const signal of signals) process.on(signal, () => forward(child, signal));
  child.on('error', (error) => fail(`cannot run ${path}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of signals) process.removeAllListeners(name);
    // Die the same death, so that whoever waits for us sees it; where the signal does not kill us, say it in the exit code.
    process.kill(process.pid, signal);
    setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 100);
  });
}

function forward(child, signal) {
  // A terminal sends Ctrl-C to the whole process group: the child has it already, and a second one would cut its clean end short.
  if (signal === 'SIGINT' && process.stdin.isTTY) return;
  child.kill(signal);
}

function fail(message) {
  console.error(`weir: ${message}`);
  process.exit(1);
}

main();
