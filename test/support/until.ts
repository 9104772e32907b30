// Waiting for events in tests: resolves when a condition holds, checked after each event; fails with what was awaited. The deadlines only
// end tests that fail: long, since a loaded machine gets its time.

/** `observe` registers a listener and returns the function that removes it. */
export function until(
  observe: (listener: () => void) => () => unknown,
  holds: () => boolean,
  what: string,
  deadlineMs = 20_000,
): Promise<void> {
  if (holds()) return Promise.resolve();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = observe(() => {
    if (!holds()) return;
    end();
    resolve();
  });
  const timer = setTimeout(() => {
    end();
    reject(new Error(`Waited ${deadlineMs} ms in vain for: ${what}`));
  }, deadlineMs);
  const end = (): void => {
    clearTimeout(timer);
    stop();
  };
  return promise;
}

/** What `promise` gives; fails with what was awaited when that takes too long. */
export function within<T>(promise: Promise<T>, what: string, deadlineMs = 20_000): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`Waited ${deadlineMs} ms in vain for: ${what}`)), deadlineMs);
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}

/** For `until`, where nobody tells of a change: files, kernel tables, counters. */
export function polled(listener: () => void): () => void {
  const timer = setInterval(listener, 20);
  return () => clearInterval(timer);
}
