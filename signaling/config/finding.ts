// One thing that a rule has against a configuration. An error keeps Weir from starting; a warning says what will not work.
import type { KeyPath } from './problem.ts';

export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly path: KeyPath;
  readonly message: string;
}

export function uniqueNames(entries: readonly { readonly name: string }[], path: KeyPath): readonly Finding[] {
  const first = new Map<string, number>();
  return entries.flatMap(({ name }, index): Finding[] => {
    const before = first.get(name);
    if (before === undefined) {
      first.set(name, index);
      return [];
    }
    return [{ severity: 'error', path: [...path, index, 'name'], message: `"${name}" is already the name of entry ${before}` }];
  });
}
