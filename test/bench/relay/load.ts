// What is measured with one relay and one generator: a run at a rate, and the search for the highest rate without loss.
import { cpuTimeUs } from './cpu-time.ts';
import type { BenchCall, RunOptions, RunResult } from './generator.ts';
import type { LineProcess } from './line-process.ts';

/** Where the generator listens: call i has number i % length of each side. */
export interface PeerPorts {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

export async function peerPorts(generator: LineProcess): Promise<PeerPorts> {
  // cast: the answer of our own generator process
  return (await generator.ask({ kind: 'ports' })) as PeerPorts;
}

/** What the calls carry: G.711 plain on both sides, or SRTP (SDES, AES_CM_128_HMAC_SHA1_80) on side A. */
export type Profile = 'plain' | 'srtp';
export const srtpSuite = 'AES_CM_128_HMAC_SHA1_80';

/** A key and salt of 30 bytes for the bench, another one for each number. */
export function benchKeySalt(number: number): string {
  return Buffer.from(Uint8Array.from({ length: 30 }, (_, index) => (index * 11 + number * 37 + (number >> 8)) & 0xff)).toString('base64');
}

export interface RelayUnderTest {
  readonly name: string;
  /** Process whose CPU time counts. */
  readonly pid: number;
  readonly address: string;
  readonly calls: readonly BenchCall[];
  stop(): Promise<void>;
}

export interface Measurement extends RunResult {
  readonly packetsPerSecond: number;
  readonly cpuUsPerPacket: number;
  /** Share of one core. */
  readonly cpu: number;
}

export async function measure(
  generator: LineProcess,
  relay: RelayUnderTest,
  packetsPerSecond: number,
  seconds: number,
): Promise<Measurement> {
  const before = cpuTimeUs(relay.pid);
  const { address, calls } = relay;
  const run: RunOptions = { relay: relay.pid, address, calls, packetsPerSecond, seconds };
  // cast: the answer of our own generator process
  const result = (await generator.ask({ kind: 'run', ...run })) as RunResult;
  const used = cpuTimeUs(relay.pid) - before;
  return { ...result, packetsPerSecond, cpuUsPerPacket: used / Math.max(1, result.received), cpu: used / 1e6 / result.seconds };
}

export interface SearchOptions {
  readonly start: number;
  /** Relative width at which the search ends. */
  readonly precision: number;
  readonly seconds: number;
}

/**
 * The highest rate that passed: steps of 1.4 up (or down) to a rate that does not, then bisection. A rate passes when one
 * of two runs does: a machine shared with others loses packets for reasons of its own. Each run has a
 * fresh relay, since rtpengine may relay nothing at all any more once it was overloaded.
 */
export async function searchMaximum(
  generator: LineProcess,
  start: () => Promise<RelayUnderTest>,
  options: SearchOptions,
): Promise<Measurement | undefined> {
  let best: Measurement | undefined;
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let rate = options.start;
  while (high > low * (1 + options.precision) && rate > 1000) {
    const rounded = Math.round(rate / 1000) * 1000;
    const run = (await attempt(generator, start, rounded, options.seconds)) ?? (await attempt(generator, start, rounded, options.seconds));
    if (run !== undefined) {
      best = run;
      low = rate;
    } else high = rate;
    rate = low === 0 ? high / 1.4 : high === Number.POSITIVE_INFINITY ? low * 1.4 : (low + high) / 2;
  }
  return best;
}

async function attempt(
  generator: LineProcess,
  start: () => Promise<RelayUnderTest>,
  rate: number,
  seconds: number,
): Promise<Measurement | undefined> {
  const relay = await start();
  try {
    await measure(generator, relay, 20_000, 0.5);
    const run = await measure(generator, relay, rate, seconds);
    return passes(run) ? run : undefined;
  } finally {
    await relay.stop();
  }
}

/** Loss-free, intact, no queue of more than 20 ms at the end, and the generator kept to its plan within 50 ms. */
export function passes(run: Measurement): boolean {
  return run.lost === 0 && run.damaged === 0 && run.backlog < run.packetsPerSecond / 50 && run.behind < run.packetsPerSecond / 20;
}
