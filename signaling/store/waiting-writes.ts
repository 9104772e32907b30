// What waits to be written: of each record only the latest change, and the CDR lines in order. Bounded; what does not fit is
// counted, and the caller goes on.
import { storeLimits } from './limits.ts';
import type { RecordChange } from './store-messages.ts';

export interface Group {
  readonly records: readonly RecordChange[];
  readonly lines: readonly string[];
}

export class WaitingWrites {
  readonly #records = new Map<string, string | null>();
  #lines: string[] = [];

  get size(): number {
    return this.#records.size + this.#lines.length;
  }

  /** False when there is no room: the change is lost. */
  addRecord(id: string, json: string | null): boolean {
    if (this.#records.size >= storeLimits.waitingRecords && !this.#records.has(id)) return false;
    this.#records.set(id, json);
    return true;
  }

  addLine(line: string): boolean {
    if (this.#lines.length >= storeLimits.waitingLines) return false;
    this.#lines.push(line);
    return true;
  }

  /** Groups that `take` needs to empty what waits now; later changes of waiting records travel in their place. */
  get groups(): number {
    return Math.ceil(Math.max(this.#records.size, this.#lines.length) / storeLimits.largestGroup);
  }

  /** Takes the oldest out. */
  take(): Group {
    const records: RecordChange[] = [];
    for (const change of this.#records) {
      if (records.length === storeLimits.largestGroup) break;
      records.push(change);
    }
    for (const [id] of records) this.#records.delete(id);
    return { records, lines: this.#lines.splice(0, storeLimits.largestGroup) };
  }

  /** Puts back what could not be written, before what came since; a later change of the same record stands. */
  putBack({ records, lines }: Group): void {
    const newer = [...this.#records];
    this.#records.clear();
    for (const [id, json] of [...records, ...newer]) this.#records.set(id, json);
    this.#lines = [...lines, ...this.#lines];
  }
}
