import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRetryAfter } from '../../../../signaling/sip/message/retry-after.ts';
import { formatSessionExpires, parseMinSe, parseSessionExpires } from '../../../../signaling/sip/message/session-expires.ts';

test('parseSessionExpires reads the interval and the refresher', () => {
  assert.deepEqual(parseSessionExpires('1800'), { seconds: 1800 });
  assert.deepEqual(parseSessionExpires(' 90 ; Refresher=UAS;x'), { seconds: 90, refresher: 'uas' });
  assert.deepEqual(parseSessionExpires('4000;refresher=proxy'), { seconds: 4000 });
  assert.deepEqual(parseSessionExpires('99999999999999999999'), { seconds: 4294967295 });
  for (const text of ['', '-1', 'x', '1800 x', '1800;a="']) assert.equal(parseSessionExpires(text), undefined, text);
  assert.equal(formatSessionExpires({ seconds: 90, refresher: 'uac' }), '90;refresher=uac');
  assert.equal(formatSessionExpires({ seconds: 90 }), '90');
});

test('parseMinSe reads seconds', () => {
  assert.deepEqual(['90', '90;x=1', 'x'].map(parseMinSe), [90, 90, undefined]);
});

test('parseRetryAfter passes over comment and parameters', () => {
  assert.deepEqual(
    ['18000;duration=3600', '120 (I am in a (long) meeting)', '5 (a) ;x', '9'.repeat(30), '5 (open', '(x)'].map(parseRetryAfter),
    [18000, 120, 5, 4294967295, 5, undefined],
  );
});
