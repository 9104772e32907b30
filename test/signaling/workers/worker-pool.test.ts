// The pool with real threads and real sockets on loopback addresses of its own (127.10.0.0/16).
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { errorMessage } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import { silentLog } from '../../../shared/log.ts';
import type { ReservedTransport, SessionState, TransportState } from '../../../shared/relay/session-state.ts';
import type { WorkerOptions } from '../../../shared/relay/worker-options.ts';
import { configSchema, type MediaConfig } from '../../../signaling/config/schema.ts';
import { type SessionEvent, WorkerHandle } from '../../../signaling/workers/worker-handle.ts';
import { WorkerPool } from '../../../signaling/workers/worker-pool.ts';
import { compound, descriptionBytes, receiverReportBytes, rtpBytes, senderReportBytes } from '../../support/rtp-bytes.ts';
import { UdpPeer } from '../../support/udp-peer.ts';

interface Bench {
  readonly pool: WorkerPool;
  readonly events: SessionEvent[];
  readonly lost: string[];
  /** Emits log events by name. */
  readonly told: EventEmitter;
}

let nextRange = 20_000;
/** A worker that does not come back must fail the test, not hang it. */
const limit = { timeout: 20_000 };

async function startPool(
  context: TestContext,
  options: { entry?: string; workers?: number; media?: Partial<MediaConfig> } = {},
): Promise<Bench> {
  const ports = { min: nextRange, max: nextRange + 399 };
  nextRange += 400;
  const media: MediaConfig = { ...configSchema.shape.media.parse({ workers: options.workers ?? 1, io: 'dgram', ports }), ...options.media };
  const told = new EventEmitter();
  const events: SessionEvent[] = [];
  const lost: string[] = [];
  const log: Log = { ...silentLog, info: (fields, event) => told.emit(event, fields), error: (fields, event) => told.emit(event, fields) };
  const pool = new WorkerPool({
    media,
    zones: ['outside', 'inside'].map((name, index) => ({ name, media: [{ address: `127.10.0.${index + 1}` }], listeners: [] })),
    log,
    onEvent: (event) => {
      events.push(event);
      told.emit(event.kind, event);
    },
    onSessionsLost: (sessions, reason) => {
      lost.push(...sessions);
      told.emit('lost', reason);
    },
    ...(options.entry === undefined ? {} : { entry: new URL(options.entry, import.meta.url) }),
  });
  context.after(() => pool.close());
  await pool.start();
  return { pool, events, lost, told };
}

async function reserved(
  pool: WorkerPool,
  session: string,
  rtcp: readonly ('pair' | 'mux')[] = ['pair', 'pair'],
): Promise<[ReservedTransport, ReservedTransport]> {
  const requests = ['outside', 'inside'].map((name, index) => ({
    id: index + 1,
    interface: name,
    family: 4 as const,
    rtcp: rtcp[index] ?? 'pair',
  }));
  const outcome = await pool.reserve(session, requests);
  if (outcome.kind !== 'reserved') throw new Error(`not reserved: ${outcome.message}`);
  const [one, other] = outcome.transports;
  return [one!, other!];
}

function remote(id: number, rtp: UdpPeer, rtcp: UdpPeer | undefined): TransportState {
  const place = (peer: UdpPeer): { address: string; port: number } => ({ address: peer.address, port: peer.port });
  return {
    id,
    remote: place(rtp),
    remoteRtcp: place(rtcp ?? rtp),
    signalingAddress: rtp.address,
    rtcpMux: rtcp === undefined,
    learning: 'ranked',
    acceptFrom: 'learned',
    protection: { kind: 'plain' },
    armed: 1,
    dscp: 46,
  };
}

function twoWay(one: TransportState, other: TransportState, timeoutMs = 60_000): SessionState {
  const codecs = [{ payloadType: 8, name: 'PCMA', clockRate: 8000 }];
  return {
    transports: [one, other],
    streams: [
      { from: one.id, to: [other.id], codecs },
      { from: other.id, to: [one.id], codecs },
    ],
    timeoutMs,
  };
}

async function peers(context: TestContext, ...addresses: string[]): Promise<UdpPeer[]> {
  const all = await Promise.all(addresses.map((address) => UdpPeer.bind(address)));
  context.after(() => {
    for (const peer of all) peer.close();
  });
  return all;
}

/** Native backends are not to be had everywhere (containers, node:ffi switched off): then there is nothing to test. */
async function startWith(context: TestContext, io: MediaConfig['io']): Promise<Bench | undefined> {
  try {
    return await startPool(context, { media: { io } });
  } catch (thrown) {
    if (!/Cannot use the packet I\/O/.test(errorMessage(thrown))) throw thrown;
    context.skip(errorMessage(thrown));
    return undefined;
  }
}

for (const io of ['dgram', 'epoll', 'uring'] as const) {
  test(`WorkerPool over ${io} relays RTP and RTCP both ways between a pair of ports and a muxed one`, limit, async (context) => {
    const bench = await startWith(context, io);
    if (bench !== undefined) await relayBothWays(context, bench);
  });

  test(`WorkerPool over ${io}: an attacker on a third address gets and injects nothing`, limit, async (context) => {
    const bench = await startWith(context, io);
    if (bench !== undefined) await withstandSpray(context, bench);
  });

  test(`WorkerHandle over ${io}: a worker ended by force leaves room for the next one`, limit, async (context) => {
    const bench = await startWith(context, io);
    if (bench !== undefined) await takeOverPorts(context, bench, io);
  });
}

async function relayBothWays(context: TestContext, { pool, events }: Bench): Promise<void> {
  const [phone, node, nodeRtcp] = await peers(context, '127.10.1.1', '127.10.1.2', '127.10.1.2');
  const [outside, inside] = await reserved(pool, 'call', ['mux', 'pair']);
  assert.equal(outside.rtcpPort, outside.port);
  assert.equal(inside.rtcpPort, inside.port + 1);
  assert.equal(inside.port % 2, 0);
  assert.equal((await pool.apply('call', 1, twoWay(remote(1, phone!, undefined), remote(2, node!, nodeRtcp!)))).kind, 'ok');

  await phone!.send(rtpBytes({ sequence: 1 }), outside);
  const there = await node!.next();
  assert.deepEqual(Buffer.from(there.bytes), Buffer.from(rtpBytes({ sequence: 1 })));
  assert.equal(`${there.address}:${there.port}`, `127.10.0.2:${inside.port}`);
  await node!.send(rtpBytes({ sequence: 900, ssrc: 9 }), inside);
  const back = await phone!.next();
  assert.equal(`${back.address}:${back.port}`, `127.10.0.1:${outside.port}`);

  const report = compound(senderReportBytes(1, [5, 6]), descriptionBytes(1, [[1, 'alice@10.77.77.77']]));
  await phone!.send(report, outside);
  const rtcp = await nodeRtcp!.next();
  assert.equal(rtcp.port, inside.rtcpPort, 'from the RTP port to a port of its own');
  assert.equal(rtcp.bytes.length, report.length);
  assert.equal(Buffer.from(rtcp.bytes).includes('10.77'), false);
  await nodeRtcp!.send(receiverReportBytes(9), { address: inside.address, port: inside.rtcpPort });
  const answer = await phone!.next();
  assert.equal(answer.port, outside.port, 'and back onto the RTP port');

  const final = await pool.release('call');
  assert.equal(final.kind, 'report');
  if (final.kind !== 'report') return;
  const [first, second] = final.transports;
  assert.deepEqual([first?.packetsIn, first?.packetsOut, first?.rtcpIn, first?.rtcpOut, first?.rejectedSource], [1, 1, 1, 1, 0]);
  assert.deepEqual([second?.packetsIn, second?.packetsOut, second?.rtcpIn, second?.rtcpOut], [1, 1, 1, 1]);
  assert.deepEqual(first?.learned, { address: '127.10.1.1', port: phone!.port });
  assert.deepEqual(
    events.map((event) => event.kind),
    ['source-learned', 'source-learned'],
  );
  assert.equal(pool.sessions, 0);
}

async function withstandSpray(context: TestContext, { pool }: Bench): Promise<void> {
  const [phone, node, attacker] = await peers(context, '127.10.2.1', '127.10.2.2', '127.10.2.66');
  const [outside, inside] = await reserved(pool, 'call', ['mux', 'mux']);
  const spray = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) for (const port of [outside, inside]) await attacker!.send(rtpBytes({ sequence: i, ssrc: 666 }), port);
  };
  await spray();
  await pool.apply('call', 1, twoWay(remote(1, phone!, undefined), remote(2, node!, undefined)));
  await spray();
  for (let i = 0; i < 50; i++) {
    await phone!.send(rtpBytes({ sequence: i, ssrc: 1 }), outside);
    await node!.send(rtpBytes({ sequence: i, ssrc: 2 }), inside);
    await spray();
    assert.equal(Buffer.from((await node!.next()).bytes).readUInt32BE(8), 1);
    assert.equal(Buffer.from((await phone!.next()).bytes).readUInt32BE(8), 2);
  }
  const final = await pool.release('call');
  if (final.kind !== 'report') throw new Error(final.message);
  for (const one of final.transports) {
    assert.equal(one.packetsIn, 50);
    // UDP may lose some of a spray under load; that most were seen and rejected is what counts.
    assert.ok(one.rejectedSource > 200, `rejected ${one.rejectedSource}`);
  }
  assert.deepEqual([attacker!.received, phone!.received, node!.received], [0, 50, 50]);
}

/** Sockets among the descriptors of this process. */
function openSockets(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}

/** The pool is only there to show that the backend works; threads are ended through handles of our own. */
async function takeOverPorts(context: TestContext, { pool }: Bench, io: WorkerOptions['io']): Promise<void> {
  await pool.close();
  const address = '127.10.5.1';
  // An io_uring may keep its ports until the process ends: then there must be as many others, and no descriptors are left in any case.
  const ports = { min: nextRange, max: nextRange + 31 };
  nextRange += 400;
  const media = { name: 'outside', family: 4 as const, address, advertised: address, allowed: [], denied: [] };
  const data: WorkerOptions = {
    worker: 0,
    io,
    receiveBufferBytes: 65_536,
    interfaces: [media],
    ports,
    ownEndpoints: [],
    openPorts: new SharedArrayBuffer(8192),
  };
  // Sockets of others on the same ports or the same address stay as they are.
  const [bystander] = await peers(context, '127.10.5.2');
  const elsewhere = await UdpPeer.bind('127.10.5.3', ports.min);
  context.after(() => elsewhere.close());
  const before = openSockets();
  for (let life = 0; life < 2; life++) {
    const ready = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<string>();
    const entry = new URL('../../../media/worker.ts', import.meta.url);
    const handle = new WorkerHandle({ entry, data, onReady: () => ready.resolve(), onEvent: () => {}, onEnd: ended.resolve });
    context.after(() => handle.terminate());
    await ready.promise;
    const transports = Array.from({ length: 8 }, (_, id) => ({ id, interface: 'outside', family: 4 as const, rtcp: 'pair' as const }));
    assert.equal((await handle.send({ kind: 'reserve', session: 'all', transports })).kind, 'reserved', `life ${life}`);
    assert.equal(openSockets(), before + 16);
    handle.terminate();
    assert.notEqual(await ended.promise, '');
    assert.equal(openSockets(), before);
    assert.ok(new Uint8Array(data.openPorts).every((byte) => byte === 0));
    assert.equal((await handle.send({ kind: 'query', session: 'all' })).kind, 'failed');
  }
  await elsewhere.send(rtpBytes(), { address: bystander!.address, port: bystander!.port });
  await bystander!.next();
}

test('WorkerPool tells of silent sessions, and RTP of strangers does not keep one alive', limit, async (context) => {
  const { pool, told } = await startPool(context);
  const [phone, node, attacker] = await peers(context, '127.10.3.1', '127.10.3.2', '127.10.3.66');
  const [outside] = await reserved(pool, 'call');
  const silent = once(told, 'media-timeout');
  await pool.apply('call', 1, twoWay(remote(1, phone!, undefined), remote(2, node!, undefined), 120));
  const spray = setInterval(() => void attacker!.send(rtpBytes(), outside), 10);
  const [event] = await silent;
  clearInterval(spray);
  assert.equal(event.session, 'call');
  assert.ok(event.silentMs >= 120);
});

test('WorkerPool spreads sessions over its workers and keeps their ports apart', limit, async (context) => {
  const { pool } = await startPool(context, { workers: 2 });
  const seen = new Set<number>();
  for (let i = 0; i < 8; i++) seen.add((await reserved(pool, `call-${i}`))[0].port);
  assert.equal(seen.size, 8);
  const middle = Math.min(...seen) - (Math.min(...seen) % 400) + 200;
  assert.equal([...seen].filter((port) => port < middle).length, 4, [...seen].join());
});

test('WorkerPool: a worker that crashes loses its sessions only, says so, and serves again', limit, async (context) => {
  const { pool, lost, told } = await startPool(context, { workers: 2, entry: '../../support/faulty-worker.ts' });
  for (const session of ['throw', 'b', 'c', 'd']) await reserved(pool, session);
  const again = once(told, 'media-worker-ready');
  const gone = once(told, 'lost');
  void pool.query('throw');
  assert.deepEqual(await gone, ['fault on purpose']);
  assert.deepEqual(lost, ['throw', 'c']);
  assert.equal(pool.sessions, 2);
  assert.equal((await pool.query('b')).kind, 'report');
  const outcome = await pool.query('c');
  assert.equal(outcome.kind === 'failed' && outcome.failure, 'unknown-session');
  assert.deepEqual(await pool.release('c'), { kind: 'report', transports: [] }, 'a lost session is released for nothing');
  await again;
  for (let i = 0; i < 4; i++) await reserved(pool, `new-${i}`);
});

test('WorkerPool fails pending commands when the thread ends, and gives its ports out again', limit, async (context) => {
  const { pool, told } = await startPool(context, {
    entry: '../../support/faulty-worker.ts',
    media: { ports: { min: 31_000, max: 31_007 } },
  });
  const lost = (await reserved(pool, 'exit'))[1];
  for (const session of ['b', 'c', 'd']) await reserved(pool, session);
  const full = await pool.reserve('e', [{ id: 1, interface: 'outside', family: 4, rtcp: 'pair' }]);
  assert.equal(full.kind === 'failed' && full.failure, 'no-ports');
  const again = once(told, 'media-worker-ready');
  const outcome = await pool.query('exit');
  assert.equal(outcome.kind === 'failed' && outcome.failure, 'worker-gone');
  await again;
  // A port of the lost worker is no longer ours: a peer on this host may have it.
  const [phone] = await peers(context, '127.10.4.1');
  const node = await UdpPeer.bind(lost.address, lost.port);
  context.after(() => node.close());
  const [outside] = await reserved(pool, 'e');
  await pool.apply('e', 1, twoWay(remote(1, phone!, undefined), remote(2, node, undefined)));
  await phone!.send(rtpBytes(), outside);
  await node.next();
  for (const session of ['f', 'g']) await reserved(pool, session);
});

test('WorkerPool.start fails with a reason when a worker cannot start', limit, async (context) => {
  await assert.rejects(startPool(context, { entry: '../../support/no-such-worker.ts' }), {
    name: 'WeirError',
    code: 'media-worker-failed',
  });
});

test('WorkerPool answers for a worker that does not', limit, async (context) => {
  const { pool } = await startPool(context, { entry: '../../support/mute-worker.ts' });
  const outcome = await pool.reserve('call', [{ id: 1, interface: 'outside', family: 4, rtcp: 'pair' }]);
  assert.equal(outcome.kind === 'failed' && outcome.failure, 'timeout');
  assert.equal(pool.sessions, 0);
});

test('WorkerPool fails commands with the reason of the worker', limit, async (context) => {
  const { pool } = await startPool(context);
  const unknown = await pool.reserve('call', [{ id: 1, interface: 'nowhere', family: 4, rtcp: 'pair' }]);
  assert.equal(unknown.kind === 'failed' && unknown.failure, 'unknown-interface');
  const absent = await pool.apply('call', 1, { transports: [], streams: [], timeoutMs: 0 });
  assert.equal(absent.kind === 'failed' && absent.failure, 'unknown-session');
  assert.deepEqual(await pool.release('call'), { kind: 'report', transports: [] });
});

test('WorkerPool.drain lets sessions live and takes no new ones; its threads end with the last', limit, async (context) => {
  const { pool } = await startPool(context, { workers: 2 });
  await reserved(pool, 'a');
  const drained = pool.drain();
  const refused = await pool.reserve('b', [{ id: 1, interface: 'outside', family: 4, rtcp: 'pair' }]);
  assert.equal(refused.kind === 'failed' && refused.failure, 'draining');
  assert.equal((await pool.query('a')).kind, 'report');
  await pool.release('a');
  await drained;
});
