// CPU time of a process with all its threads, in microseconds, from /proc/PID/task/*/schedstat (nanoseconds on the CPU).
import { readdirSync, readFileSync } from 'node:fs';

export function cpuTimeUs(pid: number): number {
  let total = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      total += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // A thread that ended meanwhile.
    }
  }
  return total / 1000;
}
