// Flow objects of one UDP listener by remote address, so that a busy peer costs no object per datagram. Two generations: when the
// young one is full it becomes the old one, whatever nobody used meanwhile is dropped. A spray of forged sources only clears it.
import type { Flow } from './flow.ts';
import { transportLimits } from './limits.ts';

export class FlowCache {
  readonly #create: (address: string, port: number) => Flow;
  readonly #cap: number;
  #young = new Map<string, Flow>();
  #old = new Map<string, Flow>();

  constructor(create: (address: string, port: number) => Flow, cap: number = transportLimits.flowsPerGeneration) {
    this.#create = create;
    this.#cap = cap;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(address: string, port: number): Flow {
    const key = `${address} ${port}`;
    const known = this.#young.get(key);
    if (known !== undefined) return known;
    const flow = this.#old.get(key) ?? this.#create(address, port);
    if (this.#young.size >= this.#cap) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, flow);
    return flow;
  }
}
