// The configuration as it is in force, defaults and overrides filled in, as YAML with secrets masked; and which keys differ
// between two configurations, for a reload.
import { isDeepStrictEqual } from 'node:util';
import { stringify } from 'yaml';
import { formatPath, type KeyPath } from './problem.ts';
import type { Config } from './schema.ts';
import { isSecretKey, masked } from './secrets.ts';

export function effectiveYaml(config: Config, secretPaths: ReadonlySet<string>): string {
  return stringify(mask(config, [], secretPaths), { lineWidth: 0 });
}

/** Key paths that differ, at the deepest level where both sides still have the same shape. */
export function changedPaths(before: unknown, after: unknown, path: KeyPath = []): readonly string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item, index) => changedPaths(item, after[index], [...path, index]));
  }
  if (isSection(before) && isSection(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    const [left, right] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
    return [...keys].flatMap((key) => changedPaths(left.get(key), right.get(key), [...path, key]));
  }
  return [formatPath(path)];
}

function mask(value: unknown, path: KeyPath, secretPaths: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item, index) => mask(item, [...path, index], secretPaths));
  if (isSection(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mask(item, [...path, key], secretPaths)]));
  return isSecretKey(path) || secretPaths.has(formatPath(path)) ? masked : value;
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
