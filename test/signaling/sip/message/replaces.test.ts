import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatReplaces, formatTargetDialog, parseReplaces, parseTargetDialog } from '../../../../signaling/sip/message/replaces.ts';

test('parseReplaces reads tags in any order, early-only and what else there is', () => {
  const value = parseReplaces('425928@bobster.example.org ; from-tag = 6472 ;to-tag=7743;early-only;x=1');
  assert(value !== undefined);
  assert.deepEqual([value.callId, value.toTag, value.fromTag, value.earlyOnly], ['425928@bobster.example.org', '7743', '6472', true]);
  assert.equal(formatReplaces(value), '425928@bobster.example.org;to-tag=7743;from-tag=6472;early-only;x=1');
  assert.equal(formatReplaces({ callId: 'a', toTag: 'b', fromTag: 'c' }), 'a;to-tag=b;from-tag=c');
});

test('parseReplaces refuses what names no dialog', () => {
  for (const text of [
    '',
    'a',
    'a;to-tag=1',
    'a;from-tag=1',
    ';to-tag=1;from-tag=2',
    'a b;to-tag=1;from-tag=2',
    'a;to-tag=;from-tag=2',
    'a;to-tag="1;from-tag=2',
  ]) {
    assert.equal(parseReplaces(text), undefined, text);
  }
});

test('parseTargetDialog sees the dialog as its receiver does', () => {
  const value = parseTargetDialog('fa77@host;local-tag=kkaz-;remote-tag=6544');
  assert.deepEqual([value?.callId, value?.toTag, value?.fromTag], ['fa77@host', 'kkaz-', '6544']);
  assert.equal(formatTargetDialog({ callId: 'a', toTag: 'b', fromTag: 'c' }), 'a;local-tag=b;remote-tag=c');
});
