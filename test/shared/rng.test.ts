import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRng, systemRng } from '../../shared/rng.ts';

test('tokens have the length asked for and only characters that are safe in SIP tokens', () => {
  for (const rng of [systemRng(), seededRng(1)]) {
    for (const length of [1, 16, 24, 5000]) assert.match(rng.token(length), new RegExp(`^[A-Za-z0-9_-]{${length}}$`));
  }
});

test('int stays below its bound and reaches every value', () => {
  const rng = seededRng(7);
  const seen = new Set(Array.from({ length: 2000 }, () => rng.int(10)));
  assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(rng.int(1), 0);
});

test('the system generator does not repeat itself, a seeded one does', () => {
  const tokens = new Set(Array.from({ length: 10_000 }, () => systemRng().token(16)));
  assert.equal(tokens.size, 10_000);
  assert.equal(seededRng(3).token(64), seededRng(3).token(64));
});
