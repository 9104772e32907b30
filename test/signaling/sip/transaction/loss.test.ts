// Whole transactions between two layers over a bad link: whichever datagram is lost or repeated, the story is the same.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRng } from '../../../../shared/rng.ts';
import type { ServerTransaction } from '../../../../signaling/sip/transaction/transaction.ts';
import { type Fate, PairOfLayers } from './pair-of-layers.ts';
import { lifetime, response } from './stage.ts';

interface Story {
  readonly name: string;
  play(pair: PairOfLayers): void;
  readonly ends: readonly string[];
}

const stories: readonly Story[] = [
  {
    name: 'OPTIONS answered at once',
    play(pair) {
      pair.answer = (server) => server.respond(response(server.request, 200, 'callee'), pair.now);
      pair.call('OPTIONS');
    },
    ends: ['callee: OPTIONS', 'caller: 200'],
  },
  {
    name: 'a slow MESSAGE, kept alive by the 100',
    play(pair) {
      pair.answer = (server) =>
        pair.timers.schedule(pair.now + 9000, (now) => server.respond(response(server.request, 202, 'callee'), now));
      pair.call('MESSAGE');
    },
    ends: ['callee: MESSAGE', 'caller: 202'],
  },
  {
    name: 'INVITE rejected after ringing',
    play(pair) {
      pair.answer = (server) => {
        server.respond(response(server.request, 180, 'callee'), pair.now);
        pair.timers.schedule(pair.now + 3000, (now) => server.respond(response(server.request, 486, 'callee'), now));
      };
      pair.call('INVITE');
    },
    ends: ['callee: INVITE', 'caller: 486'],
  },
  {
    name: 'INVITE accepted after ringing',
    play(pair) {
      pair.answer = (server) => {
        server.respond(response(server.request, 180, 'callee'), pair.now);
        pair.timers.schedule(pair.now + 2000, () => pair.accept(server));
      };
      pair.call('INVITE');
    },
    ends: ['callee: INVITE', 'caller: 200', 'callee: ACK'],
  },
  {
    name: 'INVITE cancelled while ringing',
    play(pair) {
      pair.answer = (server) => ring(pair, server, 180);
      const call = pair.call('INVITE');
      pair.timers.schedule(4000, (now) => call.cancel(now));
    },
    ends: ['callee: INVITE', 'callee: cancelled', 'caller: 487'],
  },
  {
    name: 'INVITE cancelled before the first provisional',
    play(pair) {
      pair.answer = (server) => ring(pair, server, 100);
      pair.call('INVITE').cancel(pair.now);
    },
    ends: ['callee: INVITE', 'callee: cancelled', 'caller: 487'],
  },
];

/** Rings, and after a minute no longer: a CANCEL may never come through. */
function ring(pair: PairOfLayers, server: ServerTransaction, status: number): void {
  server.respond(response(server.request, status, 'callee'), pair.now);
  pair.timers.schedule(pair.now + 60_000, (now) => server.respond(response(server.request, 480, 'callee'), now));
}

function settled(pair: PairOfLayers, note: string): void {
  pair.run(4 * lifetime);
  for (const { counters } of [pair.caller, pair.callee]) {
    assert.equal(counters.serverTransactions, 0, note);
    assert.equal(counters.clientTransactions, 0, note);
  }
  assert.equal(pair.timers.size, 0, note);
}

for (const { name, play, ends } of stories) {
  describe(`TransactionLayer pair: ${name}`, () => {
    test('over a good link', () => {
      const pair = new PairOfLayers();
      play(pair);
      settled(pair, name);
      assert.deepEqual(pair.story, ends);
    });

    test('over TCP', () => {
      const pair = new PairOfLayers({ protocol: 'tcp' });
      play(pair);
      settled(pair, name);
      assert.deepEqual(pair.story, ends);
    });

    for (const fate of ['drop', 'twice'] as const) {
      test(`${fate} the nth datagram, for each n, and each two`, () => {
        for (let n = 1; n <= 12; n++) {
          for (let m = n; m <= 12; m++) {
            const pair = new PairOfLayers({ fate: (nth) => (nth === n || nth === m ? fate : 'deliver') });
            play(pair);
            const note = `${name}, ${fate} ${n} and ${m}`;
            settled(pair, note);
            assert.deepEqual(pair.story, ends, note);
          }
        }
      });
    }

    test('over a link that loses and repeats a third: at most one request up, every end a known one', () => {
      for (let seed = 1; seed <= 200; seed++) {
        const rng = seededRng(seed);
        const fates: readonly Fate[] = ['drop', 'deliver', 'deliver', 'deliver', 'twice', 'drop'];
        const pair = new PairOfLayers({ fate: () => fates[rng.int(fates.length)]! });
        play(pair);
        settled(pair, `${name}, seed ${seed}`);
        const starts = pair.story.filter((line) => /callee: (INVITE|OPTIONS|MESSAGE)/.test(line));
        assert.ok(starts.length <= 1, `seed ${seed}: ${pair.story.join(', ')}`);
        const final = pair.story.filter((line) => /caller: (\d|timeout)/.test(line));
        assert.equal(final.length, 1, `seed ${seed}: ${pair.story.join(', ')}`);
      }
    });
  });
}

describe('TransactionLayer pair, retransmissions that cross the round trip', () => {
  test('a link slower than T1 repeats much and delivers once', () => {
    for (const { name, play, ends } of stories) {
      const pair = new PairOfLayers({ delayMs: 1200 });
      play(pair);
      settled(pair, name);
      assert.deepEqual(pair.story, ends, name);
    }
  });

  test('a callee that is not there: the caller gives up after 64*T1', () => {
    for (const method of ['INVITE', 'OPTIONS']) {
      const pair = new PairOfLayers({ fate: () => 'drop' });
      pair.call(method);
      settled(pair, method);
      assert.deepEqual(pair.story, ['caller: timeout']);
    }
  });

  test('the ACK is lost for good: the callee hears of it after 64*T1', () => {
    const pair = new PairOfLayers({ fate: (_nth, line) => (line === 'ACK' ? 'drop' : 'deliver') });
    pair.answer = (server) => pair.accept(server);
    pair.call('INVITE');
    settled(pair, 'lost ACK');
    assert.deepEqual(pair.story, ['callee: INVITE', 'caller: 200', 'callee: no ACK']);
  });
});
