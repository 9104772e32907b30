import assert from 'node:assert/strict';
import test from 'node:test';
import { silentLog } from '../../../shared/log.ts';
import { TimerQueue } from '../../../shared/timer-queue.ts';
import { type ChildEnd, Supervisor } from '../../../signaling/cli/supervisor.ts';

interface Fixture {
  readonly supervisor: Supervisor;
  readonly happened: string[];
  pass(ms: number): void;
  die(end: Partial<ChildEnd>): void;
}

function fixture(): Fixture {
  const timers = new TimerQueue();
  const happened: string[] = [];
  let now = 0;
  let ended: (end: ChildEnd) => void = () => {};
  const supervisor = new Supervisor({
    log: silentLog,
    spawn(callback) {
      happened.push(`start at ${now}`);
      ended = callback;
      return { pid: 1, kill: (signal) => happened.push(signal) };
    },
    after(ms, callback) {
      const timer = timers.schedule(now + ms, callback);
      return () => timers.cancel(timer);
    },
    now: () => now,
    ended: (code) => happened.push(`exit ${code}`),
  });
  supervisor.start();
  return {
    supervisor,
    happened,
    pass(ms) {
      now += ms;
      timers.tick(now);
    },
    die: (end) => ended({ code: null, signal: null, ...end }),
  };
}

test('Supervisor starts a crashed child again, each time after twice the pause, up to 30 s', () => {
  const { happened, pass, die } = fixture();
  for (const pause of [1, 2, 4, 8, 16, 30, 30]) {
    die({ signal: 'SIGSEGV' });
    pass(pause * 1000 - 1);
    const before = happened.length;
    pass(1);
    assert.equal(happened.length, before + 1, `after ${pause} s`);
  }
  assert.ok(happened.every((line) => line.startsWith('start')));
});

test('Supervisor starts over with 1 s after the child lived for a minute', () => {
  const { happened, pass, die } = fixture();
  for (let i = 0; i < 4; i++) {
    die({ code: 1 });
    pass(30_000);
  }
  pass(60_000);
  const before = happened.length;
  die({ code: 1 });
  pass(1000);
  assert.equal(happened.length, before + 1);
});

for (const [code, meaning] of [
  [0, 'it ended by itself'],
  [78, 'its configuration is wrong'],
] as const) {
  test(`Supervisor ends with ${code} when the child does, because ${meaning}`, () => {
    const { happened, pass, die } = fixture();
    die({ code });
    pass(60_000);
    assert.deepEqual(happened, ['start at 0', `exit ${code}`]);
  });
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`Supervisor passes ${signal} on and ends with the child`, () => {
    const { supervisor, happened, die } = fixture();
    supervisor.signal(signal);
    supervisor.signal(signal);
    die({ code: 0 });
    assert.deepEqual(happened, ['start at 0', signal, signal, 'exit 0']);
  });
}

test('Supervisor does not start a child again that crashed on its way out', () => {
  const { supervisor, happened, pass, die } = fixture();
  supervisor.signal('SIGTERM');
  die({ signal: 'SIGKILL' });
  pass(60_000);
  assert.deepEqual(happened, ['start at 0', 'SIGTERM', 'exit 1']);
});

test('Supervisor passes SIGHUP on and keeps watching', () => {
  const { supervisor, happened, pass, die } = fixture();
  supervisor.signal('SIGHUP');
  die({ code: 1 });
  pass(1000);
  assert.deepEqual(happened, ['start at 0', 'SIGHUP', 'start at 1000']);
});

test('Supervisor ends at once on SIGTERM while no child lives, and SIGHUP does nothing then', () => {
  const { supervisor, happened, pass, die } = fixture();
  die({ code: 1 });
  supervisor.signal('SIGHUP');
  supervisor.signal('SIGTERM');
  pass(60_000);
  assert.deepEqual(happened, ['start at 0', 'exit 0']);
});
