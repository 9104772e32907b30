// Watches over test files that do not end (a handle left open, a test that waits for ever): node:test would wait with them.

interface FileEvent {
  readonly name: string;
  readonly file?: string | undefined;
}

interface FileEvents {
  on(event: 'test:dequeue' | 'test:complete', listener: (event: FileEvent) => void): unknown;
}

export interface FileWatchOptions {
  readonly limitMs: number;
  /** Called once, with the first file that takes longer. */
  readonly overdue: (file: string) => void;
}

export class FileWatch {
  readonly #options: FileWatchOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(options: FileWatchOptions) {
    this.#options = options;
  }

  watch(stream: FileEvents): void {
    // node:test tells of a file as of a test whose name is its path.
    stream.on('test:dequeue', ({ name, file }) => {
      if (name === file)
        this.#timers.set(
          name,
          setTimeout(() => this.#overdue(name), this.#options.limitMs),
        );
    });
    stream.on('test:complete', ({ name, file }) => {
      if (name === file) clearTimeout(this.#timers.get(name));
    });
  }

  #overdue(file: string): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#options.overdue(file);
  }
}
