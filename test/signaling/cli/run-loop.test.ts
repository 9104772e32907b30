import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import test from 'node:test';
import { silentLog } from '../../../shared/log.ts';
import { RunLoop } from '../../../signaling/cli/run-loop.ts';

interface Fixture {
  readonly loop: RunLoop;
  readonly process: EventEmitter;
  readonly calls: string[];
  /** Lets the drain or the close that is under way end. */
  readonly drained: PromiseWithResolvers<void>;
  readonly closed: PromiseWithResolvers<void>;
  run(): Promise<number>;
  /** Sends a signal, a second after the one before. */
  send(signal: string): void;
  /** Sends it right after the one before. */
  echo(signal: string): void;
}

function fixture(): Fixture {
  const calls: string[] = [];
  const [drained, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let now = 0;
  const loop = new RunLoop({ log: silentLog, drainMs: 600_000, now: () => now });
  const process = new EventEmitter();
  loop.listen(process);
  const app = {
    drain(limitMs: number) {
      calls.push(`drain ${limitMs}`);
      return drained.promise;
    },
    close() {
      calls.push('close');
      return closed.promise;
    },
  };
  const reload = async (): Promise<void> => void calls.push('reload');
  return {
    loop,
    process,
    calls,
    drained,
    closed,
    run: () => loop.run(app, { reload }),
    send(signal) {
      now += 1000;
      process.emit(signal);
    },
    echo(signal) {
      now += 10;
      process.emit(signal);
    },
  };
}

/** Lets everything run that is ready to run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('RunLoop drains on SIGTERM, then closes and ends with 0', async () => {
  const { send, calls, drained, closed, run } = fixture();
  const code = run();
  send('SIGTERM');
  await turn();
  assert.deepEqual(calls, ['drain 600000']);
  drained.resolve();
  await turn();
  assert.deepEqual(calls, ['drain 600000', 'close']);
  closed.resolve();
  assert.equal(await code, 0);
});

for (const second of ['SIGTERM', 'SIGINT']) {
  test(`RunLoop closes at once on ${second} while it drains, and only once`, async () => {
    const { send, calls, drained, closed, run } = fixture();
    const code = run();
    send('SIGTERM');
    send(second);
    await turn();
    drained.resolve();
    await turn();
    assert.deepEqual(calls, ['drain 600000', 'close']);
    closed.resolve();
    assert.equal(await code, 0);
  });
}

test('RunLoop closes at once on SIGINT, and does not wait for that on another', async () => {
  const { send, calls, run } = fixture();
  const code = run();
  send('SIGINT');
  await turn();
  assert.deepEqual(calls, ['close']);
  send('SIGINT');
  assert.equal(await code, 1);
});

test('RunLoop drains when its supervisor is gone, and goes on draining', async () => {
  const { send, calls, run } = fixture();
  void run();
  send('disconnect');
  send('disconnect');
  await turn();
  assert.deepEqual(calls, ['drain 600000']);
});

test('RunLoop reloads on SIGHUP, as often as it comes', async () => {
  const { send, calls, run } = fixture();
  void run();
  send('SIGHUP');
  send('SIGHUP');
  await turn();
  assert.deepEqual(calls, ['reload', 'reload']);
});

test('RunLoop keeps a SIGTERM that comes during the start, and gives up the start on the next', async () => {
  const { loop, send, calls, run } = fixture();
  send('SIGTERM');
  send('SIGHUP');
  assert.equal(await Promise.race([loop.abandoned, turn().then(() => 'starting')]), 'starting');
  void run();
  await turn();
  assert.deepEqual(calls, ['drain 600000']);

  const other = fixture();
  other.send('SIGINT');
  other.send('SIGINT');
  assert.equal(await other.loop.abandoned, undefined);
});

test('RunLoop ends with 1 when the close fails', async () => {
  const { send, closed, run } = fixture();
  const code = run();
  send('SIGINT');
  closed.reject(new Error('stuck'));
  assert.equal(await code, 1);
});

test('RunLoop ends with 1 when the close does not end in time', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { send, run } = fixture();
  const code = run();
  send('SIGINT');
  t.mock.timers.tick(15_000);
  assert.equal(await code, 1);
});

test('RunLoop takes a signal that comes twice at once for one', async () => {
  const { calls, drained, closed, run, send, echo } = fixture();
  const code = run();
  send('SIGTERM');
  echo('SIGTERM');
  await turn();
  assert.deepEqual(calls, ['drain 600000']);
  drained.resolve();
  await turn();
  send('SIGINT');
  echo('SIGINT');
  closed.resolve();
  assert.equal(await code, 1);
  const other = fixture();
  const ended = other.run();
  other.send('SIGINT');
  other.echo('SIGINT');
  other.closed.resolve();
  assert.equal(await ended, 0);
});

test('RunLoop ignore takes every listener away', () => {
  const { loop, process } = fixture();
  loop.ignore(process);
  assert.deepEqual(process.eventNames(), []);
});
