// Reads the sender of a datagram out of the sockaddr the kernel wrote, into the fields of a Packet. On the packet path:
// takes 32-bit words of the slot, allocates nothing.
import { isMapped } from '../address.ts';
import type { Packet } from '../packet-io.ts';
import { afInet } from './errno.ts';
import { swap32 } from './sockaddr.ts';

/** `at` is the index of the sockaddr's first word. */
export function readSource(packet: Packet, words: Uint32Array, at: number): void {
  const first = words[at] ?? 0;
  packet.port = ((first >>> 8) & 0xff00) | (first >>> 24);
  packet.b = 0;
  packet.c = 0;
  packet.d = 0;
  packet.family = 4;
  if ((first & 0xffff) === afInet) {
    packet.a = swap32(words[at + 1] ?? 0);
    return;
  }
  const a = swap32(words[at + 2] ?? 0);
  const b = swap32(words[at + 3] ?? 0);
  const c = swap32(words[at + 4] ?? 0);
  const d = swap32(words[at + 5] ?? 0);
  if (isMapped(a, b, c)) {
    packet.a = d;
    return;
  }
  packet.family = 6;
  packet.a = a;
  packet.b = b;
  packet.c = c;
  packet.d = d;
}
