// npm run bench:relay: Weir's media worker on each packet I/O backend beside rtpengine, each relay alone on core 0, the
// generator on core 1, in turns. Prints the loss-free maximum, CPU per packet and latency; the last lines are ratios.
// BENCH_ROUNDS, BENCH_CALLS, BENCH_SECONDS and BENCH_BACKENDS change what is run.
import { fileURLToPath } from 'node:url';
import { installMissingPackages } from '../../support/install-packages.ts';
import { benchPackages } from '../../support/packages.ts';
import { type LineProcess, startProcess } from './line-process.ts';
import { type Measurement, measure, type PeerPorts, type Profile, peerPorts, type RelayUnderTest, searchMaximum } from './load.ts';
import { startRelayProcess } from './relay-process.ts';
import { rtpengineVersion, startRtpengine } from './rtpengine.ts';

const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const calls = Number(process.env.BENCH_CALLS ?? 1000);
const seconds = Number(process.env.BENCH_SECONDS ?? 2);
const backends = (process.env.BENCH_BACKENDS ?? 'uring,epoll,dgram').split(',');
const profiles = (process.env.BENCH_PROFILES ?? 'plain,srtp')
  .split(',')
  .filter((name): name is Profile => name === 'plain' || name === 'srtp');
const relayCore = 0;
const generatorCore = 1;

interface Contestant {
  readonly name: string;
  start(ports: PeerPorts, profile: Profile): Promise<RelayUnderTest>;
  readonly rows: Readonly<Record<Profile, Row[]>>;
}

/** One round of one contestant. */
interface Row {
  readonly maximum: number;
  readonly at20k: Measurement;
  readonly at100k: Measurement;
}

const weir = backends.map((backend): Contestant => {
  const start = (ports: PeerPorts, profile: Profile): Promise<RelayUnderTest> =>
    startRelayProcess({ file: 'weir-relay.ts', backend, core: relayCore, calls, ports, profile });
  return { name: `weir ${backend}`, start, rows: { plain: [], srtp: [] } };
});
const peer: Contestant = {
  name: 'rtpengine',
  start: (ports, profile) => startRtpengine(relayCore, calls, ports, profile),
  rows: { plain: [], srtp: [] },
};

async function round(contestant: Contestant, generator: LineProcess, profile: Profile): Promise<void> {
  const ports = await peerPorts(generator);
  const relay = await contestant.start(ports, profile);
  let at20k: Measurement;
  let at100k: Measurement;
  try {
    // The first second pays for compilation, page faults and the learning of sources.
    await measure(generator, relay, 20_000, 1);
    at20k = await measure(generator, relay, 20_000, seconds);
    at100k = await measure(generator, relay, 100_000, seconds);
  } finally {
    await relay.stop();
  }
  const best = await searchMaximum(generator, () => contestant.start(ports, profile), { start: 100_000, precision: 0.03, seconds });
  const row = { maximum: best?.packetsPerSecond ?? 0, at20k, at100k };
  contestant.rows[profile].push(row);
  console.log(line(`${contestant.name} ${profile}`, row));
}

function line(name: string, { maximum, at20k, at100k }: Row): string {
  const { p50, p99 } = at20k.latency;
  const cpu = `cpu_us_per_packet_20k=${at20k.cpuUsPerPacket.toFixed(2)} cpu_us_per_packet_100k=${at100k.cpuUsPerPacket.toFixed(2)}`;
  const lost = at20k.lost + at100k.lost === 0 ? '' : ` lost_20k=${at20k.lost} lost_100k=${at100k.lost}`;
  const damaged = at20k.damaged + at100k.damaged === 0 ? '' : ` damaged=${at20k.damaged + at100k.damaged}`;
  return `${name.padEnd(17)} max_pps=${String(maximum).padEnd(7)} ${cpu} p50_us_20k=${p50} p99_us_20k=${p99}${lost}${damaged}`;
}

function median(rows: readonly Row[], of: (row: Row) => number): number {
  const sorted = rows.map(of).sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

function medians({ name, rows }: Contestant, profile: Profile): string {
  const of = (pick: (row: Row) => number): string => String(Number(median(rows[profile], pick).toFixed(2)));
  const cpu = `cpu_us_per_packet_20k=${of((row) => row.at20k.cpuUsPerPacket)} cpu_us_per_packet_100k=${of((row) => row.at100k.cpuUsPerPacket)}`;
  const latency = `p50_us_20k=${of((row) => row.at20k.latency.p50)} p99_us_20k=${of((row) => row.at20k.latency.p99)}`;
  return `${`${name} ${profile}`.padEnd(17)} max_pps=${of((row) => row.maximum).padEnd(7)} ${cpu} ${latency}`;
}

installMissingPackages(console.log, benchPackages);
const version = rtpengineVersion();
console.log(`peer: rtpengine ${version ?? 'is not installed'} (userspace, no kernel module)`);
console.log(
  `${calls} calls, G.711 (172 bytes of RTP), plain RTP and SRTP on one side, ${rounds} rounds, runs of ${seconds} s, loopback, one core each`,
);
const contestants = version === undefined ? weir : [...weir, peer];
const generator = await startProcess(fileURLToPath(new URL('generator-process.ts', import.meta.url)), ['127.0.0.1'], generatorCore);
for (const profile of profiles) {
  for (let count = 0; count < rounds; count++) for (const contestant of contestants) await round(contestant, generator, profile);
}
await generator.stop();

console.log('medians:');
for (const profile of profiles) for (const contestant of contestants) console.log(medians(contestant, profile));
for (const profile of profiles) {
  if (version === undefined) break;
  const reference = median(peer.rows[profile], (row) => row.maximum);
  for (const [index, backend] of backends.entries()) {
    const ratio = median(weir[index]?.rows[profile] ?? [], (row) => row.maximum) / reference;
    // The first backend is the one an operator gets on a bare recent kernel: its line is the figure of the bench.
    console.log(`relay_${profile}_ratio${index === 0 ? '' : `_${backend}`}=${ratio.toFixed(2)}`);
  }
}
