// Failures of operations (start, load, resolve, reserve). What peers send over the network is not an error of ours and
// never comes as an exception: parsers return results.

/** `code` is stable and machine-readable (kebab-case); `message` reads "action: actual, allowed". */
export class WeirError extends Error {
  override readonly name = 'WeirError';
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The text of anything that was thrown, for logs and for wrapping. */
export function errorMessage(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
