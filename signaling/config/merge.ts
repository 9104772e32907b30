// Brings the main file and the files of conf.d together: sections are joined key by key, lists are put one behind the other,
// and a value that two files set is a mistake, because which one wins would depend on file names.
import type { Located, LocatedEntry, LocatedMap } from './located.ts';
import { formatPlace, type KeyPath, type Problem } from './problem.ts';

export function merge(first: Located, second: Located, problems: Problem[], path: KeyPath = []): Located {
  if (first.kind === 'map' && second.kind === 'map') return mergeMaps(first, second, problems, path);
  if (first.kind === 'list' && second.kind === 'list') return { ...first, items: [...first.items, ...second.items] };
  if (first.kind === 'scalar' && second.kind === 'scalar') {
    problems.push({ place: second.place, path, message: `is set twice, first at ${formatPlace(first.place)}` });
    return first;
  }
  const kinds = { map: 'a section', list: 'a list', scalar: 'a single value' };
  const message = `is ${kinds[second.kind]} here and ${kinds[first.kind]} at ${formatPlace(first.place)}`;
  problems.push({ place: second.place, path, message });
  return first;
}

function mergeMaps(first: LocatedMap, second: LocatedMap, problems: Problem[], path: KeyPath): LocatedMap {
  const entries = new Map<string, LocatedEntry>(first.entries);
  for (const [key, entry] of second.entries) {
    const present = entries.get(key);
    entries.set(key, present === undefined ? entry : { ...present, value: merge(present.value, entry.value, problems, [...path, key]) });
  }
  return { ...first, entries };
}
