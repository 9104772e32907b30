import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstOfList, splitList } from '../../../../signaling/sip/message/list-value.ts';

const table: readonly (readonly [text: string, items: readonly string[]])[] = [
  ['', []],
  ['  \t', []],
  ['a', ['a']],
  [' a , b,c ', ['a', 'b', 'c']],
  [',,a,,', ['a']],
  ['"a,b" <sip:x>,c', ['"a,b" <sip:x>', 'c']],
  ['"a\\",b",c', ['"a\\",b"', 'c']],
  ['<sip:a,b>;q=1,<sip:c>', ['<sip:a,b>;q=1', '<sip:c>']],
  ['a;p="x,y",b', ['a;p="x,y"', 'b']],
  ['"never closed, a', ['"never closed, a']],
  ['<never closed, a', ['<never closed, a']],
  ['a, "\\', ['a', '"\\']],
];

for (const [text, items] of table) {
  test(`splitList cuts ${JSON.stringify(text)} into ${items.length}`, () => {
    assert.deepEqual(splitList(text), items);
    assert.equal(firstOfList(text), items[0] ?? '');
  });
}
