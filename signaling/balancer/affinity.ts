// Which node a request is to go to again: the one that challenged it, since a nonce is good only where it was made (RFC 3261
// section 22). Remembered by Call-ID, which the request keeps when it comes back with credentials. Pure.

/** A phone answers a challenge at once; one that asks its user first is challenged anew. */
const rememberedMs = 32_000;
/** So many challenges at a time; beyond it the oldest are forgotten, and their senders are challenged once more. */
const capacity = 20_000;

export class Affinity<Node> {
  readonly #nodes: Map<string, { readonly node: Node; readonly until: number }> = new Map();

  note(key: string, node: Node, now: number): void {
    this.#nodes.delete(key);
    for (const [oldest, { until }] of this.#nodes) {
      if (this.#nodes.size < capacity && until > now) break;
      this.#nodes.delete(oldest);
    }
    this.#nodes.set(key, { node, until: now + rememberedMs });
  }

  nodeFor(key: string, now: number): Node | undefined {
    const known = this.#nodes.get(key);
    return known !== undefined && known.until > now ? known.node : undefined;
  }

  get size(): number {
    return this.#nodes.size;
  }
}
