// WEIR__section__key=value: sets single values from the environment, above all files. List entries by number
// (WEIR__zones__0__listeners__0__port), a list of plain values separated by commas. Case does not matter in key names.
import { z } from 'zod';
import type { Located, LocatedMap } from './located.ts';
import { type KeyPath, type Place, type Problem, printable } from './problem.ts';
import { allowedText, keysOf, schemaAt } from './schema-walk.ts';
import { suggestion } from './suggestion.ts';

const prefix = 'WEIR__';

export function applyOverrides(
  tree: Located,
  env: Readonly<Record<string, string | undefined>>,
  schema: z.core.$ZodType,
  problems: Problem[],
): Located {
  const names = Object.keys(env).filter((name) => name.startsWith(prefix));
  // In order of name, so that the same environment always gives the same result.
  return names.sort().reduce((result, name) => applyOne(result, name, env[name] ?? '', schema, problems), tree);
}

function applyOne(tree: Located, name: string, text: string, schema: z.core.$ZodType, problems: Problem[]): Located {
  const place: Place = { source: `environment variable ${printable(name)}`, line: 0, column: 0 };
  const complain = (message: string): Located => {
    problems.push({ place, path: [], message });
    return tree;
  };
  const path: (string | number)[] = [];
  for (const step of name.slice(prefix.length).split('__')) {
    const here = schemaAt(schema, path);
    if (here instanceof z.ZodArray) {
      if (!/^\d{1,4}$/.test(step)) return complain(`"${printable(step)}" must be the number of a list entry, counted from 0`);
      path.push(Number(step));
    } else {
      const keys = keysOf(here);
      const key = keys.find((known) => known.toLowerCase() === step.toLowerCase());
      if (key === undefined) return complain(`"${printable(step)}" is no known key${suggestion(step, keys)}`);
      path.push(key);
    }
  }
  const leaf = schemaAt(schema, path);
  if (leaf === undefined || leaf instanceof z.ZodObject) return complain('names a section, not a single value');
  const value = located(leaf, text, place);
  if (value === undefined) return complain(`names ${allowedText(leaf)} of sections; set the values inside it one by one`);
  return setAt(tree, path, value, complain);
}

function located(schema: z.core.$ZodType, text: string, place: Place): Located | undefined {
  if (!(schema instanceof z.ZodArray)) return { kind: 'scalar', place, value: text, origin: 'environment' };
  if (schemaAt(schema, [0]) instanceof z.ZodObject) return undefined;
  const parts = text.split(',').map((part) => part.trim());
  const items = parts.filter((part) => part !== '').map((value) => ({ kind: 'scalar', place, value, origin: 'environment' }) as const);
  return { kind: 'list', place, items };
}

/** A copy of the tree with `value` at `path`; sections that are not there yet are made. */
function setAt(tree: Located, path: KeyPath, value: Located, complain: (message: string) => Located): Located {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === 'number') {
    const items = tree.kind === 'list' ? [...tree.items] : [];
    if (step > items.length) {
      complain(`entry ${step} cannot be set: the list has ${items.length}, allowed: 0 to ${items.length}`);
      return tree;
    }
    items[step] = setAt(items[step] ?? emptyMap(value.place), rest, value, complain);
    return { kind: 'list', place: tree.place, items };
  }
  const entries = tree.kind === 'map' ? new Map(tree.entries) : new Map();
  const present = entries.get(step);
  entries.set(step, { place: value.place, value: setAt(present?.value ?? emptyMap(value.place), rest, value, complain) });
  return { kind: 'map', place: tree.place, entries };
}

function emptyMap(place: Place): LocatedMap {
  return { kind: 'map', place, entries: new Map() };
}
