// npm run bench:calls: CPU milliseconds per call of all of Weir's threads beside Kamailio + rtpengine, in turns on one
// machine; then what a held call costs and whether the loop stalls. The last line is the ratio.
import { installMissingPackages } from '../../support/install-packages.ts';
import { benchPackages } from '../../support/packages.ts';
import { cpuMs, residentBytes } from './process-cost.ts';
import { type LoadResult, runClient, startServer } from './scenario.ts';
import { type SystemUnderTest, startPeer, startWeir } from './systems.ts';

const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const rates = (process.env.BENCH_RATES ?? '200,400').split(',').map(Number);
const seconds = Number(process.env.BENCH_SECONDS ?? 8);
const warmSeconds = Number(process.env.BENCH_WARM_SECONDS ?? 8);

interface Cost extends LoadResult {
  readonly msPerCall: number;
}

async function costOf(start: () => Promise<SystemUnderTest>, rate: number): Promise<Cost & { readonly system: SystemUnderTest }> {
  const system = await start();
  const server = startServer();
  // Warm up: the first calls pay for compilation, page faults and caches on either side.
  await runClient({ remote: system.remote, rate, calls: rate * warmSeconds, holdMs: 200 });
  const before = cpuMs(system.pids);
  const result = await runClient({ remote: system.remote, rate, calls: rate * seconds, holdMs: 200 });
  const used = cpuMs(system.pids) - before;
  await server.stop();
  const stalls = stallOf(system);
  await system.stop();
  const line = `rate=${rate} ok=${result.successful} failed=${result.failed} retransmissions=${result.retransmissions}`;
  console.log(`${system.name.padEnd(50)} ${line} cpu_ms_per_call=${(used / result.successful).toFixed(3)}${stalls}`);
  return { ...result, msPerCall: used / result.successful, system };
}

/** The longest stall of Weir's event loop, from its own status lines. */
function stallOf(system: SystemUnderTest): string {
  const stalls = [...system.output().matchAll(/"loop_max_ms":([\d.]+)/g)].map((match) => Number(match[1]));
  return stalls.length === 0 ? '' : ` loop_max_ms=${Math.max(...stalls.slice(1)).toFixed(1)}`;
}

async function heldCalls(count: number): Promise<number> {
  const system = await startWeir();
  const server = startServer();
  await runClient({ remote: system.remote, rate: 200, calls: 400, holdMs: 100 });
  const pid = system.pids[0] ?? 0;
  const base = residentBytes(pid);
  let held = base;
  await runClient({ remote: system.remote, rate: 250, calls: count, holdMs: (count / 250) * 1000 + 8000 }, async () => {
    held = residentBytes(pid);
  });
  await server.stop();
  await system.stop();
  return (held - base) / count;
}

installMissingPackages(console.log, benchPackages);
const weir: number[] = [];
const peer: number[] = [];
for (const rate of rates) {
  for (let round = 0; round < rounds; round++) {
    weir.push((await costOf(startWeir, rate)).msPerCall);
    peer.push((await costOf(startPeer, rate)).msPerCall);
  }
}
for (const count of (process.env.BENCH_HELD ?? '100,1000,4500').split(',').map(Number)) {
  console.log(`held calls: ${count}, resident bytes per call: ${Math.round(await heldCalls(count))}`);
}
console.log(`weir median ${median(weir).toFixed(3)} ms, peer median ${median(peer).toFixed(3)} ms a call`);
console.log(`calls_cpu_ratio=${(median(weir) / median(peer)).toFixed(3)}`);

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
