// Holds deploy/weir.example.yaml and the schema together: what an operator reads there is complete and true.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { loadConfig } from '../../../signaling/config/load.ts';
import { type Located, nodeAt, toPlain } from '../../../signaling/config/located.ts';
import { fromPlain } from '../../../signaling/config/located-edit.ts';
import { formatPath, type KeyPath } from '../../../signaling/config/problem.ts';
import { readYaml } from '../../../signaling/config/read-yaml.ts';
import { configSchema } from '../../../signaling/config/schema.ts';
import { shapeOf, unwrap } from '../../../signaling/config/schema-walk.ts';
import { complaints, loadBody } from './config-directory.ts';

const file = fileURLToPath(new URL('../../../deploy/weir.example.yaml', import.meta.url));
const text = readFileSync(file, 'utf8');
/** With the optional keys switched on. */
const fullText = text.replace(/^( *)#(?=[A-Za-z]+:)/gm, '$1');
const lines = fullText.split('\n');

/** Only what has no default; what parsing adds to it are the defaults. */
const minimal = {
  zones: [
    { name: 'a', side: 'outside', listeners: [{ protocol: 'udp', address: '127.0.0.1', port: 5060 }], media: [{ address: '127.0.0.1' }] },
  ],
  pools: [{ name: 'p', zone: 'a', nodes: [{ name: 'n', uri: 'sip:127.0.0.1' }] }],
};

/** Keys whose sample in the example says more than their default. */
const shownBySample = new Set(['zones[0].allow']);

function leaves(schema: z.core.$ZodType, path: KeyPath = []): KeyPath[] {
  const bare = unwrap(schema);
  if (bare instanceof z.ZodObject) return [...shapeOf(bare)].flatMap(([key, inner]) => leaves(inner, [...path, key]));
  if (bare instanceof z.ZodArray && unwrap(bare.element) instanceof z.ZodObject) return leaves(bare.element, [...path, 0]);
  return [path];
}

function valueAt(root: unknown, path: KeyPath): unknown {
  const node = nodeAt(fromPlain(root, ''), path);
  return node === undefined ? undefined : toPlain(node);
}

/** Lines of the key in every entry of the lists on the way. */
function keyLines(node: Located | undefined, path: KeyPath): number[] {
  const [step, ...rest] = path;
  if (node?.kind === 'list') return node.items.flatMap((item) => keyLines(item, rest));
  if (node?.kind !== 'map') return [];
  const entry = node.entries.get(String(step));
  if (entry === undefined) return [];
  return rest.length === 0 ? [entry.place.line] : keyLines(entry.value, rest);
}

function tree(): Located {
  const result = readYaml(fullText, 'weir.example.yaml');
  assert.ok(result.kind === 'tree');
  return result.tree;
}

test('weir.example.yaml is a configuration that weir check takes without a warning', () => {
  const result = loadConfig({ source: { kind: 'file', path: file }, env: {}, wallClock: () => 0 });
  assert.deepEqual(complaints(result), []);
  assert.deepEqual(result.warnings, []);
});

test('weir.example.yaml passes the schema with its optional keys switched on', () => {
  assert.notEqual(fullText, text);
  const parsed = configSchema.safeParse(toPlain(tree()));
  assert.equal(parsed.error?.message, undefined);
});

for (const path of leaves(configSchema)) {
  const name = formatPath(path);
  test(`weir.example.yaml has ${name}, with a comment and its true default`, () => {
    const line = keyLines(tree(), path)[0];
    assert.ok(line !== undefined, `${name} is missing`);
    const comments: string[] = [];
    for (let above = line - 2; lines[above]?.trim().startsWith('# ') === true; above--) comments.push(lines[above]!.trim());
    assert.ok(comments.length > 0, `${name} (line ${line}) has no comment above it`);
    const fallback = valueAt(minimal, path) === undefined ? valueAt(configSchema.parse(minimal), path) : undefined;
    const stated = /Default: (.*?)(?: \(.*)?$/.exec(comments.find((comment) => comment.includes('Default: ')) ?? '')?.[1];
    if (fallback === undefined) return assert.equal(stated, undefined, `${name} has no default, the comment says ${stated}`);
    assert.deepEqual(parse(stated ?? 'none stated'), fallback);
    if (!shownBySample.has(name)) assert.deepEqual(valueAt(toPlain(tree()), path), fallback);
  });
}

test('weir.example.yaml says the default of pools, which its sample hides', () => {
  assert.match(text, /# [^\n]*Default: \[\]\npools:/);
});

test('README.md shows a smallest configuration that weir check takes', () => {
  const readme = readFileSync(fileURLToPath(new URL('../../../README.md', import.meta.url)), 'utf8');
  const [, block = ''] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
  assert.match(block, /zones:/);
  assert.deepEqual(complaints(loadBody(block)), []);
});
