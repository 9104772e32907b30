import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRng } from '../../../../shared/rng.ts';
import type { SrvRecord } from '../../../../signaling/sip/resolve/dns-lookup.ts';
import { orderSrv } from '../../../../signaling/sip/resolve/srv-order.ts';

function record(target: string, priority: number, weight: number): SrvRecord {
  return { target, priority, weight, port: 5060 };
}

test('orderSrv draws the first of a priority by weight', () => {
  const rng = seededRng(42);
  const records = [record('a', 1, 60), record('b', 1, 30), record('c', 1, 10), record('z', 1, 0), record('later', 2, 65_535)];
  const first = new Map<string, number>();
  const rounds = 10_000;
  for (let i = 0; i < rounds; i++) {
    const order = orderSrv(records, rng).map((one) => one.target);
    assert.equal(order.length, 5);
    assert.equal(order[4], 'later');
    first.set(order[0]!, (first.get(order[0]!) ?? 0) + 1);
  }
  const share = (target: string) => (first.get(target) ?? 0) / rounds;
  assert.ok(Math.abs(share('a') - 0.6) < 0.03, `a: ${share('a')}`);
  assert.ok(Math.abs(share('b') - 0.3) < 0.03, `b: ${share('b')}`);
  assert.ok(Math.abs(share('c') - 0.1) < 0.02, `c: ${share('c')}`);
  // RFC 2782: weight 0 has a very small chance, not none.
  assert.ok(share('z') > 0 && share('z') < 0.03, `z: ${share('z')}`);
});

test('orderSrv spreads equal weights, also when all are 0', () => {
  for (const weight of [0, 5]) {
    const rng = seededRng(3);
    const records = ['a', 'b', 'c'].map((target) => record(target, 1, weight));
    const firsts = new Set(Array.from({ length: 200 }, () => orderSrv(records, rng)[0]!.target));
    assert.deepEqual([...firsts].sort(), ['a', 'b', 'c'], `weight ${weight}`);
  }
});

test('orderSrv of nothing and of one', () => {
  assert.deepEqual(orderSrv([], seededRng(1)), []);
  assert.equal(orderSrv([record('a', 1, 1)], seededRng(1)).length, 1);
});
