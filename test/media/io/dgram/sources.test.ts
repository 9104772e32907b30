import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sources } from '../../../../media/io/dgram/sources.ts';

test('Sources parses an address once and keeps it', () => {
  const sources = new Sources(4);
  assert.equal(sources.words('192.0.2.1').a, 0xc0000201);
  assert.equal(sources.words('192.0.2.1'), sources.words('192.0.2.1'));
  assert.equal(sources.size, 1);
});

test('Sources does not grow under a flood of forged addresses', () => {
  const sources = new Sources(100);
  for (let n = 0; n < 1000; n++) assert.equal(sources.words(`10.0.${n >> 8}.${n & 255}`).a, 0x0a000000 + n);
  assert.ok(sources.size <= 100);
});

test('Sources reads link-local and v4-mapped addresses', () => {
  const sources = new Sources(4);
  assert.deepEqual({ ...sources.words('fe80::2%eth0') }, { family: 6, a: 0xfe800000, b: 0, c: 0, d: 2 });
  assert.deepEqual({ ...sources.words('::ffff:192.0.2.1') }, { family: 4, a: 0xc0000201, b: 0, c: 0, d: 0 });
});
