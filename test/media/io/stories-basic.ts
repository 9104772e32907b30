// Stories every backend must play alike: addresses, contents, copies and order.
import assert from 'node:assert/strict';
import { type Destination, headroom, maxDatagram, slotBytes, tailroom } from '../../../media/io/packet-io.ts';
import type { Stage, Story } from './stage.ts';

function* echo(stage: Stage, address: string, family: 4 | 6, words: readonly number[]): Generator<() => boolean, void> {
  const near = stage.open(address);
  const far = stage.open(address);
  const toFar = stage.to(far, address);
  const seen: string[] = [];
  stage.onPacket = (packet) => {
    seen.push(`${packet.socket}:${packet.bytes.subarray(packet.start, packet.start + packet.length).join(',')}`);
    assert.equal(packet.family, family);
    assert.deepEqual([packet.a, packet.b, packet.c, packet.d], words);
    assert.equal(packet.start, headroom);
    assert.equal(packet.bytes.length, slotBytes);
    if (packet.socket === far) stage.io.send(far, packet, stage.io.destination(address, packet.port));
    else assert.equal(packet.port, toFar.port);
  };
  stage.say(near, toFar, 1, 2, 3, 255);
  yield () => seen.length === 2;
  assert.deepEqual(seen, [`${far}:1,2,3,255`, `${near}:1,2,3,255`]);
  yield () => stage.io.counters().sent === 2;
  assert.equal(stage.io.counters().received, 2);
}

/** One address must leave nothing behind for the next, shorter or longer one. */
const mixed: Story = function* (stage) {
  const [near4, far4] = [stage.open(), stage.open()];
  const [near6, far6] = [stage.open('::1'), stage.open('::1')];
  for (let round = 0; round < 6; round++) {
    stage.say(near4, stage.to(far4), 4);
    yield () => stage.heard.length === round * 2 + 1;
    stage.say(near6, stage.to(far6, '::1'), 6);
    yield () => stage.heard.length === round * 2 + 2;
  }
  for (const [index, { words, family, port }] of stage.heard.entries()) {
    const v4 = index % 2 === 0;
    assert.equal(family, v4 ? 4 : 6);
    assert.deepEqual(words, v4 ? [0x7f000001, 0, 0, 0] : [0, 0, 0, 1]);
    assert.equal(port, stage.io.localPort(v4 ? near4 : near6));
  }
};

const rewritten: Story = function* (stage) {
  const near = stage.open();
  const far = stage.open();
  stage.onPacket = (packet) => {
    if (packet.socket === near) {
      stage.heard.push({
        socket: near,
        family: 4,
        words: [],
        port: 0,
        bytes: [...packet.bytes.subarray(packet.start, packet.start + packet.length)],
      });
      return;
    }
    // Both ends of the slot are used up: a header of 64 bytes before, tags of 192 behind the longest datagram.
    packet.bytes.fill(7, 0, packet.start);
    packet.start = 0;
    packet.bytes.fill(9, headroom + packet.length, headroom + packet.length + tailroom);
    packet.length += headroom + tailroom;
    stage.io.send(far, packet, stage.to(near));
  };
  stage.io.sendBytes(near, new Uint8Array(maxDatagram - tailroom - headroom).fill(8), stage.to(far));
  yield () => stage.heard.length === 1;
  const { bytes } = stage.heard[0]!;
  assert.equal(bytes.length, maxDatagram);
  assert.deepEqual(
    [bytes[0], bytes[63], bytes[64], bytes[maxDatagram - 193], bytes[maxDatagram - 192], bytes[maxDatagram - 1]],
    [7, 7, 8, 8, 9, 9],
  );
};

const clones: Story = function* (stage) {
  const source = stage.open();
  const relay = stage.open();
  const first = stage.open();
  const second = stage.open();
  const inbox: string[] = [];
  stage.onPacket = (packet) => {
    const text = packet.bytes.subarray(packet.start, packet.start + packet.length).join(',');
    if (packet.socket !== relay) {
      inbox.push(`${packet.socket === first ? 'first' : 'second'} ${text}`);
      return;
    }
    packet.bytes[packet.start] = 100;
    stage.io.send(relay, packet, stage.to(first));
    stage.io.send(relay, packet, stage.to(second));
    const clone = stage.io.clone(packet);
    assert.ok(clone !== undefined);
    assert.notEqual(clone.slot, packet.slot);
    assert.equal(clone.socket, relay);
    assert.equal(clone.port, packet.port);
    clone.bytes[clone.start] = 200;
    clone.length = 2;
    stage.io.send(relay, clone, stage.to(second));
    const other = stage.io.clone(packet);
    assert.ok(other !== undefined && other !== clone);
    other.bytes[other.start] = 201;
    stage.io.send(relay, other, stage.to(first));
  };
  stage.say(source, stage.to(relay), 1, 2, 3);
  yield () => inbox.length === 4;
  assert.deepEqual(inbox.sort(), ['first 100,2,3', 'first 201,2,3', 'second 100,2,3', 'second 200,2']);
};

/** Clones given back after each packet: the spare slots would run out otherwise. */
const manyClones: Story = function* (stage) {
  const source = stage.open();
  const relay = stage.open();
  const sink = stage.open();
  const toSink = stage.to(sink);
  let got = 0;
  stage.onPacket = (packet) => {
    if (packet.socket === sink) {
      got++;
      return;
    }
    for (let i = 0; i < 3; i++) {
      const clone = stage.io.clone(packet);
      assert.ok(clone !== undefined, `clone ${i} of datagram ${got}`);
      stage.io.send(relay, clone, toSink);
    }
  };
  const toRelay = stage.to(relay);
  for (let round = 1; round <= 10; round++) {
    for (let i = 0; i < 150; i++) stage.say(source, toRelay, i);
    yield () => got === round * 150 * 3;
  }
  assert.equal(stage.io.counters().starved, 0);
};

const order: Story = function* (stage) {
  const source = stage.open();
  const relay = stage.open();
  const sideways = stage.open();
  const sink = stage.open();
  const toSink = stage.to(sink);
  const numbers: number[] = [];
  stage.onPacket = (packet) => {
    if (packet.socket === sink) numbers.push((packet.bytes[packet.start] ?? 0) * 256 + (packet.bytes[packet.start + 1] ?? 0));
    // Through two sockets in turns: the order must hold across them as well.
    else stage.io.send((packet.bytes[packet.start + 1] ?? 0) % 3 === 0 ? sideways : relay, packet, toSink);
  };
  for (let n = 0; n < 600; n++) stage.say(source, stage.to(relay), n >> 8, n & 255);
  yield () => numbers.length === 600;
  assert.deepEqual(
    numbers,
    Array.from({ length: 600 }, (_, n) => n),
  );
};

const addresses: Story = function* (stage) {
  const bad: readonly (readonly [string, number])[] = [
    ['localhost', 5],
    ['', 5],
    ['1.2.3', 5],
    ['127.0.0.1', 0],
    ['127.0.0.1', 65536],
    ['127.0.0.1', 1.5],
    ['fe80::1%lo', 5],
  ];
  for (const [address, port] of bad)
    assert.throws(() => stage.io.destination(address, port), { code: 'bad-address' }, `${address}:${port}`);
  const v6 = stage.io.destination('2001:db8::1', 65535);
  assert.deepEqual([v6.family, v6.a, v6.b, v6.c, v6.d, v6.port], [6, 0x20010db8, 0, 0, 1, 65535]);
  const mapped = stage.io.destination('::ffff:192.0.2.1', 1);
  assert.deepEqual([mapped.family, mapped.a, mapped.b, mapped.c, mapped.d], [4, 0xc0000201, 0, 0, 0]);
  assert.ok(stage.tryOpen('localhost') < 0);
  assert.ok(stage.tryOpen('192.0.2.1') < 0, 'an address that is not ours');
  assert.equal(stage.tryOpen('127.0.0.1', stage.io.localPort(stage.open())), -98);
  yield () => true;
};

/** A forgotten destination sends to nobody, not to whoever got its place. */
const forgotten: Story = function* (stage) {
  const source = stage.open();
  const first = stage.open();
  const second = stage.open();
  const old = stage.to(first);
  stage.io.forget(old);
  yield () => true;
  const fresh: Destination = stage.to(second);
  stage.say(source, fresh, 2);
  yield () => stage.heard.length === 1;
  assert.equal(stage.heard[0]?.socket, second);
  if (stage.backend === 'dgram') return;
  stage.say(source, old, 1);
  assert.equal(stage.io.socketErrors(source), 1);
};

export const basicStories: ReadonlyMap<string, Story> = new Map<string, Story>([
  ['echoes over IPv4 and tells the source', (stage) => echo(stage, '127.0.0.1', 4, [0x7f000001, 0, 0, 0])],
  ['echoes over IPv6 and tells the source', (stage) => echo(stage, '::1', 6, [0, 0, 0, 1])],
  ['tells the sources of IPv4 and IPv6 in turns', mixed],
  ['sends a packet whose handler used headroom and tailroom', rewritten],
  ['sends one packet to two destinations and clones with other contents', clones],
  ['gives clone slots back', manyClones],
  ['keeps the order of sends, also across sockets', order],
  ['refuses addresses that are not literal, ports out of range and a taken port', addresses],
  ['does not send to a forgotten destination', forgotten],
]);

export const ipv6Stories: ReadonlySet<string> = new Set([
  'echoes over IPv6 and tells the source',
  'tells the sources of IPv4 and IPv6 in turns',
  'marks packets with the DSCP it is told',
]);
