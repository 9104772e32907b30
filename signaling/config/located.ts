// A configuration before it is checked: plain maps, lists and scalars, each knowing where it was written. Files, conf.d and
// environment overrides are brought together in this form, so that every later complaint can name its place.
import type { KeyPath, Place } from './problem.ts';

export type Scalar = string | number | boolean | null;

export interface LocatedScalar {
  readonly kind: 'scalar';
  readonly place: Place;
  readonly value: Scalar;
  /** Where the value came from: typed into the file, put in by ${...} or an override, or read from a secret's file. */
  readonly origin: 'written' | 'environment' | 'secret';
}

export interface LocatedList {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly Located[];
}

export interface LocatedMap {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: ReadonlyMap<string, LocatedEntry>;
}

export interface LocatedEntry {
  /** Of the key. */
  readonly place: Place;
  readonly value: Located;
}

export type Located = LocatedScalar | LocatedList | LocatedMap;

/** The node at `path`; undefined when there is none. */
export function nodeAt(root: Located, path: KeyPath): Located | undefined {
  let node: Located | undefined = root;
  for (const step of path) {
    if (node?.kind === 'map') node = node.entries.get(String(step))?.value;
    else if (node?.kind === 'list') node = node.items[Number(step)];
    else return undefined;
  }
  return node;
}

/** Where the value at `path` was written; for an empty one its key, for something absent the nearest thing around it. */
export function placeAt(root: Located, path: KeyPath): Place {
  for (let length = path.length; length > 0; length--) {
    const node = nodeAt(root, path.slice(0, length));
    if (node !== undefined) return (isEmpty(node) ? entryPlace(root, path.slice(0, length)) : undefined) ?? node.place;
  }
  return root.place;
}

/** Where the key at the end of `path` was written. */
export function keyPlaceAt(root: Located, path: KeyPath): Place {
  return entryPlace(root, path) ?? placeAt(root, path);
}

/** Plain data for the schema. Objects get own properties only, whatever the key is called. */
export function toPlain(node: Located): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toPlain);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, toPlain(entry.value)]));
}

/** The same tree with every scalar replaced by what `change` makes of it. */
export function mapScalars(node: Located, change: (scalar: LocatedScalar, path: KeyPath) => LocatedScalar, path: KeyPath = []): Located {
  if (node.kind === 'scalar') return change(node, path);
  if (node.kind === 'list') return { ...node, items: node.items.map((item, index) => mapScalars(item, change, [...path, index])) };
  const entries = [...node.entries].map(
    ([key, entry]) => [key, { ...entry, value: mapScalars(entry.value, change, [...path, key]) }] as const,
  );
  return { ...node, entries: new Map(entries) };
}

function isEmpty(node: Located): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function entryPlace(root: Located, path: KeyPath): Place | undefined {
  const parent = nodeAt(root, path.slice(0, -1));
  return parent?.kind === 'map' ? parent.entries.get(String(path.at(-1)))?.place : undefined;
}
