// Nanoseconds to protect and to open one packet, by suite, on OpenSSL through node:ffi and on node:crypto, for a G.711 packet and a
// full video packet; and the native memory of a transport. The best of many short runs: other load on the machine does not count.
//
//   node --disable-warning=ExperimentalWarning test/bench/srtp.ts
import { chooseCrypto } from '../../media/crypto/choose-crypto.ts';
import { NodeCrypto } from '../../media/crypto/node-crypto.ts';
import type { SrtpCrypto } from '../../media/srtp/crypto.ts';
import { type MasterKeys, readKeys } from '../../media/srtp/master-keys.ts';
import { SrtpReceiver } from '../../media/srtp/receiver.ts';
import { SrtpSender } from '../../media/srtp/sender.ts';
import { suiteNamed } from '../../media/srtp/suite.ts';

const suites = [
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
  'AES_256_CM_HMAC_SHA1_80',
  'AEAD_AES_128_GCM',
  'AEAD_AES_256_GCM',
  'NULL_HMAC_SHA1_80',
  'F8_128_HMAC_SHA1_80',
];
/** As in the relay: one of many slots each time, so that the caches have work. */
const slots = 1024;
const slotBytes = 2048;
const batch = 512;
const batches = 200;

interface Cost {
  readonly protect: number;
  readonly open: number;
}

function keysOf(name: string): MasterKeys {
  const suite = suiteNamed(name);
  if (suite === undefined) throw new Error(name);
  const read = readKeys({ suite: name, keySalt: Buffer.alloc(suite.keyBytes + suite.saltBytes, 5).toString('base64') });
  if (read.kind !== 'keys') throw new Error(read.reason);
  return read;
}

function measure(crypto: SrtpCrypto, name: string, length: number): Cost {
  const memory = new ArrayBuffer(slots * slotBytes);
  const packets = Array.from({ length: slots }, (_, slot) => {
    const bytes = new Uint8Array(memory, slot * slotBytes, slotBytes);
    bytes[64] = 0x80;
    bytes[72] = 1;
    return { bytes, start: 64, length };
  });
  const sender = new SrtpSender(crypto, keysOf(name));
  const receiver = new SrtpReceiver(crypto, keysOf(name));
  let sequence = 0;
  let best: Cost = { protect: Number.POSITIVE_INFINITY, open: Number.POSITIVE_INFINITY };
  let first = 0;
  for (let run = 0; run < batches; run++) {
    first = (first + batch) % slots;
    const part = packets.slice(first, first + batch);
    for (const packet of part) {
      packet.length = length;
      packet.bytes[66] = sequence >> 8;
      packet.bytes[67] = sequence & 0xff;
      sequence = (sequence + 1) & 0xffff;
    }
    const from = process.hrtime.bigint();
    let done = 0;
    for (let i = 0; i < batch; i++) if (sender.protectRtp(part[i]!)) done++;
    const between = process.hrtime.bigint();
    for (let i = 0; i < batch; i++) if (receiver.openRtp(part[i]!) === 'opened') done++;
    const to = process.hrtime.bigint();
    if (done !== 2 * batch) throw new Error(`${name}: only ${done} of ${2 * batch} done`);
    best = { protect: Math.min(best.protect, Number(between - from) / batch), open: Math.min(best.open, Number(to - between) / batch) };
  }
  sender.free();
  receiver.free();
  return best;
}

/** Not freed, or the next measure would find their memory. */
const kept: unknown[] = [];

/** Resident memory of one transport: a sender and a receiver, each for SRTP and SRTCP. */
function bytesPerTransport(crypto: SrtpCrypto, name: string): number {
  const keys = keysOf(name);
  const count = 2000;
  const before = process.memoryUsage().rss;
  const all = Array.from({ length: count }, () => [new SrtpSender(crypto, keys), new SrtpReceiver(crypto, keys)] as const);
  const grown = process.memoryUsage().rss - before;
  kept.push(...all.flat());
  return grown / count;
}

const { crypto, why } = chooseCrypto();
const fallback = new NodeCrypto();
console.log(`${process.version}, ${why}`);
// First, while the process has no freed memory to give.
const memory = ['AES_CM_128_HMAC_SHA1_80', 'AEAD_AES_128_GCM'].map(
  (suite) => `${suite} ${(bytesPerTransport(crypto, suite) / 1024).toFixed(1)} KiB`,
);
console.log(`memory of a transport: ${memory.join(', ')}`);
console.log(
  'ns per packet, protect / open'.padEnd(30),
  `${crypto.name} 172 B`.padEnd(18),
  '1212 B'.padEnd(18),
  `${fallback.name} 172 B`.padEnd(22),
  '1212 B',
);
for (const suite of suites) {
  const cells = [crypto, fallback].flatMap((one) => [172, 1212].map((length) => measure(one, suite, length)));
  const text = cells.map(({ protect, open }, index) => `${protect.toFixed(0)} / ${open.toFixed(0)}`.padEnd(index === 2 ? 22 : 18));
  console.log(suite.padEnd(30), ...text);
}
