// The Packet objects of the native backends: one for deliveries and a few for clones, refilled for every datagram.
import { headroom, type Packet } from '../packet-io.ts';
import type { NativeSlots } from './slots.ts';

export function blankPacket(slots: NativeSlots): Packet {
  const packet: Packet = {
    bytes: new Uint8Array(0),
    start: headroom,
    length: 0,
    pointer: 0n,
    slot: 0,
    socket: 0,
    family: 4,
    a: 0,
    b: 0,
    c: 0,
    d: 0,
    port: 0,
  };
  placePacket(packet, slots, 0);
  return packet;
}

export function placePacket(packet: Packet, slots: NativeSlots, slot: number): void {
  packet.bytes = slots.bytes[slot] ?? packet.bytes;
  packet.pointer = slots.pointers[slot] ?? 0n;
  packet.slot = slot;
}

/** Makes `clone`, which has a slot already, a copy of `packet`. */
export function copyPacket(clone: Packet, packet: Packet): void {
  clone.bytes.set(packet.bytes.subarray(packet.start, packet.start + packet.length), packet.start);
  clone.start = packet.start;
  clone.length = packet.length;
  clone.socket = packet.socket;
  clone.family = packet.family;
  clone.a = packet.a;
  clone.b = packet.b;
  clone.c = packet.c;
  clone.d = packet.d;
  clone.port = packet.port;
}

/** False for offsets a handler got wrong: the kernel would read past the slot, into another call's packet. */
export function fitsSlot(packet: Packet, slots: NativeSlots): boolean {
  return packet.start >= 0 && packet.length >= 0 && packet.start + packet.length <= packet.bytes.length && packet.slot < slots.count;
}
