// Timer values on another T1 than the default, and the guard of the machines.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { InvariantError } from '../../../../shared/assert.ts';
import { guard } from '../../../../signaling/sip/transaction/machine.ts';
import { timingOf } from '../../../../signaling/sip/transaction/timing.ts';
import { requestText, Stage } from './stage.ts';

test('timingOf derives all from T1', () => {
  assert.deepEqual(timingOf(500), { t1Ms: 500, t2Ms: 4000, t4Ms: 5000, lifetimeMs: 32_000, timerDMs: 32_000, tryingMs: 3500 });
  assert.deepEqual(timingOf(1000), { t1Ms: 1000, t2Ms: 4000, t4Ms: 5000, lifetimeMs: 64_000, timerDMs: 64_000, tryingMs: 3000 });
  assert.deepEqual(timingOf(100), { t1Ms: 100, t2Ms: 4000, t4Ms: 5000, lifetimeMs: 6400, timerDMs: 32_000, tryingMs: 6300 });
  assert.equal(timingOf(5000).t2Ms, 5000);
});

test('guard lets only the named transitions pass', () => {
  const table = { open: ['shut'], shut: [] } as const;
  assert.equal(guard<'open' | 'shut'>(table, 'open', 'shut'), 'shut');
  assert.throws(() => guard<'open' | 'shut'>(table, 'shut', 'open'), InvariantError);
});

/** Each ends 6400 ms after its start when T1 is 100 ms. */
const ends: readonly (readonly [timer: string, play: (stage: Stage) => void])[] = [
  ['B', (stage) => void stage.start('INVITE')],
  ['F', (stage) => void stage.start('OPTIONS')],
  ['M', (stage) => stage.answer(stage.start('INVITE').request, 200)],
  [
    'after CANCEL',
    (stage) => {
      const call = stage.start('INVITE');
      stage.answer(call.request, 180);
      call.cancel(stage.now);
    },
  ],
  [
    'H',
    (stage) => {
      stage.receive(requestText('INVITE'));
      stage.respond(486);
    },
  ],
  [
    'L',
    (stage) => {
      stage.receive(requestText('INVITE'));
      stage.respond(200);
    },
  ],
  [
    'J',
    (stage) => {
      stage.receive(requestText('OPTIONS'));
      stage.respond(200);
    },
  ],
  ['of a request the user forgot', (stage) => stage.receive(requestText('OPTIONS'))],
];

describe('TransactionLayer with T1 = 100 ms', () => {
  for (const [timer, play] of ends) {
    test(`timer ${timer} is 64*T1`, () => {
      const stage = new Stage({ t1Ms: 100 });
      const alive = (): number => stage.layer.counters.clientTransactions + stage.layer.counters.serverTransactions;
      play(stage);
      stage.run(6399);
      assert.ok(alive() > 0);
      stage.run(1);
      assert.equal(alive(), 0);
      assert.equal(stage.timers.size, 0);
    });
  }
});
