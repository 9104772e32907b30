// What the schema has against a configuration, told in words with places: what was found, what is allowed, and for a mistyped
// key what was probably meant. All complaints at once.
import type { z } from 'zod';
import { keyPlaceAt, type Located, nodeAt, placeAt } from './located.ts';
import { type KeyPath, type Problem, printable } from './problem.ts';
import { allowedText, keysOf, schemaAt } from './schema-walk.ts';
import { isSecretKey, masked } from './secrets.ts';
import { suggestion } from './suggestion.ts';

export function schemaProblems(schema: z.core.$ZodType, tree: Located, issues: readonly z.core.$ZodIssue[]): readonly Problem[] {
  const seen = new Set<string>();
  const problems: Problem[] = [];
  for (const issue of issues) {
    for (const problem of fromIssue(schema, tree, issue)) {
      // A number can break several rules at once; what is allowed names them all.
      const key = `${problem.path.join('\0')}`;
      if (!seen.has(key)) problems.push(problem);
      seen.add(key);
    }
  }
  return problems;
}

function fromIssue(schema: z.core.$ZodType, tree: Located, issue: z.core.$ZodIssue): readonly Problem[] {
  const path = keyPath(issue.path);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(schema, tree, [...path, key]));
  const place = placeAt(tree, path);
  const allowed = allowedHere(schema, path, issue);
  const node = nodeAt(tree, path);
  const message = node === undefined ? `is missing, allowed: ${allowed}` : `found ${foundText(node, path)}, allowed: ${allowed}`;
  return [{ place, path, message }];
}

function unknownKey(schema: z.core.$ZodType, tree: Located, path: KeyPath): Problem {
  const known = keysOf(schemaAt(schema, path.slice(0, -1)));
  const hint = suggestion(String(path.at(-1)), known);
  return { place: keyPlaceAt(tree, path), path, message: `is no known key${hint === '' ? `, allowed: ${known.join(', ')}` : hint}` };
}

function allowedHere(schema: z.core.$ZodType, path: KeyPath, issue: z.core.$ZodIssue): string {
  // A pattern is told by the sentence that the schema gives it.
  if (issue.code === 'invalid_format' && issue.format === 'regex') return issue.message.replace(/^must be /, '');
  const here = schemaAt(schema, path);
  return here === undefined ? issue.message : allowedText(here);
}

/** The value as it stands in the file; what came from outside the file may be a secret and is not shown. */
function foundText(node: Located, path: KeyPath): string {
  if (node.kind === 'map') return 'a section';
  if (node.kind === 'list') return node.items.length === 0 ? 'an empty list' : `a list of ${node.items.length}`;
  if (node.value === null) return 'nothing';
  if (isSecretKey(path) || node.origin === 'secret') return masked;
  if (node.origin === 'environment') return 'a value from the environment (not shown)';
  return typeof node.value === 'string' ? `"${printable(node.value)}"` : String(node.value);
}

function keyPath(path: readonly PropertyKey[]): KeyPath {
  return path.map((step) => (typeof step === 'number' ? step : String(step)));
}
