import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanOpinionScore, ratingOf, scoreOfRating } from '../../shared/emodel.ts';

test('ratingOf gives the default rating of G.107 for G.711 without loss and delay', () => {
  assert.equal(ratingOf({ codec: 'PCMU', loss: 0, oneWayDelayMs: 0 }), 93.2);
});

test('ratingOf subtracts the codec, the loss by its robustness, and the delay', () => {
  // G.107 equation 7-29 by hand: Ie 11, Bpl 19, 2 % loss: 11 + 84 * 2 / 21 = 19.
  assert.equal(ratingOf({ codec: 'G729', loss: 0.02, oneWayDelayMs: 0 }), 93.2 - 19);
  assert.equal(ratingOf({ codec: 'PCMA', loss: 0, oneWayDelayMs: 100 }), 93.2 - 2.4);
  // Beyond 177.3 ms conversation suffers.
  assert.ok(Math.abs((ratingOf({ codec: 'PCMA', loss: 0, oneWayDelayMs: 277.3 }) ?? 0) - (93.2 - 6.6552 - 11)) < 1e-9);
});

test('scoreOfRating follows annex B of G.107', () => {
  for (const [rating, score] of [
    [93.2, 4.41],
    [90, 4.34],
    [80, 4.03],
    [70, 3.6],
    [60, 3.1],
    [50, 2.58],
  ] as const) {
    assert.ok(Math.abs(scoreOfRating(rating) - score) < 0.01, `R ${rating}: ${scoreOfRating(rating)}`);
  }
  assert.deepEqual([scoreOfRating(-5), scoreOfRating(3), scoreOfRating(100), scoreOfRating(150)], [1, 1, 4.5, 4.5]);
});

test('meanOpinionScore stays within 1 and 4.5 whatever the numbers, and falls with loss', () => {
  assert.equal(meanOpinionScore({ codec: 'pcmu', loss: 0, oneWayDelayMs: 0 }), 4.41);
  assert.equal(meanOpinionScore({ codec: 'pcmu', loss: 7, oneWayDelayMs: 1e9 }), 1);
  assert.equal(meanOpinionScore({ codec: 'pcmu', loss: -1, oneWayDelayMs: -1 }), 4.41);
  let before = 5;
  for (const loss of [0, 0.01, 0.05, 0.2, 0.5]) {
    const score = meanOpinionScore({ codec: 'opus', loss, oneWayDelayMs: 50 });
    assert.ok(score < before);
    before = score;
  }
});

test('meanOpinionScore is 0 for what is no known speech codec', () => {
  for (const codec of ['', 'H264', 'telephone-event', '__proto__', 'constructor']) {
    assert.equal(meanOpinionScore({ codec, loss: 0, oneWayDelayMs: 0 }), 0, codec);
  }
});
