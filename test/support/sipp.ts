// Runs Debian's sipp (package sip-tester) on a scenario of test/fixtures/sipp and tells how its calls went. A server
// scenario is `ready` once its port is bound; `done` resolves when sipp has ended by itself or was stopped.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface SippRun {
  /** File name without .xml. */
  readonly scenario: string;
  readonly localAddress: string;
  readonly localPort: number;
  /** `host:port` where requests go; left out by servers. */
  readonly remote?: string;
  /** User part that is dialled. */
  readonly service?: string;
  readonly transport?: 'udp' | 'tcp';
  readonly calls?: number;
  /** Calls per second. */
  readonly rate?: number;
  readonly mediaPort?: number;
  /** Length of the pauses in which a call just stands. */
  readonly pauseMs?: number;
  /** Media is sent back from mediaPort. */
  readonly echo?: 'rtp';
  /** [keys] of a scenario, for example `target` of uas-refer. */
  readonly keys?: ReadonlyMap<string, string>;
  /** sipp ends after so long, whatever happens; default 20 s. */
  readonly timeoutMs?: number;
}

export interface SippResult {
  /** 0 = all calls went as the scenario says; 1 = some did not; others: sipp itself failed. */
  readonly exitCode: number;
  readonly successful: number;
  readonly failed: number;
  /** sipp's own words about what was unexpected: also repetitions it did not need, which fail no call. */
  readonly errors: string;
  /** Every SIP message sent and received. */
  readonly messages: string;
}

export interface Sipp {
  readonly ready: Promise<void>;
  readonly done: Promise<SippResult>;
  /** Ends sipp at once; its calls count as they stand. */
  stop(): void;
}

const fixtures = fileURLToPath(new URL('../fixtures/sipp/', import.meta.url));

/** Tests skip with this text when the package is missing; undefined when it is there. */
export function sippMissing(): string | undefined {
  try {
    execFileSync('which', ['sipp'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'sipp is not installed (Debian package sip-tester)';
  }
}

export function startSipp(run: SippRun): Sipp {
  const directory = mkdtempSync(join(tmpdir(), 'weir-sipp-'));
  const child = spawn('sipp', sippArguments(run, directory), { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-20_000);
  });
  const { promise: done, resolve, reject } = Promise.withResolvers<SippResult>();
  child.once('error', reject);
  child.once('close', (code) => {
    resolve(readResult(directory, code ?? -1, complaints));
    rmSync(directory, { recursive: true, force: true });
  });
  const ready = untilBound(run, child);
  // Clients have nobody who awaits it.
  ready.catch(() => {});
  return { ready, done, stop: () => child.kill('SIGKILL') };
}

/** The usual case: run a client scenario to its end. */
export function runSipp(run: SippRun): Promise<SippResult> {
  return startSipp(run).done;
}

function sippArguments(run: SippRun, directory: string): string[] {
  const { calls = 1, timeoutMs = 20_000, rate = 10, pauseMs = 100 } = run;
  const options = [
    ['-sf', join(fixtures, `${run.scenario}.xml`)],
    ['-i', bare(run.localAddress)],
    ['-mi', bare(run.localAddress)],
    ['-p', run.localPort],
    ['-s', run.service ?? 'service'],
    ['-t', run.transport === 'tcp' ? 't1' : 'u1'],
    ['-m', calls],
    ['-r', rate],
    ['-d', pauseMs],
    run.mediaPort === undefined ? [] : ['-mp', run.mediaPort],
    ['-timeout', `${timeoutMs}ms`],
    ['-timeout_error'],
    ['-recv_timeout', Math.min(timeoutMs, 10_000)],
    ['-nostdin'],
    ['-trace_err', '-error_file', join(directory, 'errors.log')],
    ['-trace_msg', '-message_file', join(directory, 'messages.log')],
    ['-trace_stat', '-stf', join(directory, 'stat.csv'), '-fd', '1'],
    run.echo === 'rtp' ? ['-rtp_echo'] : [],
    ...[...(run.keys ?? [])].map(([name, value]) => ['-key', name, value]),
    run.remote === undefined ? [] : [run.remote],
  ];
  return options.flat().map(String);
}

/** sipp wants IPv6 addresses in brackets for -i. */
function bare(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
}

function readResult(directory: string, exitCode: number, complaints: string): SippResult {
  const read = (name: string): string => {
    try {
      return readFileSync(join(directory, name), 'latin1');
    } catch {
      return '';
    }
  };
  const rows = read('stat.csv').trim().split('\n');
  const names = rows[0]?.split(';') ?? [];
  const values = rows.at(-1)?.split(';') ?? [];
  const number = (name: string): number => Number(values[names.indexOf(name)] ?? 0) || 0;
  return {
    exitCode,
    successful: number('SuccessfulCall(C)'),
    failed: number('FailedCall(C)'),
    errors: [read('errors.log'), exitCode === 0 ? '' : complaints].join('').trim(),
    messages: read('messages.log'),
  };
}

/** sipp tells nobody when it listens; the kernel's socket table does. */
async function untilBound(run: SippRun, child: ChildProcess): Promise<void> {
  const port = run.localPort.toString(16).toUpperCase().padStart(4, '0');
  const tables = run.transport === 'tcp' ? ['tcp', 'tcp6'] : ['udp', 'udp6'];
  // The local address is the first column of hexadecimal "address:port".
  const bound = (): boolean =>
    tables.some((table) => new RegExp(`^\\s*\\d+: [0-9A-F]+:${port} `, 'm').test(readFileSync(`/proc/net/${table}`, 'latin1')));
  const deadline = performance.now() + 20_000;
  while (!bound()) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(`sipp ${run.scenario} does not listen on port ${run.localPort}`);
    await delay(10);
  }
}
