import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attribute, attributeName, attributes, attributeValue, hasAttribute, lineValue } from '../../../signaling/sdp/document.ts';

const lines = [
  { type: 'm', value: 'audio 1 RTP/AVP 0' },
  { type: 'c', value: 'IN IP4 192.0.2.1' },
  { type: 'c', value: 'IN IP4 192.0.2.2' },
  { type: 'b', value: 'rtcp:1' },
  { type: 'a', value: 'rtcp-mux' },
  { type: 'a', value: 'rtcp:7' },
  { type: 'a', value: 'rtcp:8 IN IP4 192.0.2.1' },
  { type: 'a', value: '__proto__:x' },
];

test('lineValue gives the first line of a type', () => {
  assert.equal(lineValue(lines, 'c'), 'IN IP4 192.0.2.1');
  assert.equal(lineValue(lines, 'k'), undefined);
});

test('attribute looks for the whole name in a= lines only', () => {
  assert.equal(attribute(lines, 'rtcp'), '7');
  assert.equal(attribute(lines, 'rtcp-mux'), '');
  assert.equal(attribute(lines, 'rtc'), undefined);
  assert.equal(attribute(lines, 'Rtcp'), undefined);
  assert.equal(attribute(lines, '__proto__'), 'x');
  assert.equal(attribute(lines, 'constructor'), undefined);
});

test('attributes gives all values in order', () => assert.deepEqual(attributes(lines, 'rtcp'), ['7', '8 IN IP4 192.0.2.1']));

test('hasAttribute finds flags', () => {
  assert.equal(hasAttribute(lines, 'rtcp-mux'), true);
  assert.equal(hasAttribute(lines, 'mux'), false);
});

test('attributeName and attributeValue split at the first colon', () => {
  assert.deepEqual(['a', 'a:', 'a:b:c', ':b'].map(attributeName), ['a', 'a', 'a', '']);
  assert.deepEqual(['a', 'a:', 'a:b:c', ':b'].map(attributeValue), ['', '', 'b:c', 'b']);
});
