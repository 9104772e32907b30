// struct sockaddr_in and sockaddr_in6 in native memory (ip(7), ipv6(7)): family in host order (little-endian here), port
// and address in network order.
//
//   0        2        4             8             20        24         28
//   | family | port   | IPv4        |                                       sockaddr_in  (16 bytes)
//   | family | port   | flow info   | IPv6 ...               | scope id |   sockaddr_in6 (28 bytes)
import type { AddressWords } from '../address.ts';
import { afInet, afInet6 } from './errno.ts';

export const sockaddrBytes = 28;
const sockaddrInBytes = 16;

/** Writes at `offset` and returns the length of the structure. */
export function encodeSockaddr(view: DataView, offset: number, address: AddressWords, port: number): number {
  for (let i = 0; i < sockaddrBytes; i++) view.setUint8(offset + i, 0);
  view.setUint16(offset, address.family === 4 ? afInet : afInet6, true);
  view.setUint16(offset + 2, port);
  if (address.family === 4) {
    view.setUint32(offset + 4, address.a);
    return sockaddrInBytes;
  }
  view.setUint32(offset + 8, address.a);
  view.setUint32(offset + 12, address.b);
  view.setUint32(offset + 16, address.c);
  view.setUint32(offset + 20, address.d);
  return sockaddrBytes;
}

/** A word in network order as the little-endian word it was read as; unsigned. */
export function swap32(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
