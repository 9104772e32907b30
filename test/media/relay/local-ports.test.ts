import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../../media/io/address.ts';
import { LocalPorts } from '../../../media/relay/local-ports.ts';
import { OwnSockets } from '../../../media/relay/own-sockets.ts';
import type { LeaseKind, PortLease } from '../../../media/relay/port-lease.ts';
import { seededRng } from '../../../shared/rng.ts';
import { TimerQueue } from '../../../shared/timer-queue.ts';
import { MemoryIo } from '../../support/memory-io.ts';

const address = '203.0.113.1';

class World {
  readonly io = new MemoryIo();
  readonly timers = new TimerQueue();
  readonly own: OwnSockets;
  readonly ports: LocalPorts;
  now = 0;

  constructor(min: number, max: number) {
    const media = { name: 'outside', family: 4 as const, address, advertised: address, allowed: [], denied: [] };
    this.own = new OwnSockets({ interfaces: [media], openPorts: new SharedArrayBuffer(8192), ownEndpoints: [] });
    const { io, timers, own } = this;
    this.ports = new LocalPorts({ address, min, max, receiveBufferBytes: 4096, io, timers, own, rng: seededRng(2) });
  }

  lease(kind: LeaseKind = 'pair'): PortLease | number {
    let got: PortLease | number = 1;
    this.ports.lease(kind, this.now, (result) => {
      got = result.kind === 'leased' ? result.lease : result.errno;
    });
    return got;
  }

  leased(kind: LeaseKind = 'pair'): PortLease {
    const lease = this.lease(kind);
    if (typeof lease === 'number') throw new Error(`no lease: ${lease}`);
    return lease;
  }

  /** Passes time, with a packet on `noisy` every 500 ms. */
  pass(ms: number, noisy?: PortLease): void {
    const until = this.now + ms;
    for (;;) {
      const next = Math.min(this.timers.deadline(), noisy === undefined ? Number.POSITIVE_INFINITY : this.now + 500);
      if (next > until) break;
      this.now = next;
      if (noisy !== undefined) this.ports.noise(noisy.rtcpSocket, this.now);
      this.timers.tick(this.now);
    }
    this.now = until;
  }
}

test('LocalPorts opens an even port and the odd one after it, or a single one', () => {
  const local = new World(20_000, 20_099);
  const pair = local.leased();
  assert.equal(pair.port % 2, 0);
  assert.equal(pair.rtcpPort, pair.port + 1);
  assert.equal(local.io.localPort(pair.rtcpSocket), pair.port + 1);
  const mux = local.leased('mux');
  assert.deepEqual([mux.rtcpPort, mux.rtcpSocket], [mux.port, -1]);
  assert.equal(local.io.openSockets, 3);
  assert.deepEqual([local.ports.used, local.ports.free], [4, 96]);
});

test('LocalPorts lets a freed port rest until it was quiet for 2 s', () => {
  const world = new World(20_000, 20_001);
  const lease = world.leased();
  lease.release(world.now);
  world.pass(1999);
  assert.equal(world.lease(), 0, 'nobody has it while it rests');
  world.pass(251);
  assert.equal(world.leased().port, lease.port);
});

test('LocalPorts: a port on which the last peer goes on sending is not given out, for 10 minutes at most', () => {
  const world = new World(20_000, 20_001);
  const lease = world.leased();
  lease.release(world.now);
  world.pass(599_000, lease);
  assert.equal(world.lease(), 0);
  assert.equal(world.io.openSockets, 2);
  world.pass(1500, lease);
  assert.equal(world.io.openSockets, 0, 'closed, so that the peer learns of it');
  assert.equal(typeof world.lease(), 'object');
});

test('LocalPorts: a noisy port is quiet 2 s after its last packet', () => {
  const world = new World(20_000, 20_001);
  const lease = world.leased();
  lease.release(world.now);
  world.pass(5000, lease);
  world.pass(1499);
  assert.equal(world.lease(), 0);
  world.pass(800);
  assert.equal(world.leased().port, lease.port);
});

test('LocalPorts keeps quiet ports open for the next calls once there are enough to choose from', () => {
  const world = new World(20_000, 29_999);
  const first = Array.from({ length: 400 }, () => world.leased());
  for (const lease of first) lease.release(world.now);
  world.pass(5000);
  const opened = world.io.opened;
  const again = Array.from({ length: 50 }, () => world.leased());
  assert.equal(world.io.opened, opened, 'no socket was opened');
  const places = again.map((lease) => first.indexOf(lease));
  assert.ok(places.every((place) => place >= 0));
  assert.ok(
    places.some((place, i) => i > 0 && Math.abs(place - places[i - 1]!) > 100),
    'in random order',
  );
  // A few calls only: fresh ports every time.
  const quiet = new World(20_000, 29_999);
  const lonely = quiet.leased();
  lonely.release(quiet.now);
  quiet.pass(5000);
  assert.notEqual(quiet.leased().port, lonely.port);
});

test('LocalPorts does not give out a kept port that somebody has found meanwhile', () => {
  const world = new World(20_000, 20_003);
  const [one, other] = [world.leased(), world.leased()];
  one.release(world.now);
  other.release(world.now);
  world.pass(10_000);
  world.ports.noise(one.rtpSocket, world.now);
  assert.equal(world.leased(), other);
  assert.equal(world.lease(), 0);
  world.pass(2500);
  assert.equal(world.leased(), one);
});

test('LocalPorts keeps pairs and single ports apart', () => {
  const world = new World(20_000, 20_001);
  world.leased('mux').release(world.now);
  world.pass(5000);
  assert.equal(world.lease('pair'), 0);
  assert.equal(world.leased('mux').kind, 'mux');
});

test('LocalPorts leaves ports of other processes alone and tries others', () => {
  const world = new World(20_000, 20_009);
  for (const port of [20_000, 20_003, 20_004, 20_007]) world.io.refuse.set(port, -98);
  assert.equal(world.leased().port, 20_008);
  assert.equal(world.lease(), 0);
  assert.equal(world.io.openSockets, 2, 'the other half of a foreign pair is closed again');
  world.io.refuse.clear();
  world.pass(60_000);
  assert.equal(typeof world.lease(), 'object');
});

test('LocalPorts gives up at once on an error that another port would have too', () => {
  const world = new World(20_000, 20_099);
  for (let port = 20_000; port < 20_100; port++) world.io.refuse.set(port, -24);
  assert.equal(world.lease(), -24);
  assert.deepEqual([world.ports.used, world.ports.free], [0, 100]);
});

test('LocalPorts lets go of kept ports when descriptors run out', () => {
  const world = new World(20_000, 20_099);
  const leases = Array.from({ length: 10 }, () => world.leased());
  for (const lease of leases) lease.release(world.now);
  world.pass(5000);
  assert.equal(world.io.openSockets, 20);
  const open = world.io.open.bind(world.io);
  world.io.open = (options, done) => (world.io.openSockets >= 20 ? done(-24) : open(options, done));
  assert.equal(typeof world.lease(), 'object');
  assert.equal(world.io.openSockets, 2);
});

test('LocalPorts marks its open ports for all to see', () => {
  const world = new World(20_000, 20_001);
  const words = parseAddress(address);
  if (words === undefined) throw new Error('address');
  const seen = (): boolean[] => [19_999, 20_000, 20_001, 20_002].map((port) => world.own.has(words, port));
  assert.deepEqual(seen(), [false, false, false, false]);
  const lease = world.leased();
  assert.deepEqual(seen(), [false, true, true, false]);
  lease.release(world.now);
  world.pass(700_000, lease);
  assert.deepEqual(seen(), [false, false, false, false]);
});

test('LocalPorts loses no port over thousands of calls', () => {
  const world = new World(20_000, 22_001);
  const held: PortLease[] = [];
  const rng = seededRng(11);
  for (let i = 0; i < 5000; i++) {
    const kind = rng.int(3) === 0 ? 'mux' : 'pair';
    const lease = world.lease(kind);
    if (typeof lease === 'object') {
      assert.ok(held.every((other) => other.port !== lease.port));
      held.push(lease);
    }
    if (held.length > 20) held.splice(rng.int(held.length), 1)[0]?.release(world.now);
    world.pass(rng.int(40));
  }
  for (const lease of held) lease.release(world.now);
  world.pass(700_000);
  assert.deepEqual([world.ports.used, world.ports.free], [0, 2002]);
});
