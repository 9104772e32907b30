import assert from 'node:assert/strict';
import test from 'node:test';
import { type Log, type LogFields, silentLog } from '../../../shared/log.ts';
import { TimerQueue } from '../../../shared/timer-queue.ts';
import { RateLimitedLog } from '../../../signaling/log/rate-limited-log.ts';

function fixture(): { limited: RateLimitedLog; timers: TimerQueue; lines: [string, LogFields, string][] } {
  const lines: [string, LogFields, string][] = [];
  const log: Log = {
    ...silentLog,
    warn: (fields, event) => lines.push(['warn', fields, event]),
    error: (fields, event) => lines.push(['error', fields, event]),
  };
  const timers = new TimerQueue();
  return { limited: new RateLimitedLog({ log, timers }), timers, lines };
}

test('RateLimitedLog tells the first at once and the rest once a second, counted, with the last fields', () => {
  const { limited, timers, lines } = fixture();
  for (let i = 0; i < 1000; i++) limited.warn({ from: i }, 'malformed', i);
  assert.deepEqual(lines, [['warn', { from: 0 }, 'malformed']]);
  timers.tick(1000);
  assert.deepEqual(lines[1], ['warn', { from: 999, count: 999 }, 'malformed']);
  limited.warn({ from: 'x' }, 'malformed', 1500);
  assert.equal(lines.length, 2);
  timers.tick(2000);
  assert.deepEqual(lines[2], ['warn', { from: 'x', count: 1 }, 'malformed']);
});

test('RateLimitedLog starts anew after a quiet second, and leaves no timer behind', () => {
  const { limited, timers, lines } = fixture();
  limited.error({ n: 1 }, 'store-failed', 0);
  timers.tick(1000);
  assert.equal(timers.size, 0);
  limited.error({ n: 2 }, 'store-failed', 1001);
  assert.deepEqual(lines, [
    ['error', { n: 1 }, 'store-failed'],
    ['error', { n: 2 }, 'store-failed'],
  ]);
});

test('RateLimitedLog counts events apart, and a flood of invented names is bounded', () => {
  const { limited, timers, lines } = fixture();
  limited.warn({}, 'a', 0);
  limited.warn({}, 'b', 0);
  assert.equal(lines.length, 2);
  for (let i = 0; i < 10_000; i++) limited.warn({}, `invented-${i}`, 0);
  assert.ok(lines.length <= 200);
  assert.ok(timers.size <= 200);
});
