// The two ways to say "this cannot be": a broken invariant throws and ends the one call or session that holds it
// (the catch is at the edge of that call), never the process.

export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Throws InvariantError when `condition` is false. `message` says what was expected and what was found. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** The default branch of a switch over a closed union: does not type-check while a variant is unhandled. */
export function assertNever(value: never): never {
  throw new InvariantError(`Unexpected variant: ${JSON.stringify(value)}`);
}
