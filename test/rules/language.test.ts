import assert from 'node:assert/strict';
import test from 'node:test';
import { languageFaults } from './language-rules.ts';
import { readSources, snippets } from './source.ts';

test('the code does without any, casts, enums, default exports, barrels, inheritance, console', () => {
  assert.deepEqual(languageFaults(readSources()), []);
});

const wrong: [text: string, expected: string, inTests: 'too' | 'not'][] = [
  ['export const x: any = 1;', 'says "any"', 'too'],
  ['export enum X { A }', 'declares an enum', 'too'],
  ['export namespace X { export const a = 1; }', 'declares a namespace', 'too'],
  ['export default 1;', 'exports a default', 'too'],
  ['export default function x() {}', 'exports a default', 'too'],
  ["export { y } from './y.ts';", 'exports what another file exports', 'too'],
  ["export * from './y.ts';", 'exports what another file exports', 'too'],
  ['export class X { private y = 1; }', 'says private', 'too'],
  ['export const x = [1][0]!;', 'says "!"', 'not'],
  ['export const x = 1 as unknown;', 'casts with "as"', 'not'],
  ['export const x = <unknown>1;', 'casts with <>', 'not'],
  ['class Y {}\nexport class X extends Y {}', 'inherits from Y', 'not'],
  ["console.log('x');", 'uses console', 'not'],
];

test('languageFaults finds them all, those about the product not in tests', () => {
  const parsed = snippets(wrong.map(([text]) => ({ 'signaling/x.ts': text, 'test/x.ts': text })));
  for (const [index, [text, expected, inTests]] of wrong.entries()) {
    const faults = languageFaults(parsed[index]!);
    const paths = faults.map((fault) => fault.split(':')[0]);
    assert.deepEqual(paths, inTests === 'too' ? ['signaling/x.ts', 'test/x.ts'] : ['signaling/x.ts'], text);
    for (const fault of faults) assert.ok(fault.includes(expected), fault);
  }
});

const right: [path: string, text: string][] = [
  ['signaling/x.ts', 'export const x = [1] as const;'],
  ['signaling/x.ts', '// cast: the parser has checked it\nexport const x = 1 as unknown;'],
  ['signaling/x.ts', 'export const x = 1 as unknown; // cast: checked above'],
  ['signaling/x.ts', 'export class X extends Error {}'],
  ['signaling/x.ts', 'export class X<T extends Y> implements Y {}\ninterface Y {}'],
  ['signaling/x.ts', 'export const x = (log: Console) => log.info;'],
  ['signaling/x.ts', "export type { Y } from './y.ts';\nexport const x = 1;"],
  ['signaling/x.ts', 'export class X { private constructor() {} }'],
  ['signaling/cli/x.ts', "console.log('x');"],
  ['signaling/x.ts', 'export const x = (n: number) => { switch (n) { default: return "any as const!"; } };'],
];

test('languageFaults takes what only looks like them', () => {
  const parsed = snippets(right.map(([path, text]) => ({ [path]: text })));
  for (const [index, [, text]] of right.entries()) assert.deepEqual(languageFaults(parsed[index]!), [], text);
});
