// Which values of a configuration are never shown: those under a key that says so, and those read with ${file:...}.
import type { KeyPath } from './problem.ts';

export const masked = '(secret)';

/** By the name of the key; a list of secrets counts too. `key` and `certificate` hold file names, not keys. */
export function isSecretKey(path: KeyPath): boolean {
  const name = path.findLast((step) => typeof step === 'string');
  return typeof name === 'string' && /password|secret|token|ha1$/i.test(name);
}
