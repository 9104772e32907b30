// "Did you mean": the known name nearest to a mistyped one, by edit distance, with spelling conventions (drain_ms, Drain-MS
// for drainMs) counted as no difference.

/** ' (did you mean "x"?)' or ''. */
export function suggestion(found: string, known: Iterable<string>): string {
  const wanted = plain(found);
  let best = '';
  // Up to a third of the word may be wrong, and two letters swapped in a short one; more would be a guess.
  let bestDistance = Math.max(wanted.length > 3 ? 2 : 1, Math.floor(wanted.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(wanted, plain(name), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best === '' ? '' : ` (did you mean "${best}"?)`;
}

function plain(name: string): string {
  return name.slice(0, 64).replaceAll(/[-_]/g, '').toLowerCase();
}

/** Levenshtein, two rows; `limit` or more when the words are that far apart. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? limit;
}
