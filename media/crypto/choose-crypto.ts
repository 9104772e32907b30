// Picks the crypto of a worker: OpenSSL through node:ffi where that works and gives the same results as node:crypto, else node:crypto.
// `why` is one phrase for the start log.
import { errorMessage } from '../../shared/errors.ts';
import { associatedAt, ivAt, packetAt, type SrtpCrypto, tagAt } from '../srtp/crypto.ts';
import { NodeCrypto } from './node-crypto.ts';
import { Openssl } from './openssl.ts';
import { type LibraryResult, loadLibrary } from './openssl-library.ts';

export interface ChosenCrypto {
  readonly crypto: SrtpCrypto;
  readonly why: string;
}

/** Call it on the thread that will use it. Tests hand in a library that is not there. */
export function chooseCrypto(found: LibraryResult = loadLibrary()): ChosenCrypto {
  const fallback = new NodeCrypto();
  if (found.kind === 'unavailable') return { crypto: fallback, why: `node-crypto: ${found.reason}` };
  const crypto = new Openssl(found.library);
  const problem = differenceBetween(crypto, fallback);
  if (problem !== undefined) return { crypto: fallback, why: `node-crypto: OpenSSL through node:ffi ${problem}` };
  return { crypto, why: 'openssl: through node:ffi, tested' };
}

/** Declared wrongly for some platform, the functions would do something else: all of them are tried once. */
function differenceBetween(crypto: SrtpCrypto, reference: SrtpCrypto): string | undefined {
  try {
    const same = sample(crypto) === sample(reference) && refusesForgery(crypto);
    return same ? undefined : 'gives wrong results';
  } catch (thrown) {
    return `fails: ${errorMessage(thrown)}`;
  }
}

function sample(crypto: SrtpCrypto): string {
  const { memory } = crypto;
  const results: string[] = [];
  const note = (from: number, length: number): void => {
    results.push(memory.toString('hex', from, from + length));
  };
  for (const bytes of [16, 24, 32]) {
    const key = new Uint8Array(bytes).fill(bytes);
    memory.fill(7, 0, associatedAt);
    memory.fill(9, ivAt, tagAt);
    const mode = crypto.counterMode(key);
    mode.apply(packetAt + 12, 61);
    mode.free();
    note(packetAt, 80);
    const block = crypto.block(key);
    block.encrypt(packetAt + 16);
    block.free();
    note(packetAt, 80);
    const hmac = crypto.hmacSha1(key);
    hmac.sign(77);
    hmac.sign(78);
    hmac.free();
    note(tagAt, 20);
    if (bytes === 24) continue;
    const seal = crypto.gcm(key, 'seal');
    seal.run(packetAt, 12, packetAt + 12, 61);
    seal.free();
    note(packetAt, 80);
    note(tagAt, 16);
  }
  return results.join(' ');
}

function refusesForgery(crypto: SrtpCrypto): boolean {
  const { memory } = crypto;
  const key = new Uint8Array(16).fill(1);
  memory.fill(7, 0, associatedAt);
  const seal = crypto.gcm(key, 'seal');
  seal.run(packetAt, 12, packetAt + 12, 61);
  seal.free();
  const open = crypto.gcm(key, 'open');
  const sealed = Uint8Array.from(memory.subarray(packetAt, packetAt + 80));
  const opened = open.run(packetAt, 12, packetAt + 12, 61) && memory[packetAt + 12] === 7;
  memory.set(sealed, packetAt);
  memory[packetAt + 20] = (memory[packetAt + 20] ?? 0) ^ 1;
  const forged = open.run(packetAt, 12, packetAt + 12, 61);
  open.free();
  return opened && !forged;
}
