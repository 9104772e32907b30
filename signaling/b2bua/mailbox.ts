// One thing at a time: what happens to a call runs in order of arrival, and the next waits while a step waits for media
// or DNS. Steps that need no waiting run at once, without a promise.

/** More unprocessed events of one call than this are an attack or a dead worker: what its peers send is then turned away. */
const maxWaiting = 512;

type Task = () => void | Promise<void>;

export class Mailbox {
  readonly #waiting: Task[] = [];
  readonly #onError: (thrown: unknown) => void;
  #busy = false;

  /** `onError` gets what a task threw; later tasks still run. */
  constructor(onError: (thrown: unknown) => void) {
    this.#onError = onError;
  }

  /** For what the call itself causes: timers, ends, final responses. Always taken. */
  post(task: Task): void {
    if (this.#busy) this.#waiting.push(task);
    else this.#run(task);
  }

  /** For what a peer may cause as often as it likes. False: too much waits already. */
  tryPost(task: Task): boolean {
    if (this.#waiting.length >= maxWaiting) return false;
    this.post(task);
    return true;
  }

  #run(first: Task): void {
    let task: Task | undefined = first;
    this.#busy = true;
    while (task !== undefined) {
      const pending = this.#start(task);
      if (pending !== undefined) {
        pending.catch((thrown: unknown) => this.#fault(thrown)).finally(() => this.#next());
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
      this.#fault(thrown);
      return undefined;
    }
  }

  /** A handler that fails as well must neither stop the box nor the process. */
  #fault(thrown: unknown): void {
    try {
      this.#onError(thrown);
    } catch {
      // Nobody is left to tell.
    }
  }
}
