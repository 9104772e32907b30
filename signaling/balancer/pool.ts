// A pool: the set of nodes a call may go to, taken in turn. A node that just failed is held off: it is tried only when
// no other is left. Pure; health by probing and load come with their own parts behind the same `choose`.
import type { PoolConfig } from '../config/schema.ts';
import { Affinity } from './affinity.ts';

export interface PoolNode {
  readonly name: string;
  readonly uri: string;
}

export type FailoverPolicy = PoolConfig['failover'];

export class Pool {
  readonly name: string;
  readonly zone: string;
  readonly failover: FailoverPolicy;
  readonly nodes: readonly PoolNode[];
  readonly #challenged: Affinity<PoolNode> = new Affinity();
  readonly #heldUntil: Map<PoolNode, number> = new Map();
  #turn = 0;

  constructor(config: PoolConfig) {
    this.name = config.name;
    this.zone = config.zone;
    this.failover = config.failover;
    this.nodes = config.nodes.map(({ name, uri }) => ({ name, uri }));
  }

  /**
   * The node that challenged the request `key`; else the next in turn that is not in `tried`; held-off nodes only when no
   * other is left; undefined when all were tried.
   */
  choose(tried: ReadonlySet<PoolNode>, now: number, key?: string): PoolNode | undefined {
    const challenger = key === undefined ? undefined : this.#challenged.nodeFor(key, now);
    if (challenger !== undefined && !tried.has(challenger)) return challenger;
    const from = this.#turn;
    let heldOff: PoolNode | undefined;
    for (let i = 0; i < this.nodes.length; i++) {
      const node = this.nodes[(from + i) % this.nodes.length];
      if (node === undefined || tried.has(node)) continue;
      if ((this.#heldUntil.get(node) ?? 0) > now) {
        heldOff ??= node;
        continue;
      }
      this.#turn = (from + i + 1) % this.nodes.length;
      return node;
    }
    return heldOff;
  }

  /** The node refused or did not answer; `retryAfterMs` is what it asked for itself. */
  failed(node: PoolNode, now: number, retryAfterMs = 0): void {
    this.#heldUntil.set(node, now + Math.max(this.failover.holdOffMs, Math.min(retryAfterMs, 3_600_000)));
  }

  answered(node: PoolNode): void {
    this.#heldUntil.delete(node);
  }

  /** The node lives, and wants the request `key` again with credentials. */
  challenged(node: PoolNode, key: string, now: number): void {
    this.#heldUntil.delete(node);
    this.#challenged.note(key, node, now);
  }

  /** For operators: nodes now held off. */
  heldOff(now: number): readonly PoolNode[] {
    return this.nodes.filter((node) => (this.#heldUntil.get(node) ?? 0) > now);
  }
}
