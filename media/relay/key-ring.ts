// The SRTP contexts of one direction of a transport: the one in use and those before it. Keys that come back (a refused re-offer, an
// answer repeated by another fork) find their context again, so that no index is used twice and no replay passes; keys whose context
// is gone may not come back.
import { invariant } from '../../shared/assert.ts';
import type { SrtpKeys } from '../../shared/relay/session-state.ts';
import { type MasterKeys, readKeys } from '../srtp/master-keys.ts';
import { burnedKeys, formerKeys } from './limits.ts';

interface Context {
  free(): void;
}

interface Entry<T> {
  /** Master key and salt, in one spelling. */
  readonly keySalt: string;
  readonly suite: string;
  readonly mki: string;
  readonly context: T;
}

export class KeyRing<T extends Context> {
  readonly #make: (keys: MasterKeys) => T;
  /** The one in use is the last. */
  #entries: Entry<T>[] = [];
  readonly #burned = new Set<string>();

  constructor(make: (keys: MasterKeys) => T) {
    this.#make = make;
  }

  /** Why the keys cannot be used, undefined when they can. Never tells them. */
  problem(keys: SrtpKeys): string | undefined {
    const read = readKeys(keys);
    if (read.kind === 'unusable') return read.reason;
    const keySalt = spelling(keys);
    if (this.#burned.has(keySalt)) return 'the key was in use before, and what it protected is no longer known';
    const known = this.#entries.find((entry) => entry.keySalt === keySalt);
    return known === undefined || isFor(known, keys) ? undefined : 'the key is in use with another suite or MKI';
  }

  /** The context of keys that have no problem. */
  use(keys: SrtpKeys): T {
    const keySalt = spelling(keys);
    const last = this.#entries.at(-1);
    if (last?.keySalt === keySalt) return last.context;
    const known = this.#entries.find((entry) => entry.keySalt === keySalt);
    const read = readKeys(keys);
    invariant(read.kind === 'keys', 'keys are used only after they were checked');
    const entry = known ?? { keySalt, suite: keys.suite, mki: mkiOf(keys), context: this.#make(read) };
    this.#entries = [...this.#entries.filter((one) => one !== known), entry];
    if (this.#entries.length > formerKeys + 1) this.#burn();
    return entry.context;
  }

  free(): void {
    for (const { context } of this.#entries) context.free();
    this.#entries = [];
  }

  #burn(): void {
    const oldest = this.#entries.shift();
    if (oldest === undefined) return;
    oldest.context.free();
    this.#burned.add(oldest.keySalt);
    if (this.#burned.size > burnedKeys) this.#burned.delete(this.#burned.values().next().value ?? '');
  }
}

/** The same bytes however their base64 is written. */
function spelling(keys: SrtpKeys): string {
  return Buffer.from(keys.keySalt, 'base64').toString('base64');
}

function mkiOf(keys: SrtpKeys): string {
  return (keys.mki ?? '').toLowerCase();
}

/** Tags and payloads of two suites under one key would give each other away. */
function isFor(entry: Entry<unknown>, keys: SrtpKeys): boolean {
  return entry.suite === keys.suite && entry.mki === mkiOf(keys);
}
