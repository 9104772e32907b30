import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCSeq, parseCSeq } from '../../../../signaling/sip/message/cseq.ts';
import { formatRAck, parseRAck, parseRSeq, parseSeconds } from '../../../../signaling/sip/message/rack.ts';

test('parseCSeq takes 0 to 2^31-1, leading zeros and any method', () => {
  assert.deepEqual(parseCSeq('0 INVITE'), { sequence: 0, method: 'INVITE' });
  assert.deepEqual(parseCSeq(' 0009 \t invite'), { sequence: 9, method: 'invite' });
  assert.deepEqual(parseCSeq('2147483647 A%42'), { sequence: 2147483647, method: 'A%42' });
  assert.equal(formatCSeq({ sequence: 7, method: 'BYE' }), '7 BYE');
});

for (const text of [
  '',
  '1',
  'INVITE',
  '1INVITE',
  '-1 INVITE',
  '+1 INVITE',
  '1.0 INVITE',
  '2147483648 INVITE',
  '1 IN VITE',
  '1 ',
  '0x1 A',
  `${'9'.repeat(400)} A`,
]) {
  test(`parseCSeq refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.equal(parseCSeq(text), undefined);
  });
}

test('parseRAck reads both numbers and the method', () => {
  assert.deepEqual(parseRAck('776656 1 INVITE'), { rseq: 776656, cseq: { sequence: 1, method: 'INVITE' } });
  assert.equal(formatRAck({ rseq: 5, cseq: { sequence: 2, method: 'INVITE' } }), '5 2 INVITE');
  for (const text of ['', '1', '1 2', '4294967296 1 INVITE', 'a 1 INVITE', '1 a INVITE', '1 4294967296 INVITE'])
    assert.equal(parseRAck(text), undefined, text);
});

test('parseRSeq refuses 0 and numbers above 2^32-1', () => {
  assert.deepEqual(['1', '4294967295', '0', '4294967296', '', 'x'].map(parseRSeq), [
    1,
    4294967295,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('parseSeconds clamps what no timer could hold', () => {
  assert.deepEqual(['0', '3600', `1${'0'.repeat(400)}`, '1e9', 'NaN', '-1', ''].map(parseSeconds), [
    0,
    3600,
    4294967295,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
