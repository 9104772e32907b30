// What is measured with one relay and one generator: a run at a rate, and the search for the highest rate without loss.
import { cpuTimeUs } from './cpu-time.ts';
import type { BenchCall, RunResult } from './generator.ts';
import type { LineProcess } from './line-process.ts';

/** Where the generator listens: call i has number i % length of each side. */
export interface PeerPorts {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

export async function peerPorts(generator: LineProcess): Promise<PeerPorts> {
  return (await generator.ask({ kind: 'ports' })) as PeerPorts;
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
  const result = (await generator.ask({ kind: 'run', address, calls, packetsPerSecond, seconds })) as RunResult;
  const used = cpuTimeUs(relay.pid) - before;
  return { ...result, packetsPerSecond, cpuUsPerPacket: used / Math.max(1, result.received), cpu: used / 1e6 / result.seconds };
}

export interface SearchOptions {
  readonly low: number;
  readonly high: number;
  readonly step: number;
  readonly seconds: number;
}

/**
 * The highest rate that passed: doubling steps up, then bisection down to `step`. A rate passes when one of two runs is
 * without loss: a machine shared with others loses packets for reasons of its own.
 */
export async function searchMaximum(
  generator: LineProcess,
  relay: RelayUnderTest,
  options: SearchOptions,
): Promise<Measurement | undefined> {
  let best: Measurement | undefined;
  let { low, high } = options;
  while (high - low > options.step) {
    const rate = Math.round((low + high) / 2 / 1000) * 1000;
    const run = await attempt(generator, relay, rate, options.seconds);
    if (passes(run)) {
      best = run;
      low = rate;
    } else high = rate;
  }
  return best;
}

async function attempt(generator: LineProcess, relay: RelayUnderTest, rate: number, seconds: number): Promise<Measurement> {
  const first = await measure(generator, relay, rate, seconds);
  return passes(first) ? first : measure(generator, relay, rate, seconds);
}

/** Loss-free, no queue of more than 20 ms at the end, and the generator kept to its plan within 50 ms. */
export function passes(run: Measurement): boolean {
  return run.lost === 0 && run.backlog < run.packetsPerSecond / 50 && run.behind < run.packetsPerSecond / 20;
}
