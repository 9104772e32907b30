// What processes cost, from /proc: CPU time with all threads and children, resident memory.
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second; 100 on every Linux that Debian builds. */
const ticksPerSecond = 100;

/** CPU milliseconds that these processes and their children have used so far (user and system). */
export function cpuMs(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of withChildren(pids)) {
    // Fields after the command's closing parenthesis: utime and stime are the 12th and 13th (proc(5)).
    const fields = read(`/proc/${pid}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ');
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return (ticks * 1000) / ticksPerSecond;
}

/** Resident bytes of one process. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

function withChildren(pids: readonly number[]): Set<number> {
  const all = new Set(pids);
  let grown = true;
  while (grown) {
    grown = false;
    for (const entry of readdirSync('/proc')) {
      const pid = Number(entry);
      if (!Number.isInteger(pid) || all.has(pid)) continue;
      const parent = Number(
        read(`/proc/${pid}/stat`)
          .replace(/^.*\) /s, '')
          .split(' ')[1],
      );
      if (all.has(parent)) {
        all.add(pid);
        grown = true;
      }
    }
  }
  return all;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
