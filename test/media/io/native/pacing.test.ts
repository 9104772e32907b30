import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pacing } from '../../../../media/io/native/pacing.ts';

test('Pacing has the first turn at once and the next when its wait is over', () => {
  const pacing = new Pacing();
  assert.equal(pacing.isDue(1000), true);
  pacing.turned(1000, 40);
  assert.equal(pacing.isDue(1039), false);
  assert.equal(pacing.waitMs(1010), 30);
  assert.equal(pacing.isDue(1040), true);
  assert.equal(pacing.waitMs(1050), 0);
});

test('Pacing never waits longer than 100 ms, whatever the turn returns', () => {
  const pacing = new Pacing();
  for (const wait of [1e9, Number.POSITIVE_INFINITY, Number.NaN]) {
    pacing.turned(0, wait);
    assert.equal(pacing.waitMs(0), 100, String(wait));
  }
  for (const wait of [0, -5, Number.NEGATIVE_INFINITY]) {
    pacing.turned(0, wait);
    assert.equal(pacing.waitMs(0), 0, String(wait));
  }
});

test('Pacing has a turn within a millisecond of packets, and no more than one a millisecond', () => {
  const pacing = new Pacing();
  pacing.turned(1000, 100);
  pacing.handled();
  assert.equal(pacing.isDue(1000.4), false);
  assert.ok(Math.abs(pacing.waitMs(1000.4) - 0.6) < 1e-9);
  assert.equal(pacing.isDue(1001), true);
  pacing.turned(1001, 100);
  assert.equal(pacing.isDue(1002), false, 'no packets since');
});

test('Pacing has a turn at once when woken', () => {
  const pacing = new Pacing();
  pacing.turned(1000, 100);
  pacing.woken();
  assert.equal(pacing.isDue(1000.1), true);
});
