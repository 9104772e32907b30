import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AddressWords } from '../../../../media/io/address.ts';
import { encodeSockaddr, swap32 } from '../../../../media/io/native/sockaddr.ts';
import { readSource } from '../../../../media/io/native/source.ts';
import type { Packet } from '../../../../media/io/packet-io.ts';

const word = fc.integer({ min: 0, max: 0xffffffff });
const port = fc.integer({ min: 0, max: 65535 });
const address = fc.oneof(
  word.map((a): AddressWords => ({ family: 4, a, b: 0, c: 0, d: 0 })),
  fc.tuple(word, word, word, word).map(([a, b, c, d]): AddressWords => ({ family: 6, a: a | 0x20000000, b, c, d })),
);

/** A packet whose fields all hold something else. */
function used(): Packet {
  const rest = { bytes: new Uint8Array(), start: 0, length: 0, pointer: 0n, slot: 0, socket: 0 };
  return { ...rest, family: 6, a: 11, b: 12, c: 13, d: 14, port: 15 };
}

test('readSource reads back what encodeSockaddr wrote, over whatever was there', () => {
  fc.assert(
    fc.property(address, port, (words, number) => {
      const expected = { ...words, a: words.a >>> 0 };
      const memory = new ArrayBuffer(64);
      new Uint8Array(memory).fill(0xee);
      const length = encodeSockaddr(new DataView(memory), 8, expected, number);
      assert.equal(length, words.family === 4 ? 16 : 28);
      const packet = used();
      readSource(packet, new Uint32Array(memory), 2);
      const { family, a, b, c, d } = packet;
      assert.deepEqual({ family, a, b, c, d }, expected);
      assert.equal(packet.port, number);
    }),
    { seed: 11, numRuns: 500 },
  );
});

test('readSource takes an IPv4-mapped address for IPv4', () => {
  const memory = new ArrayBuffer(32);
  encodeSockaddr(new DataView(memory), 0, { family: 6, a: 0, b: 0, c: 0xffff, d: 0xc0000201 }, 5004);
  const packet = used();
  readSource(packet, new Uint32Array(memory), 0);
  assert.deepEqual([packet.family, packet.a, packet.b, packet.c, packet.d, packet.port], [4, 0xc0000201, 0, 0, 0, 5004]);
});

test('swap32 gives unsigned words', () => {
  assert.equal(swap32(0x000000ff), 0xff000000);
  assert.equal(swap32(0x12345678), 0x78563412);
});
