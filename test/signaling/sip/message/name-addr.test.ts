import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatNameAddr, parseNameAddr, tagOf, withTag } from '../../../../signaling/sip/message/name-addr.ts';

const good: readonly (readonly [text: string, display: string, uri: string, params: string, formatted: string])[] = [
  ['sip:a@b', '', 'sip:a@b', '', '<sip:a@b>'],
  ['sip:a@b;tag=1;x', '', 'sip:a@b', 'tag,x', '<sip:a@b>;tag=1;x'],
  ['<sip:a@b;lr>;tag=1', '', 'sip:a@b;lr', 'tag', '<sip:a@b;lr>;tag=1'],
  ['Alice <sip:a@b>', 'Alice', 'sip:a@b', '', 'Alice <sip:a@b>'],
  ['Alice<sip:a@b>', 'Alice', 'sip:a@b', '', 'Alice <sip:a@b>'],
  ['  "A \\"B\\" <C>"  <sip:a@b> ; tag = 1', '"A \\"B\\" <C>"', 'sip:a@b', 'tag', '"A \\"B\\" <C>" <sip:a@b>;tag=1'],
  ['"" <sip:a@b>', '""', 'sip:a@b', '', '"" <sip:a@b>'],
  // What RFC 3261 wants in quotes comes without them from real phones; it goes out with them.
  ['Bell, Alexander <sip:a@b>', 'Bell, Alexander', 'sip:a@b', '', '"Bell, Alexander" <sip:a@b>'],
  ['Jos\xc3\xa9 (office) <sip:a@b>', 'Jos\xc3\xa9 (office)', 'sip:a@b', '', '"Jos\xc3\xa9 (office)" <sip:a@b>'],
  ['sip:a@b;p="<x>"', '', 'sip:a@b', 'p', '<sip:a@b>;p="<x>"'],
  ['<tel:+49301>;tag=x', '', 'tel:+49301', 'tag', '<tel:+49301>;tag=x'],
  ['<sip:a@b?X=1>', '', 'sip:a@b?X=1', '', '<sip:a@b?X=1>'],
];

for (const [text, display, uri, params, formatted] of good) {
  test(`parseNameAddr reads ${JSON.stringify(text)}`, () => {
    const value = parseNameAddr(text);
    assert(value !== undefined);
    assert.deepEqual([value.display, value.uri, [...value.params.keys()].join()], [display, uri, params]);
    assert.equal(formatNameAddr(value), formatted);
    assert.deepEqual(formatNameAddr(parseNameAddr(formatted) ?? value), formatted);
  });
}

for (const text of [
  '',
  '*',
  'Alice',
  '"Alice <sip:a@b>',
  '"Alice" sip:a@b',
  '<sip:a@b',
  '<>',
  '< sip:a@b >',
  '<sip:a@b>x',
  '<sip:a@b>,<sip:c@d>',
  'sip:a@b,sip:c@d',
  'sip:a@b?X=1',
  'Foo: bar <sip:a@b>',
  'A"B" <sip:a@b>',
  '<sip:a@b>;tag="x',
]) {
  test(`parseNameAddr refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseNameAddr(text), undefined);
  });
}

test('tagOf and withTag read, set and take away the tag', () => {
  const value = parseNameAddr('<sip:a@b>;x=1;tag=T');
  assert(value !== undefined);
  assert.equal(tagOf(value), 'T');
  assert.equal(formatNameAddr(withTag(value, 'U')), '<sip:a@b>;x=1;tag=U');
  assert.equal(formatNameAddr(withTag(value, undefined)), '<sip:a@b>;x=1');
  assert.equal(tagOf(withTag(value, undefined)), undefined);
});
