// The non-INVITE server transaction: RFC 3261 section 17.2.2 as corrected by RFC 4320.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lifetime, requestText, Stage, tcp } from './stage.ts';

const options = requestText('OPTIONS');

describe('nonInviteServer over UDP', () => {
  test('absorbs repetitions while the user is silent, repeats the final response until timer J', () => {
    const stage = new Stage();
    stage.receive(options);
    stage.receive(options);
    assert.deepEqual(stage.take(), []);
    stage.respond(200);
    stage.run(lifetime - 1);
    stage.receive(options);
    assert.deepEqual(stage.take(), ['0 200', '31999 200']);
    assert.deepEqual(stage.told, ['0 request OPTIONS']);
    stage.run(1);
    assert.equal(stage.layer.counters.serverTransactions, 0);
    assert.equal(stage.timers.size, 0);
  });

  test('never retransmits a final response unasked', () => {
    const stage = new Stage();
    stage.receive(options);
    stage.respond(401);
    stage.run(lifetime);
    assert.deepEqual(stage.take(), ['0 401']);
  });

  test('says 100 when the client timer E reaches T2, and repeats it when asked', () => {
    const stage = new Stage();
    stage.receive(options);
    stage.run(3499);
    stage.receive(options);
    assert.deepEqual(stage.take(), []);
    stage.run(1);
    stage.run(4000);
    stage.receive(options);
    stage.respond(200);
    assert.deepEqual(stage.take(), ['3500 100', '7500 100', '7500 200']);
  });

  test('says no 100 after a final response', () => {
    const stage = new Stage();
    stage.receive(options);
    stage.run(3000);
    stage.respond(200);
    stage.run(5000);
    assert.deepEqual(stage.take(), ['3000 200']);
  });

  test('lets no provisional pass but a 100, and that one not early', () => {
    const stage = new Stage();
    stage.receive(options);
    stage.respond(100);
    stage.respond(180);
    stage.respond(183);
    assert.deepEqual(stage.take(), []);
    assert.equal(stage.layer.counters.ignoredResponds, 3);
    stage.run(3500);
    stage.respond(100);
    assert.deepEqual(stage.take(), ['3500 100', '3500 100']);
  });

  test('sends no 408 and no late 100, absorbs repetitions, and is done when the client is', () => {
    const stage = new Stage();
    stage.receive(options);
    const { server } = stage;
    stage.respond(408);
    assert.equal(server.answered, true);
    stage.run(5000);
    stage.receive(options);
    stage.respond(200, 'near', server);
    assert.deepEqual(stage.take(), []);
    assert.deepEqual(stage.told, ['0 request OPTIONS']);
    stage.run(lifetime - 5000);
    assert.equal(stage.layer.counters.serverTransactions, 0);
    assert.equal(stage.timers.size, 0);
  });

  test('sends nothing once the client has given up (RFC 4320 section 4.2)', () => {
    const stage = new Stage();
    stage.receive(options);
    const { server } = stage;
    stage.run(lifetime);
    stage.take();
    assert.equal(stage.layer.counters.serverTransactions, 0);
    stage.respond(200, 'near', server);
    assert.deepEqual(stage.take(), []);
    assert.equal(stage.layer.counters.ignoredResponds, 1);
    assert.equal(stage.timers.size, 0);
  });
});

describe('nonInviteServer over TCP', () => {
  test('is gone with its final response: timer J is zero', () => {
    const stage = new Stage();
    stage.receive(options, tcp);
    stage.respond(200);
    assert.equal(stage.layer.counters.serverTransactions, 0);
    assert.equal(stage.timers.size, 0);
    assert.deepEqual(stage.take(), ['0 200']);
  });

  test('may say 100 at any time', () => {
    const stage = new Stage();
    stage.receive(options, tcp);
    stage.respond(100);
    stage.run(10_000);
    stage.respond(200);
    assert.deepEqual(stage.take(), ['0 100', '10000 200']);
  });

  test('says 100 as well when the user is slow', () => {
    const stage = new Stage();
    stage.receive(options, tcp);
    stage.run(4000);
    assert.deepEqual(stage.take(), ['3500 100']);
  });
});
