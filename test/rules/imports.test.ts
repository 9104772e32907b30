import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { directionFaults, packageFaults } from './import-rules.ts';
import { importsOf } from './imports.ts';
import { readSources, root, snippets } from './source.ts';

const sources = readSources();
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

test('imports of the product lead downwards', () => {
  assert.ok(sources.length > 100);
  assert.deepEqual(directionFaults(sources), []);
});

test('imports of the product are dependencies of package.json', () => {
  assert.deepEqual(packageFaults(sources, manifest), []);
});

test('package-lock.json names every optional package, without which npm ci refuses it', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const entries = Object.entries<{ optionalDependencies?: Record<string, string> }>(lock.packages);
  const missing = entries.flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => lock.packages[`node_modules/${name}`] === undefined && lock.packages[`${path}/node_modules/${name}`] === undefined,
    ),
  );
  assert.deepEqual(missing, []);
});

test('importsOf tells types from values, and sees exports and dynamic imports', () => {
  const text = `import type { A } from './a1.ts';
import { type B, type C } from './a2.ts';
import { type D, e } from './a3.ts';
import * as f from 'pino';
import './a4.ts';
export { g } from './a5.ts';
const h = await import('node:fs');
`;
  const [source] = snippets([{ 'a.ts': text }])[0]!;
  const found = importsOf(source!).map(({ where, specifier, typeOnly }) => `${where} ${specifier}${typeOnly ? ' type' : ''}`);
  const expected = ['1 ./a1.ts type', '2 ./a2.ts type', '3 ./a3.ts', '4 pino', '5 ./a4.ts', '6 ./a5.ts', '7 node:fs'];
  assert.deepEqual(
    found,
    expected.map((line) => `a.ts:${line}`),
  );
});

const wrong: [from: string, specifier: string, expected: RegExp][] = [
  ['shared/x.ts', '../media/rtp/y.ts', /shared knows nothing of media/],
  ['media/relay/x.ts', '../../signaling/sdp/y.ts', /media knows nothing of signaling/],
  ['signaling/session/x.ts', '../../media/relay/y.ts', /signaling knows nothing of media/],
  ['signaling/sip/message/x.ts', '../transport/y.ts', /is not above/],
  ['signaling/session/x.ts', '../config/y.ts', /is not above/],
  ['signaling/b2bua/x.ts', '../app.ts', /it is an entry/],
  ['signaling/b2bua/x.ts', '../../test/support/y.ts', /the product lies in/],
  ['signaling/b2bua/x.ts', '../newfolder/y.ts', /has no place in test\/rules\/layers\.ts/],
];

test('directionFaults finds imports that lead upwards, aside or out', () => {
  const parsed = snippets(wrong.map(([from, specifier]) => ({ [from]: `import { y } from '${specifier}';\nexport const x = y;\n` })));
  for (const [index, [from, specifier, expected]] of wrong.entries()) {
    const faults = directionFaults(parsed[index]!);
    assert.equal(faults.length, 1, `${from} ${specifier}`);
    assert.match(faults[0]!, expected);
  }
});

test('directionFaults lets types pass between layers, not between planes', () => {
  const typed = (from: string, specifier: string): Record<string, string> => ({
    [from]: `import type { Y } from '${specifier}';\nexport const x: Y = 1;\n`,
  });
  const parsed = snippets([
    typed('signaling/sip/message/x.ts', '../transport/y.ts'),
    typed('media/relay/x.ts', '../../signaling/sdp/y.ts'),
  ]);
  assert.deepEqual(
    parsed.map((sources) => directionFaults(sources).length),
    [0, 1],
  );
});

test('packageFaults finds a package that only the tests have', () => {
  const text = `import 'fast-check';\nimport '@scope/name/deep.js';\nimport 'known';\nimport 'node:fs';\n`;
  const found = packageFaults(snippets([{ 'shared/x.ts': text, 'test/x.ts': text }])[0]!, { dependencies: { known: '1' } });
  assert.deepEqual(
    found.map((fault) => fault.split(':')[1]),
    ['1 imports fast-check', '2 imports @scope/name/deep.js'],
  );
});
