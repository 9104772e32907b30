import assert from 'node:assert/strict';
import test from 'node:test';
import { toPlain } from '../../../signaling/config/located.ts';
import { formatProblem } from '../../../signaling/config/problem.ts';
import { readYaml } from '../../../signaling/config/read-yaml.ts';

function faults(text: string): string[] {
  const result = readYaml(text, 'x.yaml');
  return result.kind === 'invalid' ? result.problems.map(formatProblem) : [];
}

test('readYaml keeps numbers, text, booleans, nothing and the order of keys', () => {
  const result = readYaml('b: 1\na: [x, "1", true, ~]\nc: {d: 0x10}\n', 'x.yaml');
  assert.equal(result.kind, 'tree');
  assert.deepEqual(toPlain(result.tree), { b: 1, a: ['x', '1', true, null], c: { d: 16 } });
});

test('readYaml places every node by line and column', () => {
  const result = readYaml('a:\n  - b: 5\n', 'x.yaml');
  assert.ok(result.kind === 'tree' && result.tree.kind === 'map');
  const list = result.tree.entries.get('a')?.value;
  assert.ok(list?.kind === 'list' && list.items[0]?.kind === 'map');
  const entry = list.items[0].entries.get('b');
  assert.deepEqual([entry?.place.line, entry?.place.column], [2, 5]);
  assert.deepEqual([entry?.value.place.line, entry?.value.place.column], [2, 8]);
});

test('readYaml expands aliases to the last anchor before them', () => {
  const result = readYaml('a: &x [1]\nb: *x\nc: &x [2]\nd: *x\n', 'x.yaml');
  assert.equal(result.kind, 'tree');
  assert.deepEqual(toPlain(result.tree), { a: [1], b: [1], c: [2], d: [2] });
});

test('readYaml does not take anchors inside of what an alias repeats for newer ones', () => {
  const result = readYaml('a: &x [&y 1]\nb: &y 2\nc: *x\nd: *y\n', 'x.yaml');
  assert.equal(result.kind, 'tree');
  assert.deepEqual(toPlain(result.tree), { a: [1], b: 2, c: [1], d: 2 });
});

const invalid: [name: string, text: string, expected: RegExp[]][] = [
  ['a syntax fault', 'a: [1,2\nb: 3\n', [/^x\.yaml:2:1: cannot read YAML: /]],
  ['a key that stands twice, with the second place', 'a: 1\nb: 2\na: 3\n', [/^x\.yaml:3:1: the key stands twice/]],
  ['all duplicate keys at once', 'a: 1\na: 2\nb: {c: 1, c: 2}\n', [/^x\.yaml:2:1/, /^x\.yaml:3:11/]],
  ['a tag it does not know', 'a: !ruby/object {}\n', [/^x\.yaml:1:4: .*tag/]],
  ['an alias to nothing', 'a: *nowhere\n', [/^x\.yaml:1:4: a: there is no anchor &nowhere/]],
  ['an alias to itself', 'a: &x [*x]\n', [/nested too deep/]],
  ['a key that is a list', '? [a, b]\n: 1\n', [/the key must be plain text/]],
  ['a key that is a number', '5: 1\n', [/^x\.yaml:1:1: the key must be plain text/]],
  ['two documents in one file', 'a: 1\n---\nb: 2\n', [/^x\.yaml:2:1: cannot read YAML/]],
  ['a tab as indentation', 'a:\n\tb: 1\n', [/cannot read YAML/]],
];
for (const [name, text, expected] of invalid) {
  test(`readYaml refuses ${name}`, () => {
    const found = faults(text);
    assert.equal(found.length, expected.length, found.join('\n'));
    for (const [index, pattern] of expected.entries()) assert.match(found[index]!, pattern);
  });
}

test('readYaml stops at aliases that multiply instead of filling the memory', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 12; level++)
    lines.push(
      `a${level}: &a${level} [${Array(9)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  assert.match(faults(lines.join('\n')).join(), /aliases expand to too much/);
});

test('readYaml tells nesting that exhausts its parser as a problem', () => {
  assert.match(faults('['.repeat(50_000)).at(0) ?? '', /^x\.yaml.*: cannot read YAML: /);
  assert.ok(faults('['.repeat(3000)).length <= 20);
});

test('readYaml tells a file that is too long', () => {
  assert.match(faults(`a: ${'x'.repeat(5_000_000)}`).join(), /is 5000003 bytes, allowed: 4194304/);
});

test('readYaml survives a configuration cut at every byte', () => {
  const text = 'zones:\n  - {name: "a", side: &x outside, listeners: [*x, \'b\']}\n# end\nlimits: |\n  text\n';
  for (let length = 0; length <= text.length; length++) assert.ok(readYaml(text.slice(0, length), 'x.yaml'));
});
