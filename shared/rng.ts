// Randomness as a collaborator, so that machines stay replayable in tests. Tags, branches, Call-IDs and ports must be
// unguessable (RFC 3261 section 19.3, ../test rows on prediction), so the real one draws from the system's CSPRNG.
import { randomFillSync } from 'node:crypto';

export interface Rng {
  /** An integer in [0, below), 1 <= below <= 2^32. */
  int(below: number): number;
  /** `length` characters of [A-Za-z0-9_-] (6 bits each): safe in SIP tokens, tags, ICE credentials and file names. */
  token(length: number): string;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The system's CSPRNG, read in blocks: one system call serves some hundred tokens. */
export function systemRng(): Rng {
  const pool = new Uint8Array(4096);
  let used = pool.length;
  const byte = (): number => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const value = pool[used] ?? 0;
    pool[used++] = 0;
    return value;
  };
  return rngFrom(byte);
}

/** A repeatable generator for tests and simulations (mulberry32); never for anything that meets a network. */
export function seededRng(seed: number): Rng {
  let state = seed >>> 0;
  return rngFrom(() => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) & 0xff;
  });
}

function rngFrom(byte: () => number): Rng {
  return {
    int(below) {
      // 48 bits against at most 32: the bias is below 2^-16 and needs no rejection loop.
      let value = 0;
      for (let i = 0; i < 6; i++) value = value * 256 + byte();
      return value % below;
    },
    token(length) {
      let text = '';
      for (let i = 0; i < length; i++) text += alphabet[byte() & 63] ?? 'A';
      return text;
    },
  };
}
