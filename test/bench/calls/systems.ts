// The two systems that are compared: Weir as it is started by an operator, and Kamailio with rtpengine (userspace) doing
// the same work: dispatcher, topology hiding, media anchored. Both take calls on 127.0.0.1 and send them to :5090.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface SystemUnderTest {
  readonly name: string;
  readonly version: string;
  readonly remote: string;
  readonly pids: readonly number[];
  /** Everything it printed so far. */
  output(): string;
  stop(): Promise<void>;
}

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../../', import.meta.url));

export async function startWeir(): Promise<SystemUnderTest> {
  const directory = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  const config = join(directory, 'weir.yaml');
  writeFileSync(config, weirConfig(directory));
  const log = join(directory, 'weir.log');
  const file = openSync(log, 'w');
  // As an operator starts it: the bin sets the flags of the runtime, the unit file the number of descriptors (four a call).
  const command = 'ulimit -Hn 65536 2>/dev/null; ulimit -n "$(ulimit -Hn)"; exec "$0" "$@"';
  const child = spawn('bash', ['-c', command, process.execPath, join(root, 'deploy/bin/weir.js'), 'run', '-c', config], {
    stdio: ['ignore', file, file],
  });
  await untilPrinted(log, '"ready"');
  return {
    name: 'weir',
    version: 'this tree',
    remote: '127.0.0.1:5070',
    pids: [child.pid ?? 0],
    output: () => readFileSync(log, 'utf8'),
    async stop() {
      await end([child]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export async function startPeer(): Promise<SystemUnderTest> {
  const directory = mkdtempSync(join(tmpdir(), 'weir-bench-peer-'));
  writeFileSync(join(directory, 'dispatcher.list'), '1 sip:127.0.0.1:5090\n');
  const config = readFileSync(join(here, 'kamailio.cfg'), 'utf8').replace('DISPATCHER_LIST', join(directory, 'dispatcher.list'));
  writeFileSync(join(directory, 'kamailio.cfg'), config);
  const log = openSync(join(directory, 'peer.log'), 'w');
  const start = (command: string, options: string): ChildProcess =>
    spawn(command, options.split(' '), { cwd: directory, stdio: ['ignore', log, log] });
  const rtpengine = start(
    'rtpengine',
    '--table=-1 --interface=127.0.0.1 --listen-ng=127.0.0.1:22222 --port-min=30000 --port-max=60000 -f -E --log-level=3 --num-threads=2',
  );
  await delay(1000);
  const kamailio = start('kamailio', `-f ${join(directory, 'kamailio.cfg')} -DD -E -m 256 -M 16 -A WITH_RTPENGINE -A WITH_TOPOH`);
  await delay(2000);
  return {
    name: 'kamailio + rtpengine (userspace, no kernel module)',
    version: `${versionOf('kamailio')}, ${versionOf('rtpengine')}`,
    remote: '127.0.0.1:5070',
    pids: [kamailio.pid ?? 0, rtpengine.pid ?? 0],
    output: () => readFileSync(join(directory, 'peer.log'), 'utf8'),
    async stop() {
      await end([kamailio, rtpengine]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function weirConfig(directory: string): string {
  return `
zones:
  - {name: outside, side: outside, listeners: [{protocol: udp, address: 127.0.0.1, port: 5070}], media: [{address: 127.0.0.1}]}
  - {name: inside, side: inside, listeners: [{protocol: udp, address: 127.0.0.1, port: 5072}], media: [{address: 127.0.0.1}]}
pools: [{name: pool, zone: inside, nodes: [{name: uas, uri: 'sip:127.0.0.1:5090'}]}]
routing: {pool: pool}
limits: {calls: 100000, callsPerSecond: 10000}
log: {statusSeconds: 1}
state: {directory: ${directory}/state}
cdr: {file: ${directory}/cdr.jsonl}
`;
}

async function untilPrinted(file: string, text: string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (readFileSync(file, 'utf8').includes(text)) return;
    await delay(50);
  }
  throw new Error(`Weir did not start:\n${readFileSync(file, 'utf8')}`);
}

async function end(children: readonly ChildProcess[]): Promise<void> {
  await Promise.all(
    children.map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) return resolve();
          const hard = setTimeout(() => child.kill('SIGKILL'), 5000);
          child.once('exit', () => {
            clearTimeout(hard);
            resolve();
          });
          child.kill('SIGINT');
        }),
    ),
  );
}

function versionOf(command: string): string {
  try {
    const text = execFileSync(command, [command === 'kamailio' ? '-v' : '--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return text.split('\n')[0]?.slice(0, 60) ?? command;
  } catch {
    return command;
  }
}
