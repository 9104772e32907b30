// Watches a run of node:test and says at the end whether it may count as passed: no failure, at least one test, and, with
// WEIR_REQUIRE_ALL=1, nothing skipped or marked as to do.

/** The events of node:test's `run` that count. */
interface TestEvents {
  on(event: 'test:pass' | 'test:fail', listener: (event: TestEvent) => void): unknown;
}

interface TestEvent {
  readonly name: string;
  readonly file?: string | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details: { readonly type?: string | undefined };
}

export interface Omission {
  readonly test: string;
  readonly file: string;
  readonly reason: string;
}

export class Outcome {
  readonly omitted: Omission[] = [];
  failed = 0;
  passed = 0;

  watch(stream: TestEvents): void {
    stream.on('test:fail', (event) => {
      if (event.todo === undefined || event.todo === false) this.failed++;
      else this.#omit(event, `todo: ${event.todo}`);
    });
    stream.on('test:pass', (event) => {
      if (event.skip !== undefined && event.skip !== false) this.#omit(event, String(event.skip));
      else if (event.todo !== undefined && event.todo !== false) this.#omit(event, `todo: ${event.todo}`);
      else if (event.details.type !== 'suite') this.passed++;
    });
  }

  /** What speaks against the run; empty = passed. */
  faults(requireAll: boolean): readonly string[] {
    const faults: string[] = [];
    if (this.failed > 0) faults.push(`${this.failed} failed`);
    if (this.passed === 0) faults.push('no test passed');
    if (requireAll && this.omitted.length > 0) faults.push(`${this.omitted.length} skipped, which WEIR_REQUIRE_ALL=1 does not allow`);
    return faults;
  }

  #omit(event: { name: string; file?: string | undefined }, reason: string): void {
    this.omitted.push({ test: event.name, file: event.file ?? '', reason });
  }
}
