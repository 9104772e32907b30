// The sources (SSRCs) of one direction under one key, each with its window of indices. What it has once known it does not forget:
// a source that makes room for another is refused from then on.
import { liveSources, retiredSources } from './limits.ts';
import { ReplayWindow } from './replay-window.ts';

interface Source {
  readonly ssrc: number;
  readonly window: ReplayWindow;
  /** Rank of the last look-up. */
  usedAt: number;
}

export class SourceTable {
  readonly #live = new Map<number, Source>();
  readonly #retired = new Set<number>();
  /** Packets come in runs of one source. The last one found is never the one that goes. */
  #last: Source | undefined;
  #uses = 0;

  find(ssrc: number): ReplayWindow | undefined {
    if (this.#last?.ssrc === ssrc) return this.#last.window;
    const source = this.#live.get(ssrc);
    if (source === undefined) return undefined;
    source.usedAt = ++this.#uses;
    this.#last = source;
    return source.window;
  }

  /** Whether a source that is not known may be added. */
  admits(ssrc: number): boolean {
    if (this.#retired.has(ssrc)) return false;
    return this.#live.size < liveSources || this.#retired.size < retiredSources;
  }

  add(ssrc: number): ReplayWindow {
    if (this.#live.size >= liveSources) this.#retire();
    const source = { ssrc, window: new ReplayWindow(), usedAt: ++this.#uses };
    this.#live.set(ssrc, source);
    this.#last = source;
    return source.window;
  }

  #retire(): void {
    let oldest: Source | undefined;
    for (const source of this.#live.values()) if (oldest === undefined || source.usedAt < oldest.usedAt) oldest = source;
    if (oldest === undefined) return;
    this.#live.delete(oldest.ssrc);
    this.#retired.add(oldest.ssrc);
  }
}
