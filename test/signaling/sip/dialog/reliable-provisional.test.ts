// Reliable provisionals, both sides: RFC 3262 sections 3 and 4.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRng } from '../../../../shared/rng.ts';
import { TimerQueue } from '../../../../shared/timer-queue.ts';
import { maxQueuedProvisionals } from '../../../../signaling/sip/dialog/limits.ts';
import { type ProvisionalSender, ReliableProvisionals } from '../../../../signaling/sip/dialog/reliable-provisional.ts';
import { ReliableReceiver } from '../../../../signaling/sip/dialog/reliable-receiver.ts';
import { Headers } from '../../../../signaling/sip/message/headers.ts';
import type { RAck } from '../../../../signaling/sip/message/rack.ts';
import { SipRequest } from '../../../../signaling/sip/message/request.ts';
import { SipResponse } from '../../../../signaling/sip/message/response.ts';

const T1 = 500;

class Stage {
  readonly timers = new TimerQueue();
  readonly told: string[] = [];
  readonly sent: SipResponse[] = [];
  readonly provisionals: ReliableProvisionals;
  now = 0;
  readonly server = this.invite(1);

  constructor(seed = 1) {
    this.provisionals = new ReliableProvisionals({
      timers: this.timers,
      rng: seededRng(seed),
      t1Ms: T1,
      unacknowledged: (now) => this.told.push(`${now} unacknowledged`),
    });
  }

  invite(sequence: number): ProvisionalSender & { answered: boolean } {
    const headers = new Headers();
    headers.append('cseq', `${sequence} INVITE`);
    const request = new SipRequest({ method: 'INVITE', uri: 'sip:b', headers });
    const respond = (response: SipResponse, now: number): void => {
      this.told.push(`${now} ${response.status}`);
      this.sent.push(response);
    };
    return { request, answered: false, respond };
  }

  send(status: number, server = this.server): number {
    return this.provisionals.send(new SipResponse({ status, reason: 'X', headers: new Headers() }), server, this.now);
  }

  prack(rseq: number, sequence = 1, method = 'INVITE'): boolean {
    const rack: RAck = { rseq, cseq: { sequence, method } };
    return this.provisionals.acknowledged(rack, this.now);
  }

  run(to: number): this {
    for (let due = this.timers.deadline(); due <= to; due = this.timers.deadline()) {
      this.now = due;
      this.timers.tick(due);
    }
    this.now = to;
    return this;
  }

  take(): string[] {
    return this.told.splice(0);
  }
}

describe('ReliableProvisionals', () => {
  test('puts RSeq and Require: 100rel, RSeq random at first and then one more each', () => {
    const firsts = [1, 2, 3].map((seed) => new Stage(seed).send(183));
    assert.equal(new Set(firsts).size, 3);
    assert.ok(firsts.every((rseq) => rseq >= 1 && rseq < 2 ** 31));
    const stage = new Stage();
    const first = stage.send(183);
    assert.equal(stage.send(180), first + 1);
    assert.equal(stage.sent[0]!.headers.get('rseq'), String(first));
    assert.deepEqual(stage.sent[0]!.headers.list('require'), ['100rel']);
  });

  test('adds to other Require options and does not say 100rel twice', () => {
    for (const [given, made] of [
      ['precondition, 100REL', ['precondition', '100REL']],
      ['precondition', ['precondition', '100rel']],
      ['100rel', ['100rel']],
    ] as const) {
      const stage = new Stage();
      const headers = new Headers();
      headers.append('require', given);
      stage.provisionals.send(new SipResponse({ status: 183, reason: 'X', headers }), stage.server, 0);
      assert.deepEqual(stage.sent[0]!.headers.list('require'), made);
    }
  });

  test('repeats with doubling intervals, without the T2 ceiling, and gives up after 64*T1', () => {
    const stage = new Stage();
    stage.send(183);
    stage.run(100_000);
    assert.deepEqual(stage.take(), [...[0, 500, 1500, 3500, 7500, 15_500, 31_500].map((at) => `${at} 183`), '32000 unacknowledged']);
    assert.equal(stage.timers.size, 0);
    assert.equal(stage.provisionals.outstanding, false);
  });

  test('stops with the PRACK, which counts once', () => {
    const stage = new Stage();
    const rseq = stage.send(183);
    stage.run(600);
    assert.equal(stage.provisionals.outstanding, true);
    assert.equal(stage.prack(rseq), true);
    assert.equal(stage.prack(rseq), false);
    assert.equal(stage.provisionals.outstanding, false);
    stage.run(100_000);
    assert.deepEqual(stage.take(), ['0 183', '500 183']);
    assert.equal(stage.timers.size, 0);
  });

  test('refuses a PRACK with another RSeq, CSeq or method, or when nothing was sent', () => {
    const stage = new Stage();
    assert.equal(stage.prack(1), false);
    const rseq = stage.send(183);
    assert.equal(stage.prack(rseq + 1), false);
    assert.equal(stage.prack(rseq, 2), false);
    assert.equal(stage.prack(rseq, 1, 'UPDATE'), false);
    assert.equal(stage.prack(rseq), true);
  });

  test('sends one at a time: the next goes out with the PRACK of the one before, with its own timers', () => {
    const stage = new Stage();
    const first = stage.send(183);
    const second = stage.send(180);
    stage.run(600);
    assert.equal(stage.prack(second), false);
    assert.equal(stage.prack(first), true);
    stage.run(1200);
    assert.deepEqual(stage.take(), ['0 183', '500 183', '600 180', '1100 180']);
    assert.equal(stage.prack(second), true);
    assert.equal(stage.timers.size, 0);
  });

  test('after the final response repeats nothing and reports nothing, but still knows the PRACK', () => {
    const stage = new Stage();
    const rseq = stage.send(183);
    stage.send(180);
    stage.server.answered = true;
    stage.run(10_000);
    assert.deepEqual(stage.take(), ['0 183']);
    assert.equal(stage.timers.size, 0);
    assert.equal(stage.prack(rseq), true);
    assert.deepEqual(stage.take(), []);
  });

  test('a later INVITE of the dialog does not wait for the PRACK of one that is answered', () => {
    const stage = new Stage();
    stage.send(183);
    stage.server.answered = true;
    const second = stage.invite(2);
    const rseq = stage.send(180, second);
    assert.deepEqual(stage.take(), ['0 183', '0 180']);
    assert.equal(stage.prack(rseq, 2), true);
  });

  test('stop ends everything without a word', () => {
    const stage = new Stage();
    stage.send(183);
    stage.send(180);
    stage.provisionals.stop();
    assert.equal(stage.timers.size, 0);
    stage.run(100_000);
    assert.deepEqual(stage.take(), ['0 183']);
    assert.equal(stage.timers.size, 0);
  });

  test('queues no more than its cap', () => {
    const stage = new Stage();
    const given = Array.from({ length: maxQueuedProvisionals + 2 }, () => stage.send(183));
    assert.ok(given.slice(0, -1).every((rseq) => rseq > 0));
    assert.equal(given.at(-1), 0);
  });
});

test('ReliableReceiver takes what is new and in order, whatever the first number', () => {
  const receiver = new ReliableReceiver();
  const said = [900, 900, 902, 901, 900, 902, 903].map((rseq) => receiver.receive(rseq));
  assert.deepEqual(said, ['new', 'duplicate', 'gap', 'new', 'duplicate', 'new', 'new']);
});
