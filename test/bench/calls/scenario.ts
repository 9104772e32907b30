// Runs sipp through a system under test and reads what came of it. The same client, server, rate and pause for every
// system, on the same ports, one system after the other.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

export interface Load {
  /** Where the calls go in: host:port. */
  readonly remote: string;
  /** Calls per second, and how many in all. */
  readonly rate: number;
  readonly calls: number;
  /** How long each call stands, milliseconds. */
  readonly holdMs: number;
}

export interface LoadResult {
  readonly successful: number;
  readonly failed: number;
  readonly retransmissions: number;
}

/** The callee: answers on 127.0.0.1:5090 until `stop`. */
export function startServer(): { stop(): Promise<void> } {
  const child = spawn('sipp', ['-sf', join(here, 'uas.xml'), '-i', '127.0.0.1', '-p', '5090', '-nostdin'], { stdio: 'ignore' });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    async stop() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

/** `during` runs while the calls stand: after the last was started and before the first ends. */
export async function runClient(load: Load, during?: () => Promise<void>): Promise<LoadResult> {
  const directory = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  const seconds = Math.ceil(load.calls / load.rate + load.holdMs / 1000) + 20;
  const options = `-sf ${join(here, 'uac.xml')} -i 127.0.0.1 -p 5080 -s 1000 -r ${load.rate} -d ${load.holdMs} -m ${load.calls}
    -l 100000 -nostdin -trace_stat -stf stat.csv -fd 1 -timeout ${seconds} ${load.remote}`;
  const child = spawn('sipp', options.trim().split(/\s+/), { cwd: directory, stdio: 'ignore' });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  if (during !== undefined) {
    await delay((load.calls / load.rate) * 1000 + 2000);
    await during();
  }
  await closed;
  const result = readStatistics(join(directory, 'stat.csv'));
  rmSync(directory, { recursive: true, force: true });
  return result;
}

function readStatistics(file: string): LoadResult {
  const rows = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(';'));
  const value = (name: string): number => Number(rows.at(-1)?.[rows[0]?.indexOf(name) ?? -1] ?? Number.NaN);
  return {
    successful: value('SuccessfulCall(C)'),
    failed: value('FailedCall(C)'),
    retransmissions: value('Retransmissions(C)'),
  };
}
