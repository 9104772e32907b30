// Two ways to make a located tree other than from YAML: from plain data (the demo configuration), and from another tree
// with some keys left out.
import type { Located, LocatedMap } from './located.ts';
import type { Place } from './problem.ts';

export function fromPlain(value: unknown, source: string): Located {
  const place: Place = { source, line: 0, column: 0 };
  if (Array.isArray(value)) return { kind: 'list', place, items: value.map((item) => fromPlain(item, source)) };
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return { kind: 'map', place, entries: new Map(entries.map(([key, item]) => [key, { place, value: fromPlain(item, source) }])) };
  }
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return { kind: 'scalar', place, value: isScalar ? value : null, origin: 'written' };
}

export function withoutKeys(root: Located, paths: readonly (readonly PropertyKey[])[]): Located {
  return paths.reduce<Located>(withoutKey, root);
}

function withoutKey(node: Located, path: readonly PropertyKey[]): Located {
  const [step, ...rest] = path;
  if (step === undefined || node.kind === 'scalar') return node;
  if (node.kind === 'list') return { ...node, items: node.items.map((item, index) => (index === step ? withoutKey(item, rest) : item)) };
  return withoutEntry(node, String(step), rest);
}

function withoutEntry(node: LocatedMap, key: string, rest: readonly PropertyKey[]): LocatedMap {
  const entries = new Map(node.entries);
  const entry = entries.get(key);
  if (rest.length === 0) entries.delete(key);
  else if (entry !== undefined) entries.set(key, { ...entry, value: withoutKey(entry.value, rest) });
  return { ...node, entries };
}
