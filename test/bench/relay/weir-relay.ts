// Weir's real media worker as a relay under test: a process on one core that starts media/worker.ts, reserves and applies N
// two-way sessions through the relay contract, and prints their ports. Usage: weir-relay.ts BACKEND CALLS PEER-PORTS-JSON PROFILE
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { RelayCommand, RelayEvent, RelayReply } from '../../../shared/relay/messages.ts';
import type { Protection, ReservedTransport, SessionState, SrtpKeys, TransportState } from '../../../shared/relay/session-state.ts';
import { openPortsBytesPerAddress, type WorkerOptions } from '../../../shared/relay/worker-options.ts';
import type { BenchCall } from './generator.ts';
import { benchKeySalt, type PeerPorts, srtpSuite } from './load.ts';

const address = '127.0.0.1';
const name = 'bench';

const options: WorkerOptions = {
  worker: 0,
  // cast: the parent passes one of the names
  io: process.argv[2] as WorkerOptions['io'],
  receiveBufferBytes: 1 << 20,
  interfaces: [{ name, family: 4, address, advertised: address, allowed: ['127.0.0.0/8'], denied: [] }],
  ports: { min: 12_000, max: 28_000 },
  ownEndpoints: [],
  openPorts: new SharedArrayBuffer(openPortsBytesPerAddress),
};

class RelayClient {
  readonly #worker = new Worker(new URL('../../../media/worker.ts', import.meta.url), { workerData: options });
  readonly #waiting = new Map<number, (reply: RelayReply) => void>();
  readonly ready: Promise<Extract<RelayEvent, { kind: 'ready' }>>;
  #wakeFd = -1;
  #ref = 0;

  constructor() {
    this.ready = new Promise((resolve) => {
      this.#worker.on('message', (received: Message | Message[]) => {
        for (const message of Array.isArray(received) ? received : [received]) {
          if (message.kind === 'ready') {
            this.#wakeFd = message.wakeFd;
            resolve(message);
          } else if ('ref' in message) this.#waiting.get(message.ref)?.(message);
        }
      });
    });
  }

  ask(body: (ref: number) => RelayCommand): Promise<RelayReply> {
    const ref = this.#ref++;
    return new Promise((resolve) => {
      this.#waiting.set(ref, resolve);
      this.#worker.postMessage(body(ref));
      if (this.#wakeFd >= 0) writeSync(this.#wakeFd, new BigUint64Array([1n]));
    });
  }
}

type Message = RelayReply | RelayEvent;

function transportState(id: number, port: number, protection: Protection): TransportState {
  return {
    id,
    remote: { address, port },
    remoteRtcp: { address, port: port + 1 },
    signalingAddress: address,
    rtcpMux: false,
    learning: 'ranked',
    acceptFrom: 'learned',
    protection,
    armed: 1,
    dscp: 46,
  };
}

async function call(client: RelayClient, index: number, ports: PeerPorts): Promise<BenchCall> {
  const session = `bench-${index}`;
  const transports = [1, 2].map((id) => ({ id, interface: name, family: 4 as const, rtcp: 'pair' as const }));
  const reserved = await client.ask((ref) => ({ kind: 'reserve', ref, session, transports }));
  if (reserved.kind !== 'reserved') throw new Error(JSON.stringify(reserved));
  const keySalt = (number: number): SrtpKeys => ({ suite: srtpSuite, keySalt: benchKeySalt(number) });
  const keys = profile === 'srtp' ? { send: keySalt(index * 2), receive: keySalt(index * 2 + 1) } : undefined;
  const codecs = [{ payloadType: 0, name: 'PCMU', clockRate: 8000 }];
  const state: SessionState = {
    transports: [
      transportState(
        1,
        ports.a[index % ports.a.length] ?? 0,
        keys === undefined ? plain : { kind: 'sdes', local: keys.receive, remote: keys.send },
      ),
      transportState(2, ports.b[index % ports.b.length] ?? 0, plain),
    ],
    streams: [
      { from: 1, to: [2], codecs },
      { from: 2, to: [1], codecs },
    ],
    timeoutMs: 0,
  };
  const applied = await client.ask((ref) => ({ kind: 'apply', ref, session, revision: 1, state }));
  if (applied.kind !== 'ok') throw new Error(JSON.stringify(applied));
  const portOf = (id: number): number => reserved.transports.find((one: ReservedTransport) => one.id === id)?.port ?? 0;
  return { a: portOf(1), b: portOf(2), ...(keys === undefined ? {} : { keys }) };
}

const parent = process.ppid;
// A bench that was killed must leave nothing behind.
setInterval(() => {
  if (process.ppid !== parent) process.exit();
}, 500);

const plain: Protection = { kind: 'plain' };
const profile = process.argv[5] ?? 'plain';
const client = new RelayClient();
const { why } = await client.ready;
const ports: PeerPorts = JSON.parse(process.argv[4] ?? '{"a":[],"b":[]}');
const calls: BenchCall[] = [];
for (let index = 0; index < Number(process.argv[3]); index++) calls.push(await call(client, index, ports));
process.stdout.write(`${JSON.stringify({ why, calls })}\n`);
