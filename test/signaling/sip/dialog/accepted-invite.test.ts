// The repetition of a 2xx until its ACK: RFC 3261 section 13.3.1.4.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TimerQueue } from '../../../../shared/timer-queue.ts';
import { AcceptedInvite } from '../../../../signaling/sip/dialog/accepted-invite.ts';

const T1 = 500;

function stage(t1Ms = T1): { timers: TimerQueue; told: string[]; accepted: AcceptedInvite; run(to: number): void } {
  const timers = new TimerQueue();
  const told: string[] = [];
  const accepted = new AcceptedInvite({
    timers,
    t1Ms,
    send: (now) => told.push(`${now} 200`),
    unacknowledged: (now) => told.push(`${now} unacknowledged`),
  });
  const run = (to: number): void => {
    for (let due = timers.deadline(); due <= to; due = timers.deadline()) timers.tick(due);
  };
  return { timers, told, accepted, run };
}

describe('AcceptedInvite', () => {
  test('sends at once, then after T1 doubling to T2, and gives up after 64*T1', () => {
    const { accepted, told, timers, run } = stage();
    accepted.start(0);
    run(100_000);
    const at = [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
    assert.deepEqual(told, [...at.map((time) => `${time} 200`), '32000 unacknowledged']);
    assert.equal(accepted.pending, false);
    assert.equal(timers.size, 0);
  });

  test('gives up after 64*T1 with another T1', () => {
    const { accepted, told, run } = stage(100);
    accepted.start(0);
    run(100_000);
    assert.equal(told.at(-1), '6400 unacknowledged');
  });

  test('stops with the first ACK, and tells it from the later ones', () => {
    const { accepted, told, timers, run } = stage();
    accepted.start(0);
    run(1500);
    assert.equal(accepted.pending, true);
    assert.equal(accepted.acknowledged(), true);
    assert.equal(accepted.acknowledged(), false);
    run(100_000);
    assert.deepEqual(told, ['0 200', '500 200', '1500 200']);
    assert.equal(timers.size, 0);
  });

  test('stop ends it without a word; start after it, or twice, does nothing', () => {
    const { accepted, told, timers, run } = stage();
    accepted.start(0);
    accepted.start(0);
    accepted.stop();
    accepted.start(0);
    run(100_000);
    assert.deepEqual(told, ['0 200']);
    assert.equal(timers.size, 0);
  });

  test('whenDone waits for the ACK, the end of the wait or the stop, and calls at once afterwards', () => {
    for (const end of ['ack', 'timeout', 'stop'] as const) {
      const { accepted, told, run } = stage();
      accepted.start(0);
      accepted.whenDone(() => told.push('done'));
      assert.ok(!told.includes('done'));
      if (end === 'ack') accepted.acknowledged();
      else if (end === 'stop') accepted.stop();
      else run(32_000);
      accepted.whenDone(() => told.push('done'));
      assert.equal(told.filter((line) => line === 'done').length, 2, end);
    }
  });
});
