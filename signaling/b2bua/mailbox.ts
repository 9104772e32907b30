// One thing at a time: what happens to a call runs in order of arrival, and the next waits while a step waits for media
// or DNS. Steps that need no waiting run at once, without a promise.

/** More than this many unprocessed events of one call are an attack or a dead worker: the rest is dropped. */
const maxWaiting = 512;

type Task = () => void | Promise<void>;

export class Mailbox {
  readonly #waiting: Task[] = [];
  readonly #onError: (thrown: unknown) => void;
  #busy = false;
  dropped = 0;

  /** `onError` gets what a task threw; later tasks still run. */
  constructor(onError: (thrown: unknown) => void) {
    this.#onError = onError;
  }

  post(task: Task): void {
    if (this.#busy) {
      if (this.#waiting.length < maxWaiting) this.#waiting.push(task);
      else this.dropped++;
      return;
    }
    this.#run(task);
  }

  #run(first: Task): void {
    let task: Task | undefined = first;
    this.#busy = true;
    while (task !== undefined) {
      const pending = this.#start(task);
      if (pending !== undefined) {
        pending.catch(this.#onError).finally(() => this.#next());
        return;
      }
      task = this.#waiting.shift();
    }
    this.#busy = false;
  }

  #next(): void {
    this.#busy = false;
    const task = this.#waiting.shift();
    if (task !== undefined) this.#run(task);
  }

  #start(task: Task): Promise<void> | undefined {
    try {
      return task() ?? undefined;
    } catch (thrown) {
      this.#onError(thrown);
      return undefined;
    }
  }
}
