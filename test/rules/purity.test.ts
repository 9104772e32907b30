import assert from 'node:assert/strict';
import test from 'node:test';
import { purityFaults } from './purity-rules.ts';
import { readSources, snippets } from './source.ts';

test('pure folders, and all they import at run time, touch nothing outside', () => {
  assert.deepEqual(purityFaults(readSources()), []);
});

const impure: [text: string, expected: string][] = [
  ['export const x = Date.now();', 'uses Date'],
  ['export const x = new Date();', 'uses Date'],
  ['export const x = performance.now();', 'uses performance'],
  ['export const x = Math.random();', 'uses Math.random'],
  ['setTimeout(() => {}, 1);', 'uses setTimeout'],
  ['export const x = process.env;', 'uses process'],
  ['export const x = globalThis.process;', 'uses globalThis'],
  ['export const x = crypto.randomUUID();', 'uses crypto'],
  ["import { readFileSync } from 'node:fs';\nexport const x = readFileSync;", 'imports node:fs'],
  ["import { randomBytes } from 'node:crypto';\nexport const x = randomBytes;", 'imports node:crypto'],
  ['export async function x() {}', 'waits'],
];

test('purityFaults finds every way out, and only in pure folders', () => {
  const parsed = snippets(impure.map(([text]) => ({ 'signaling/sdp/x.ts': text, 'signaling/store/x.ts': text })));
  for (const [index, [, expected]] of impure.entries()) {
    const faults = purityFaults(parsed[index]!);
    assert.equal(faults.length, 1, faults.join('\n'));
    assert.match(faults[0]!, new RegExp(`^signaling/sdp/x\\.ts:1 ${expected}$`));
  }
});

test('purityFaults looks into what pure code imports, not into what it takes types of', () => {
  const files = {
    'signaling/sdp/x.ts':
      "import { a } from '../../shared/a.ts';\nimport type { b } from '../../shared/b.ts';\nexport const x: typeof b = a;",
    'shared/a.ts': "import { c } from './c.ts';\nexport const a = c;",
    'shared/b.ts': 'export const b = Date.now();',
    'shared/c.ts': 'export const c = Date.now();',
  };
  assert.deepEqual(purityFaults(snippets([files])[0]!), ['shared/c.ts:1 uses Date (imported by pure shared/a.ts)']);
});

test('purityFaults takes names for names: members, keys, parameters, types, comments', () => {
  const text = `// Date.now() and process.env
    interface Watch { performance: number; setTimeout(at: number): void; Date?: Date }
    export const f = (process: Watch): object => ({ Date: process.performance, crypto: 'setTimeout' });
    export const g = (watch: Watch): void => watch.setTimeout(Math.max(1, 2));
    export const { performance: p } = { performance: 1 };`;
  assert.deepEqual(purityFaults(snippets([{ 'signaling/sdp/x.ts': text }])[0]!), []);
});

test('purityFaults lets address checks of node:net in, and nothing else of it', () => {
  const taking = (names: string): Record<string, string> => ({
    'signaling/sdp/x.ts': `import { ${names} } from 'node:net';\nexport const x = 1;`,
  });
  const parsed = snippets([taking('isIPv4, isIPv6 as six'), taking('isIPv4, connect')]);
  assert.deepEqual(
    parsed.map((sources) => purityFaults(sources).length),
    [0, 1],
  );
});
