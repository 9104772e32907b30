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
}

function fixture(): Fixture {
  const calls: string[] = [];
  const [drained, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const loop = new RunLoop({ log: silentLog, drainMs: 600_000 });
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
  return { loop, process, calls, drained, closed, run: () => loop.run(app, { reload }) };
}

/** Lets everything run that is ready to run. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('RunLoop drains on SIGTERM, then closes and ends with 0', async () => {
  const { process, calls, drained, closed, run } = fixture();
  const code = run();
  process.emit('SIGTERM');
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
    const { process, calls, drained, closed, run } = fixture();
    const code = run();
    process.emit('SIGTERM');
    process.emit(second);
    await turn();
    drained.resolve();
    await turn();
    assert.deepEqual(calls, ['drain 600000', 'close']);
    closed.resolve();
    assert.equal(await code, 0);
  });
}

test('RunLoop closes at once on SIGINT, and does not wait for that on another', async () => {
  const { process, calls, run } = fixture();
  const code = run();
  process.emit('SIGINT');
  await turn();
  assert.deepEqual(calls, ['close']);
  process.emit('SIGINT');
  assert.equal(await code, 1);
});

test('RunLoop drains when its supervisor is gone, and goes on draining', async () => {
  const { process, calls, run } = fixture();
  void run();
  process.emit('disconnect');
  process.emit('disconnect');
  await turn();
  assert.deepEqual(calls, ['drain 600000']);
});

test('RunLoop reloads on SIGHUP, as often as it comes', async () => {
  const { process, calls, run } = fixture();
  void run();
  process.emit('SIGHUP');
  process.emit('SIGHUP');
  await turn();
  assert.deepEqual(calls, ['reload', 'reload']);
});

test('RunLoop keeps a SIGTERM that comes during the start, and gives up the start on the next', async () => {
  const { loop, process, calls, run } = fixture();
  process.emit('SIGTERM');
  process.emit('SIGHUP');
  assert.equal(await Promise.race([loop.abandoned, turn().then(() => 'starting')]), 'starting');
  void run();
  await turn();
  assert.deepEqual(calls, ['drain 600000']);

  const other = fixture();
  other.process.emit('SIGINT');
  other.process.emit('SIGINT');
  assert.equal(await other.loop.abandoned, undefined);
});

test('RunLoop ends with 1 when the close fails', async () => {
  const { process, closed, run } = fixture();
  const code = run();
  process.emit('SIGINT');
  closed.reject(new Error('stuck'));
  assert.equal(await code, 1);
});

test('RunLoop ends with 1 when the close does not end in time', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { process, run } = fixture();
  const code = run();
  process.emit('SIGINT');
  t.mock.timers.tick(15_000);
  assert.equal(await code, 1);
});

test('RunLoop ignore takes every listener away', () => {
  const { loop, process } = fixture();
  loop.ignore(process);
  assert.deepEqual(process.eventNames(), []);
});
