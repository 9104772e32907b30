import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { headFaults, lengthFaults, nameFaults, type TextFile, wordFaults } from './file-rules.ts';
import { root } from './source.ts';

const folders = ['shared', 'media', 'signaling', 'test', 'deploy'];
const files = [...folders, '.ci'].flatMap(filesBelow).concat(
  readdirSync(root)
    .filter((name) => isText(name))
    .map(read),
);

function isText(name: string): boolean {
  return /\.(ts|js|json|md|yaml|yml|sh|service|xml|html|css)$|^(Dockerfile|run)$/.test(name);
}

function read(path: string): TextFile {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

function filesBelow(folder: string): TextFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'fixtures' ? [] : filesBelow(path);
    return isText(entry.name) ? [read(path)] : [];
  });
}

test('files of code have 400 lines at most', () => {
  assert.ok(files.length > 100);
  assert.deepEqual(lengthFaults(files), []);
});

test('files and folders are named in kebab-case', () => {
  assert.deepEqual(nameFaults(files), []);
});

test('files of code begin with a comment that says what they are', () => {
  assert.deepEqual(headFaults(files), []);
});

test('files put nothing off and name no place of one machine', () => {
  assert.deepEqual(wordFaults(files), []);
});

for (const folder of folders) {
  test(`${folder} has a README.md`, () => {
    assert.ok(existsSync(join(root, folder, 'README.md')));
  });
}

test('lengthFaults, nameFaults and headFaults bite', () => {
  const long = { path: 'signaling/x.ts', text: '// x\n'.repeat(401) };
  assert.deepEqual(lengthFaults([long, { path: 'signaling/y.ts', text: '// y\n'.repeat(400) }]), [
    'signaling/x.ts:401 has 401 lines, allowed: 400',
  ]);
  const named = [
    'signaling/fooBar.ts',
    'signaling/Foo/bar.ts',
    'signaling/foo_bar.ts',
    'signaling/foo-bar.ts',
    'test/a/foo-2.test.ts',
    'shared/x.d.ts',
    'README.md',
  ];
  assert.equal(nameFaults(named.map((path) => ({ path, text: '' }))).length, 3);
  const heads = ['import x', '// What it is', '#!/usr/bin/env node\n// What it is', ''].map((text) => ({ path: 'signaling/x.ts', text }));
  assert.equal(headFaults(heads).length, 2);
});

test('wordFaults finds words and places, with their lines', () => {
  const text = ['fine', `// TO${'DO'}: later`, `see /wo${'rk'}/shared/x`, `/tmp/we${'ir'}/y`, 'weir.yaml', `/tmp/we${'ir'}-demo`].join(
    '\n',
  );
  assert.deepEqual(
    wordFaults([{ path: 'a.md', text }]).map((fault) => fault.split(' ')[0]),
    ['a.md:2', 'a.md:3', 'a.md:4'],
  );
});
