// Stories of what goes wrong or comes in masses: closing under traffic, bursts, thousands of sockets, ICMP errors.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { maxDatagram } from '../../../media/io/packet-io.ts';
import type { Story } from './stage.ts';

const closeInFlight: Story = function* (stage) {
  const source = stage.open();
  const sink = stage.open();
  const victim = stage.open();
  const bystander = stage.open();
  const toSink = stage.to(sink);
  const deliveries = new Map<number, number>();
  stage.onPacket = (packet) => {
    deliveries.set(packet.socket, (deliveries.get(packet.socket) ?? 0) + 1);
    if (packet.socket === sink) return;
    stage.io.send(packet.socket, packet, toSink);
    if (packet.socket === victim && deliveries.get(victim) === 5) stage.io.close(victim);
  };
  const [toVictim, toBystander] = [stage.to(victim), stage.to(bystander)];
  for (let i = 0; i < 200; i++) {
    stage.say(source, toVictim, i);
    stage.say(source, toBystander, i);
  }
  yield () => deliveries.get(sink) === 205;
  assert.equal(deliveries.get(victim), 5, 'no packet after close');
  assert.equal(deliveries.get(bystander), 200);
  assert.equal(stage.io.localPort(victim), 0);
  // Numbers come back, and their new owners hear only their own packets.
  for (let i = 0; i < 20; i++) {
    const socket = stage.open();
    assert.ok(socket < 30, `socket numbers stay dense, got ${socket}`);
    const before = deliveries.get(socket) ?? 0;
    stage.say(source, stage.to(socket), 1);
    yield () => deliveries.get(socket) === before + 1;
    stage.io.close(socket);
    yield () => true;
  }
};

/** Opens, fills and closes sockets on one port over and over; each must find the port free and no stranger's packet. */
const portReuse: Story = function* (stage) {
  const source = stage.open();
  let current = stage.open();
  const port = stage.io.localPort(current);
  const to = stage.io.destination('127.0.0.1', port);
  const crowd = Array.from({ length: 60 }, () => stage.open());
  const toCrowd = crowd.map((socket) => stage.to(socket));
  let reopened = 0;
  let failed = 0;
  stage.onPacket = (packet) => {
    if (packet.socket !== current) return;
    stage.io.close(current);
    current = stage.tryOpen('127.0.0.1', port);
    if (current < 0) failed = current;
    reopened++;
  };
  for (let round = 0; round < 100; round++) {
    const before = reopened;
    // Traffic on other sockets, before or behind, keeps the kernel busy while this one is closed.
    if (round % 2 === 0) stage.say(source, to, round);
    for (const other of toCrowd) stage.say(source, other, 1);
    if (round % 2 === 1) stage.say(source, to, round);
    yield () => reopened > before;
    assert.equal(failed, 0, `round ${round}`);
  }
  for (let round = 0; round < 50; round++) {
    stage.io.close(current);
    current = stage.open('127.0.0.1', port);
  }
  const before = reopened;
  stage.say(source, to, 1);
  yield () => reopened > before;
};

const thousands: Story = function* (stage) {
  const count = 2000;
  const sockets = Array.from({ length: count }, () => stage.open());
  assert.ok(Math.max(...sockets) < count + 1, 'dense numbers');
  const source = stage.open();
  const hits = new Map<number, number>();
  stage.onPacket = (packet) => {
    assert.equal((packet.bytes[packet.start] ?? 0) * 256 + (packet.bytes[packet.start + 1] ?? 0), packet.socket);
    hits.set(packet.socket, (hits.get(packet.socket) ?? 0) + 1);
  };
  for (let round = 1; round <= 3; round++) {
    for (const socket of sockets) stage.say(source, stage.to(socket), socket >> 8, socket & 255);
    yield () => hits.size === count && [...hits.values()].every((hit) => hit === round);
  }
  for (const socket of sockets) stage.io.close(socket);
  const again = stage.open();
  stage.say(source, stage.to(again), again >> 8, again & 255);
  hits.clear();
  yield () => hits.get(again) === 1;
};

/** More than the (small) buffers hold, at once: what does not fit waits in the socket and is not lost. */
const burst: Story = function* (stage) {
  const source = stage.open();
  const sockets = [stage.open(), stage.open(), stage.open()];
  const sink = stage.open();
  const toSink = stage.to(sink);
  let got = 0;
  stage.onPacket = (packet) => {
    if (packet.socket === sink) got++;
    else stage.io.send(packet.socket, packet, toSink);
  };
  for (let i = 0; i < 500; i++) for (const socket of sockets) stage.say(source, stage.to(socket), i & 255);
  yield () => got === 1500;
  if (stage.backend === 'uring') assert.ok(stage.io.counters().starved > 0, 'the buffers did run out');
  assert.equal(stage.io.counters().sendErrors, 0);
};

const lengths: Story = function* (stage) {
  const source = stage.open();
  const sink = stage.open();
  const big = stage.open();
  const seen: number[] = [];
  stage.onPacket = (packet) => {
    seen.push(packet.length);
    if (packet.length > 0) assert.equal(packet.bytes[packet.start + packet.length - 1], 5);
  };
  stage.say(source, stage.to(sink));
  stage.io.sendBytes(source, new Uint8Array(maxDatagram).fill(5), stage.to(sink));
  stage.io.sendBytes(source, new Uint8Array(maxDatagram + 1).fill(5), stage.to(sink));
  assert.equal(stage.io.socketErrors(source), 1, 'we do not send what we would not take');
  yield () => seen.length === 2;
  sendLong(stage.io.localPort(big), [maxDatagram + 1, 3000, 60_000]);
  yield () => stage.io.counters().oversized === 3;
  stage.say(source, stage.to(big), 5);
  stage.say(source, stage.to(sink));
  stage.say(source, stage.to(sink), 5);
  yield () => seen.length === 5;
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    [0, 0, 1, 1, maxDatagram],
  );
};

const refused: Story = function* (stage) {
  const relay = stage.open();
  const source = stage.open();
  const gone = stage.open();
  const toGone = stage.to(gone);
  stage.io.close(gone);
  let got = 0;
  stage.onPacket = (packet) => {
    got++;
    stage.io.send(relay, packet, toGone);
    stage.io.send(relay, packet, toGone);
  };
  for (let round = 1; round <= 10; round++) {
    for (let i = 0; i < 50; i++) stage.say(source, stage.to(relay), i);
    yield () => got === round * 50;
  }
  yield () => stage.io.counters().sent === 1500;
};

const sendErrors: Story = function* (stage) {
  const source = stage.open();
  const sink = stage.open();
  // Broadcast without SO_BROADCAST is refused by the kernel, and so is the other family.
  const forbidden = stage.io.destination('255.255.255.255', 9);
  const other = stage.io.destination('::1', 9);
  let got = 0;
  stage.onPacket = (packet) => {
    got++;
    stage.io.send(sink, packet, forbidden);
    stage.io.send(sink, packet, other);
    stage.io.send(sink, packet, stage.to(source));
    stage.onPacket = () => {
      got++;
    };
  };
  stage.say(source, stage.to(sink), 1);
  yield () => got === 2 && stage.io.socketErrors(sink) === 2;
  assert.equal(stage.io.counters().sendErrors, 2);
  assert.equal(stage.io.socketErrors(source), 0);
  stage.say(source, forbidden, 1);
  yield () => stage.io.socketErrors(source) === 1;
  stage.say(99, forbidden, 1);
  assert.equal(stage.io.counters().sendErrors, 4, 'a socket that is none');
};

const stopInPacket: Story = function* (stage) {
  const source = stage.open();
  const sink = stage.open();
  let got = 0;
  let bytes: Uint8Array = new Uint8Array(1);
  stage.onPacket = (packet) => {
    got++;
    bytes = packet.bytes;
    stage.io.send(sink, packet, stage.to(source));
    stage.finish();
  };
  stage.afterwards = () => {
    assert.equal(got, 1, 'nothing is delivered after stop');
    // Memory that was given back must not be reachable through an old view.
    if (stage.backend !== 'dgram') assert.equal(bytes.length, 0);
    // What a host may still do while it winds up.
    assert.ok(stage.tryOpen('127.0.0.1') < 0);
    stage.io.close(source);
    assert.equal(stage.io.localPort(sink), 0);
    stage.io.stop();
  };
  for (let i = 0; i < 100; i++) stage.say(source, stage.to(sink), i);
  yield () => false;
};

/** Datagrams longer than the interface lets us send; bound and literal, node:dgram sends them at once. */
function sendLong(port: number, sizes: readonly number[]): void {
  const socket = createSocket({ type: 'udp4', lookup: (_name, _options, done) => done(null, '127.0.0.1', 4) });
  socket.bindSync({ address: '127.0.0.1' });
  for (const size of sizes) socket.send(new Uint8Array(size).fill(5), port, '127.0.0.1');
  socket.close();
}

/** More sockets than buffers: each receive request ends for want of one, over and over. */
const crowded: Story = function* (stage) {
  const sender = stage.open();
  const gone = stage.open();
  const nobody = stage.to(gone);
  stage.io.close(gone);
  const sockets = Array.from({ length: 300 }, () => stage.open());
  const hits = new Map<number, number>();
  stage.onPacket = (packet) => {
    assert.equal((packet.bytes[packet.start] ?? 0) * 256 + (packet.bytes[packet.start + 1] ?? 0), packet.socket);
    hits.set(packet.socket, (hits.get(packet.socket) ?? 0) + 1);
    stage.io.send(packet.socket, packet, nobody);
    stage.io.send(packet.socket, packet, nobody);
  };
  for (let round = 1; round <= 5; round++) {
    for (const socket of sockets) stage.say(sender, stage.to(socket), socket >> 8, socket & 255);
    yield () => hits.size === 300 && [...hits.values()].every((hit) => hit === round);
  }
};

export const stressStories: ReadonlyMap<string, Story> = new Map<string, Story>([
  ['delivers nothing of a socket after close with traffic in flight', closeInFlight],
  ['frees the port at once on close', portReuse],
  ['serves 2,000 sockets', thousands],
  ['takes empty datagrams, drops and counts those that are too long', lengths],
  ['goes on receiving while sends are refused by ICMP', refused],
  ['counts sends the kernel refuses, per socket', sendErrors],
  ['delivers nothing after stop and frees its memory', stopInPacket],
]);

export const smallStories: ReadonlyMap<string, Story> = new Map<string, Story>([
  ['loses nothing of a burst bigger than its buffers', burst],
  ['serves more sockets than it has buffers', crowded],
]);
