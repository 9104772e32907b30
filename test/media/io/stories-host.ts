// Stories of the host's side: native pointers, DSCP, and being woken by another thread.
import assert from 'node:assert/strict';
import type { Story } from './stage.ts';
import { TosReceiver } from './tos-receiver.ts';

const pointer: Story = function* (stage) {
  const ffi = process.getBuiltinModule('node:ffi');
  const source = stage.open();
  const sink = stage.open();
  const pointers = new Map<number, bigint>();
  let got = 0;
  stage.onPacket = (packet) => {
    const memory = new Uint8Array(ffi.toArrayBuffer(packet.pointer, packet.bytes.length, false));
    assert.deepEqual([...memory.subarray(packet.start, packet.start + packet.length)], [got & 255, 7]);
    const known = pointers.get(packet.slot);
    assert.ok(known === undefined || known === packet.pointer, 'one pointer per slot');
    pointers.set(packet.slot, packet.pointer);
    const clone = stage.io.clone(packet);
    assert.ok(clone !== undefined);
    assert.equal(ffi.getUint8(clone.pointer, clone.start), got & 255);
    got++;
  };
  for (let i = 0; i < 300; i++) {
    stage.say(source, stage.to(sink), i & 255, 7);
    yield () => got === i + 1;
  }
};

/** What a handler throws leaves `run`, but first everything is closed (the worker looks for open descriptors). */
const throwInPacket: Story = function* (stage) {
  const source = stage.open();
  const sink = stage.open();
  stage.throwFromPacket = new Error('on purpose');
  for (let i = 0; i < 50; i++) stage.say(source, stage.to(sink), i);
  yield () => false;
};

const dscp: Story = function* (stage) {
  for (const [address, family] of [
    ['127.0.0.1', 4],
    ['::1', 6],
  ] as const) {
    const receiver = new TosReceiver(family);
    const to = stage.io.destination(address, receiver.port);
    const socket = stage.open(address, 0, 46);
    const expected: number[] = [];
    const send = (value: number): void => {
      stage.say(socket, to, 1);
      expected.push(value << 2);
    };
    send(46);
    stage.io.setDscp(socket, 34);
    send(34);
    stage.io.setDscp(socket, 0);
    send(0);
    const seen: number[] = [];
    yield () => {
      const tos = receiver.receive();
      if (tos !== undefined) seen.push(tos);
      return seen.length === 3;
    };
    assert.deepEqual(seen, expected, `IPv${family}`);
    receiver.close();
    stage.io.close(socket);
  }
};

/** The other thread answers each tick with a wake-up; without those each of 300 rounds would take 100 ms. */
const woken: Story = function* (stage) {
  const { onTick, ticks } = wakeup;
  if (stage.io.wakeFd < 0) return;
  stage.waitMs = 60_000;
  for (let round = 1; round <= 300; round++) {
    onTick(stage.io.wakeFd);
    yield () => Atomics.load(ticks, 0) === round;
  }
};

/** Set by the worker: asks the main thread to count up `ticks` and to write to the descriptor. */
export const wakeup: { onTick: (fd: number) => void; ticks: Int32Array } = { onTick() {}, ticks: new Int32Array(1) };

export const hostStories: ReadonlyMap<string, Story> = new Map<string, Story>([['is woken by another thread', woken]]);

export const nativeStories: ReadonlyMap<string, Story> = new Map<string, Story>([
  ['tells where packets lie in memory', pointer],
  ['marks packets with the DSCP it is told', dscp],
  ['closes everything when its handler throws', throwInPacket],
]);
