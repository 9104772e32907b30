import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAddress, parseAddress } from '../../../media/io/address.ts';

const table: readonly (readonly [text: string, words: readonly number[], canonical: string])[] = [
  ['0.0.0.0', [4, 0, 0, 0, 0], '0.0.0.0'],
  ['255.255.255.254', [4, 0xfffffffe, 0, 0, 0], '255.255.255.254'],
  ['::', [6, 0, 0, 0, 0], '::'],
  ['::1', [6, 0, 0, 0, 1], '::1'],
  ['2001:DB8:0:0:1:0:0:1', [6, 0x20010db8, 0, 0x10000, 1], '2001:db8::1:0:0:1'],
  ['fe80::', [6, 0xfe800000, 0, 0, 0], 'fe80::'],
  ['1:2:3:4:5:6:7:8', [6, 0x10002, 0x30004, 0x50006, 0x70008], '1:2:3:4:5:6:7:8'],
  ['1:0:3:4:5:6:7:8', [6, 0x10000, 0x30004, 0x50006, 0x70008], '1:0:3:4:5:6:7:8'],
  ['64:ff9b::192.0.2.33', [6, 0x0064ff9b, 0, 0, 0xc0000221], '64:ff9b::c000:221'],
  ['::ffff:192.0.2.33', [4, 0xc0000221, 0, 0, 0], '192.0.2.33'],
  ['::ffff:c000:221', [4, 0xc0000221, 0, 0, 0], '192.0.2.33'],
];

test('parseAddress and formatAddress agree on the table', () => {
  for (const [text, words, canonical] of table) {
    const parsed = parseAddress(text);
    assert.ok(parsed !== undefined, text);
    assert.deepEqual([parsed.family, parsed.a, parsed.b, parsed.c, parsed.d], words, text);
    assert.equal(formatAddress(parsed), canonical);
  }
});

test('parseAddress takes literal addresses only', () => {
  for (const text of [
    '',
    'localhost',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.1.1.1',
    '1::2::3',
    ':',
    '::g',
    'fe80::1%eth0',
    '[::1]',
    ' ::1',
    '1.2.3.4 ',
  ]) {
    assert.equal(parseAddress(text), undefined, text);
  }
});

test('formatAddress is read back to the same words', () => {
  const word = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffffffff }), fc.constantFrom(1, 0x10000, 0xffff, 0xffff0000));
  fc.assert(
    fc.property(word, word, word, word, (a, b, c, d) => {
      const address =
        a === 0 && b === 0 && c === 0xffff ? { family: 4 as const, a: d, b: 0, c: 0, d: 0 } : { family: 6 as const, a, b, c, d };
      assert.deepEqual(parseAddress(formatAddress(address)), address);
      const v4 = { family: 4 as const, a, b: 0, c: 0, d: 0 };
      assert.deepEqual(parseAddress(formatAddress(v4)), v4);
    }),
    { seed: 7, numRuns: 500 },
  );
});
