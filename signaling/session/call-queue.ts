// One thing at a time per call: an offer waits for ports while its call is cancelled, and the cancel must find what the
// offer reserved. Different calls do not wait for each other. Nothing is kept for an idle call.

interface Waiting {
  tail: Promise<unknown>;
  count: number;
}

export class CallQueue {
  readonly #calls = new Map<string, Waiting>();
  readonly #limit: number;

  /** `limit`: operations of one call, the running one included. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Calls with something to do. */
  get size(): number {
    return this.#calls.size;
  }

  isFull(callId: string): boolean {
    return (this.#calls.get(callId)?.count ?? 0) >= this.#limit;
  }

  /** Runs `operation` after all earlier ones of that call; settles as it settles. */
  async run<T>(callId: string, operation: () => Promise<T>): Promise<T> {
    const waiting = this.#calls.get(callId) ?? { tail: Promise.resolve(), count: 0 };
    this.#calls.set(callId, waiting);
    waiting.count++;
    // The one before may have failed; that was told to whom it concerned.
    const result = waiting.tail.then(operation, operation);
    waiting.tail = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      waiting.count--;
      if (waiting.count === 0) this.#calls.delete(callId);
    }
  }
}
