// Installs the Debian packages that the tests want and this machine lacks. Needs root and apt; without them the tests that
// want a missing program skip with a reason. No daemon is started: invoke-rc.d asks policy-rc.d, and 101 means "not allowed".
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { type DebianPackage, debianPackages, findCommand, missingPackages } from './packages.ts';

const policyFile = '/usr/sbin/policy-rc.d';

export function installMissingPackages(say: (line: string) => void, wanted: readonly DebianPackage[] = debianPackages): void {
  const names = missingPackages(wanted).map((entry) => entry.name);
  if (names.length === 0) return;
  if (process.getuid?.() !== 0 || findCommand('apt-get') === undefined) {
    say(`Not installed: ${names.join(', ')} (no root or no apt-get); the tests that need them are skipped`);
    return;
  }
  say(`Installing from Debian: ${names.join(', ')}`);
  withoutDaemons(() => {
    // Index first: images come without one, and a stale one names files that are gone.
    const done = apt(['update']) && apt(['install', '--yes', '--no-install-recommends', ...names]);
    if (!done) say(`Could not install ${names.join(', ')}; the tests that need them are skipped`);
  });
}

function withoutDaemons(work: () => void): void {
  // An administrator's own policy stays as it is.
  const ours = !existsSync(policyFile);
  if (ours) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    work();
  } finally {
    if (ours) rmSync(policyFile, { force: true });
  }
}

function apt(args: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], { env, encoding: 'utf8', timeout: 600_000 });
  if (run.status !== 0) process.stderr.write(`apt-get ${args[0] ?? ''}: ${run.error?.message ?? run.stderr}\n`);
  return run.status === 0;
}
