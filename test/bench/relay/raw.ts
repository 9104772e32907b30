// Raw figures of the three backends with the reference relay. Usage: raw.ts [calls] [backend ...]
import { fileURLToPath } from 'node:url';
import { type LineProcess, startProcess } from './line-process.ts';
import { measure, peerPorts, searchMaximum } from './load.ts';
import { startRelayProcess } from './relay-process.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

async function raw(generator: LineProcess, backend: string, calls: number): Promise<void> {
  const ports = await peerPorts(generator);
  const start = () => startRelayProcess({ file: 'echo-relay.ts', backend, core: 0, calls, ports, profile: 'plain' });
  const relay = await start();
  await measure(generator, relay, 20_000, 1);
  for (const rate of [20_000, 100_000]) {
    const run = await measure(generator, relay, rate, 2);
    const { latency } = run;
    console.log(
      `${backend.padEnd(6)} ${calls} calls ${rate} pps: ${run.cpuUsPerPacket.toFixed(2)} us/packet, cpu ${(run.cpu * 100).toFixed(0)} %, lost ${run.lost}, p50 ${latency.p50} us, p99 ${latency.p99} us, behind ${run.behind}`,
    );
  }
  await relay.stop();
  const best = await searchMaximum(generator, start, { start: 200_000, precision: 0.03, seconds: 2 });
  console.log(
    `${backend.padEnd(6)} ${calls} calls loss-free max ${best?.packetsPerSecond ?? 0} pps, cpu ${((best?.cpu ?? 0) * 100).toFixed(0)} %`,
  );
}

const calls = Number(process.argv[2] ?? 200);
const backends = process.argv.length > 3 ? process.argv.slice(3) : ['uring', 'epoll', 'dgram'];
const generator = await startProcess(here('generator-process.ts'), ['127.0.0.1'], 1);
for (const backend of backends) await raw(generator, backend, calls);
await generator.stop();
