import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantError } from '../../../../shared/assert.ts';
import { Headers } from '../../../../signaling/sip/message/headers.ts';

function headers(...fields: readonly (readonly [name: string, value: string])[]): Headers {
  const result = new Headers();
  for (const [name, value] of fields) result.append(name, value);
  return result;
}

test('Headers finds fields in any spelling', () => {
  const list = headers(['Call-ID', 'a'], ['v', 'one'], ['Via', 'two']);
  assert.equal(list.get('call-id'), 'a');
  assert.equal(list.get('I'), 'a');
  assert.deepEqual(list.getAll('via'), ['one', 'two']);
  assert.equal(list.count('VIA'), 2);
  assert.equal(list.has('contact'), false);
  assert.equal(list.get('contact'), undefined);
  assert.equal(list.size, 3);
});

test('Headers keeps the order of fields in entries', () => {
  const list = headers(['To', 'b'], ['X-Last', '1'], ['From', 'a'], ['x-last', '2']);
  assert.deepEqual(
    [...list.entries()],
    [
      ['to', 'b'],
      ['x-last', '1'],
      ['from', 'a'],
      ['x-last', '2'],
    ],
  );
});

test('Headers.list splits at commas outside quotes and brackets, over all fields', () => {
  const list = headers(['Route', '<sip:a;x=1,2>, "B, C" <sip:b>'], ['Route', ' <sip:c> ,,']);
  assert.deepEqual(list.list('route'), ['<sip:a;x=1,2>', '"B, C" <sip:b>', '<sip:c>']);
  assert.deepEqual(list.list('contact'), []);
});

test('Headers.set replaces all fields of a name at the place of the first', () => {
  const list = headers(['X-A', '1'], ['Route', 'x'], ['X-B', '2'], ['Route', 'y']);
  list.set('route', 'z');
  assert.deepEqual(
    [...list.entries()],
    [
      ['x-a', '1'],
      ['route', 'z'],
      ['x-b', '2'],
    ],
  );
  list.set('c', '3');
  assert.deepEqual([...list.entries()].at(-1), ['content-type', '3']);
});

test('Headers.prepend goes before the first of its name, else on top', () => {
  const list = headers(['X-A', '1'], ['Via', 'x']);
  list.prepend('via', 'y');
  list.prepend('route', 'r');
  assert.deepEqual(
    [...list.entries()].map(([name, value]) => `${name}=${value}`),
    ['route=r', 'x-a=1', 'via=y', 'via=x'],
  );
});

test('Headers.replaceFirst, removeFirst and remove touch only what they name', () => {
  const list = headers(['Via', 'x'], ['Via', 'y'], ['To', 't']);
  list.replaceFirst('via', 'z');
  assert.deepEqual(list.getAll('via'), ['z', 'y']);
  list.removeFirst('via');
  assert.deepEqual(list.getAll('via'), ['y']);
  list.removeFirst('route');
  list.remove('via');
  assert.deepEqual([...list.entries()], [['to', 't']]);
  list.replaceFirst('from', 'f');
  assert.equal(list.get('from'), 'f');
});

test('Headers.clone is independent of its origin', () => {
  const list = headers(['To', 't']);
  const copy = list.clone();
  copy.set('to', 'u');
  copy.append('from', 'f');
  list.remove('to');
  assert.deepEqual([...copy.entries()].length, 2);
  assert.equal(list.size, 0);
});

test('Headers takes line ends and NUL out of values', () => {
  const list = headers(['Subject', 'a\r\nX-Tenant: 1'], ['Reason', '\n\0b\0'], ['Server', 'c\rd']);
  assert.deepEqual(
    [...list.entries()].map(([, value]) => value),
    ['a X-Tenant: 1', 'b', 'c d'],
  );
});

test('Headers refuses names that are no tokens', () => {
  for (const name of ['', 'a b', 'X:Y', 'X\r\nY', 'X\0']) {
    assert.throws(() => new Headers().append(name, 'v'), InvariantError);
    assert.throws(() => new Headers().set(name, 'v'), InvariantError);
  }
});

test('Headers holds property names of objects as names and nothing else', () => {
  const list = headers(['__proto__', 'p'], ['constructor', 'c']);
  assert.equal(list.get('__proto__'), 'p');
  assert.equal(list.get('constructor'), 'c');
  assert.equal(list.get('toString'), undefined);
  assert.equal(list.get('hasOwnProperty'), undefined);
});
