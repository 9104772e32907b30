// The non-INVITE client transaction: RFC 3261 section 17.1.2.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lifetime, Stage, T4, tcp } from './stage.ts';

describe('nonInviteClient over UDP', () => {
  test('retransmits on timer E, doubling to T2, and fails on timer F', () => {
    const stage = new Stage();
    stage.start('REGISTER');
    const first = stage.sent[0]!;
    stage.run(lifetime);
    assert.ok(stage.sent.every(({ bytes }) => bytes.equals(first.bytes)));
    const at = [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
    assert.deepEqual(
      stage.take(),
      at.map((time) => `${time} REGISTER`),
    );
    assert.deepEqual(stage.told, ['32000 failed timeout']);
    assert.equal(stage.timers.size, 0);
  });

  test('goes on at T2 after a provisional, and still fails on timer F', () => {
    const stage = new Stage();
    const { request } = stage.start('BYE');
    stage.run(600);
    stage.answer(request, 100);
    stage.run(lifetime - 600);
    const at = [0, 500, 1500, 5500, 9500, 13500, 17500, 21500, 25500, 29500];
    assert.deepEqual(
      stage.take(),
      at.map((time) => `${time} BYE`),
    );
    assert.deepEqual(stage.told, ['600 response 100', '32000 failed timeout']);
  });

  test('tells a final response once and absorbs repetitions until timer K', () => {
    const stage = new Stage();
    const { request } = stage.start('BYE');
    stage.answer(request, 200);
    stage.run(T4 - 1);
    stage.answer(request, 200);
    assert.deepEqual(stage.told, ['0 response 200']);
    assert.equal(stage.layer.counters.unmatchedResponses, 0);
    stage.run(1);
    assert.equal(stage.layer.counters.clientTransactions, 0);
    assert.equal(stage.timers.size, 0);
    stage.answer(request, 200);
    assert.equal(stage.layer.counters.unmatchedResponses, 1);
    assert.deepEqual(stage.told, ['0 response 200']);
    assert.deepEqual(stage.take(), ['0 BYE']);
  });

  test('of an abandoned request: no callbacks, but it goes on until it arrives', () => {
    const stage = new Stage();
    const bye = stage.start('BYE');
    bye.abandon();
    stage.run(600);
    stage.answer(bye.request, 200);
    stage.run(lifetime);
    assert.deepEqual(stage.take(), ['0 BYE', '500 BYE']);
    assert.deepEqual(stage.told, []);
  });
});

describe('nonInviteClient over TCP', () => {
  test('sends once; timer K is zero', () => {
    const stage = new Stage();
    const { request } = stage.start('BYE', tcp);
    stage.run(5000);
    stage.answer(request, 200);
    stage.run(0);
    assert.deepEqual(stage.take(), ['0 BYE']);
    assert.equal(stage.layer.counters.clientTransactions, 0);
    assert.equal(stage.timers.size, 0);
  });

  test('fails on timer F', () => {
    const stage = new Stage();
    stage.start('BYE', tcp);
    stage.run(lifetime);
    assert.deepEqual(stage.told, ['32000 failed timeout']);
  });
});
