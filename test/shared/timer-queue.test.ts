import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Timer, TimerQueue } from '../../shared/timer-queue.ts';

test('TimerQueue fires what is due, in order of time, with the time of the tick', () => {
  const queue = new TimerQueue();
  const fired: [string, number][] = [];
  queue.schedule(30, (now) => fired.push(['late', now]));
  queue.schedule(10, (now) => fired.push(['early', now]));
  assert.equal(queue.deadline(), 10);
  queue.tick(9);
  assert.deepEqual(fired, []);
  queue.tick(25);
  queue.tick(40);
  assert.deepEqual(fired, [
    ['early', 25],
    ['late', 40],
  ]);
  assert.equal(queue.deadline(), Number.POSITIVE_INFINITY);
});

test('TimerQueue lets a timer schedule and cancel others while it fires', () => {
  const queue = new TimerQueue();
  const fired: string[] = [];
  const victim = queue.schedule(10, () => fired.push('victim'));
  queue.schedule(5, (now) => {
    queue.cancel(victim);
    queue.schedule(now, () => fired.push('added'));
  });
  queue.tick(10);
  assert.deepEqual(fired, ['added']);
  assert.equal(queue.size, 0);
});

test('TimerQueue takes NaN and Infinity for never, and cancelling twice or after firing for nothing', () => {
  const queue = new TimerQueue();
  const odd = [queue.schedule(Number.NaN, () => assert.fail()), queue.schedule(Number.POSITIVE_INFINITY, () => assert.fail())];
  const fired = queue.schedule(1, () => {});
  queue.tick(1e9);
  for (const timer of [...odd, fired, fired, undefined]) queue.cancel(timer);
  assert.equal(queue.size, 0);
});

test('TimerQueue against a plain sorted list, with any mix of scheduling, cancelling and ticking', () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('schedule' as const), at: fc.integer({ min: 0, max: 1000 }) }),
    fc.record({ kind: fc.constant('cancel' as const), index: fc.nat(400) }),
    fc.record({ kind: fc.constant('tick' as const), by: fc.integer({ min: 0, max: 100 }) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 400 }), (actions) => {
      const queue = new TimerQueue();
      const timers: Timer[] = [];
      const waiting: Map<number, number> = new Map();
      const fired: number[] = [];
      let now = 0;
      for (const step of actions) {
        if (step.kind === 'schedule') {
          const id = timers.length;
          waiting.set(id, step.at);
          timers.push(queue.schedule(step.at, () => fired.push(id)));
        } else if (step.kind === 'cancel') {
          queue.cancel(timers[step.index]);
          waiting.delete(step.index);
        } else {
          now += step.by;
          const before = fired.length;
          queue.tick(now);
          const due = [...waiting].filter(([, at]) => at <= now).sort((a, b) => a[1] - b[1]);
          assert.deepEqual(new Set(fired.slice(before)), new Set(due.map(([id]) => id)));
          assert.deepEqual(
            fired.slice(before).map((id) => waiting.get(id)),
            due.map(([, at]) => at),
          );
          for (const [id] of due) waiting.delete(id);
        }
        assert.equal(queue.size, waiting.size);
      }
    }),
    { seed: 4, numRuns: 300 },
  );
});
