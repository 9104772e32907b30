import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unquote } from '../../../../signaling/sip/message/chars.ts';
import { formatParams, paramValue, parseParams, withParam } from '../../../../signaling/sip/message/params.ts';

const table: readonly (readonly [text: string, params: readonly (readonly [string, string | undefined])[] | undefined])[] = [
  ['', []],
  [';lr', [['lr', undefined]]],
  ['lr', [['lr', undefined]]],
  [';Tag=Ab', [['tag', 'Ab']]],
  [
    ' ; a = 1 ;\tb ',
    [
      ['a', '1'],
      ['b', undefined],
    ],
  ],
  [
    ';;a;;b=;',
    [
      ['a', undefined],
      ['b', ''],
    ],
  ],
  [';a=1;A=2', [['a', '1']]],
  [
    ';a="x;y\\"z";b',
    [
      ['a', '"x;y\\"z"'],
      ['b', undefined],
    ],
  ],
  [';received=2001:db8::1', [['received', '2001:db8::1']]],
  [
    ';__proto__=1;constructor',
    [
      ['__proto__', '1'],
      ['constructor', undefined],
    ],
  ],
  [';a="x', undefined],
  [';a=b c', undefined],
  [';a=b"c', undefined],
  [';a=<b>', undefined],
  [';=b', undefined],
  [';a b', undefined],
  [';a=b,c', undefined],
];

for (const [text, expected] of table) {
  test(`parseParams reads ${JSON.stringify(text)}`, () => {
    const params = parseParams(text);
    assert.deepEqual(params === undefined ? undefined : [...params], expected);
    if (params !== undefined) assert.deepEqual(parseParams(formatParams(params)), params);
  });
}

test('withParam sets, replaces and takes away without touching the origin', () => {
  const params = parseParams(';a=1;b') ?? new Map();
  assert.equal(formatParams(withParam(params, 'a', '2')), ';a=2;b');
  assert.equal(formatParams(withParam(params, 'c', undefined)), ';a=1;b;c');
  assert.equal(formatParams(withParam(params, 'b', null)), ';a=1');
  assert.equal(formatParams(params), ';a=1;b');
});

test('paramValue tells a value from an empty or absent one', () => {
  const params = parseParams(';a=1;b;c=') ?? new Map();
  assert.deepEqual(
    ['a', 'b', 'c', 'toString'].map((name) => paramValue(params, name)),
    ['1', undefined, undefined, undefined],
  );
});

test('unquote resolves escapes of quoted strings only', () => {
  assert.equal(unquote('"a\\"b\\\\"'), 'a"b\\');
  assert.equal(unquote('a\\b'), 'a\\b');
  assert.equal(unquote('"'), '"');
});
