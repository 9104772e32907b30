// The INVITE server transaction as a caller sees it: RFC 3261 section 17.2.1, RFC 6026 section 7.1.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { flowOf, lifetime, requestText, Stage, T1, T4, tcp, udp } from './stage.ts';

const invite = requestText('INVITE', { body: 'v=0\r\n' });
const ack = requestText('ACK', { toTag: 'near' });

describe('inviteServer over UDP', () => {
  test('hands a new INVITE up once and sends no 100 of its own', () => {
    const stage = new Stage();
    stage.receive(invite);
    stage.receive(invite);
    stage.run(200);
    assert.deepEqual(stage.told, ['0 request INVITE']);
    assert.deepEqual(stage.take(), []);
    assert.equal(stage.layer.counters.requestRetransmissionsReceived, 1);
  });

  test('answers a repeated INVITE with the last provisional, byte for byte', () => {
    const stage = new Stage();
    stage.receive(invite);
    stage.respond(100);
    stage.respond(180);
    stage.receive(invite);
    assert.deepEqual(
      stage.sent.map(({ message }) => message.kind === 'response' && message.status),
      [100, 180, 180],
    );
    assert.deepEqual(stage.sent[2]!.bytes, stage.sent[1]!.bytes);
  });

  test('retransmits the 486 on timer G, doubling to T2, until timer H ends it', () => {
    const stage = new Stage();
    stage.receive(invite);
    stage.respond(486);
    stage.run(lifetime - 1);
    const at = [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
    assert.deepEqual(
      stage.take(),
      at.map((time) => `${time} 486`),
    );
    assert.equal(stage.layer.counters.serverTransactions, 1);
    stage.run(1);
    assert.equal(stage.layer.counters.serverTransactions, 0);
    assert.equal(stage.layer.counters.missingAcks, 1);
    assert.equal(stage.timers.size, 0);
  });

  test('stops on the ACK, absorbs it and its repetitions, and ends on timer I', () => {
    const stage = new Stage();
    stage.receive(invite);
    stage.respond(486);
    stage.run(600);
    stage.receive(ack);
    stage.take();
    stage.run(T4 - 1);
    stage.receive(ack);
    stage.receive(invite);
    assert.deepEqual(stage.take(), []);
    assert.deepEqual(stage.told, ['0 request INVITE']);
    assert.equal(stage.layer.counters.serverTransactions, 1);
    stage.run(1);
    assert.equal(stage.layer.counters.serverTransactions, 0);
    assert.equal(stage.layer.counters.missingAcks, 0);
    assert.equal(stage.timers.size, 0);
  });

  test('answers an INVITE repeated after the 486 with the 486', () => {
    const stage = new Stage();
    stage.receive(invite);
    stage.respond(486);
    stage.run(100);
    stage.receive(invite);
    assert.deepEqual(stage.take(), ['0 486', '100 486']);
  });

  test('absorbs INVITEs in Accepted, sends no 2xx of its own, hands the ACK up, ends on timer L', () => {
    const stage = new Stage();
    stage.receive(invite);
    stage.respond(200);
    stage.run(T1);
    stage.receive(invite);
    // The same branch: a broken peer, which must not have its ACK swallowed.
    stage.receive(ack);
    stage.run(lifetime - T1 - 1);
    stage.receive(invite);
    assert.deepEqual(stage.take(), ['0 200']);
    assert.deepEqual(stage.told, ['0 request INVITE', '500 ack']);
    assert.equal(stage.layer.counters.serverTransactions, 1);
    stage.run(1);
    assert.equal(stage.layer.counters.serverTransactions, 0);
    assert.equal(stage.timers.size, 0);
  });

  test('passes further 2xx in Accepted, of the same or another branch, and nothing else', () => {
    const stage = new Stage();
    stage.receive(invite);
    stage.respond(200);
    stage.respond(200);
    stage.respond(200, 'other-fork');
    stage.respond(180);
    stage.respond(486);
    assert.deepEqual(stage.take(), ['0 200', '0 200', '0 200']);
    assert.equal(stage.layer.counters.ignoredResponds, 2);
  });

  test('tells 300 from 299', () => {
    const stage = new Stage();
    stage.receive(invite);
    stage.respond(299);
    stage.respond(300);
    stage.receive(requestText('INVITE', { branch: 'z9hG4bKtwo', callId: 'call-2' }));
    stage.respond(300);
    stage.respond(200);
    stage.run(T1);
    assert.deepEqual(stage.take(), ['0 299', '0 300', '500 300']);
  });

  test('ignores and counts whatever comes after a final response or after the end', () => {
    const stage = new Stage();
    stage.receive(invite);
    const { server } = stage;
    stage.respond(486);
    assert.equal(server.answered, true);
    for (const status of [100, 180, 200, 486, 500]) stage.respond(status, 'near', server);
    stage.receive(ack);
    stage.run(lifetime);
    stage.respond(200, 'near', server);
    assert.deepEqual(stage.take(), ['0 486']);
    assert.equal(stage.layer.counters.ignoredResponds, 6);
    assert.equal(stage.timers.size, 0);
  });

  test('drops an ACK that comes before any final response', () => {
    const stage = new Stage();
    stage.receive(invite);
    stage.receive(ack);
    assert.deepEqual(stage.told, ['0 request INVITE']);
    assert.equal(stage.layer.counters.droppedAcks, 1);
    stage.respond(200);
    assert.deepEqual(stage.take(), ['0 200']);
  });

  test('keeps its request readable for the user after the end', () => {
    const stage = new Stage();
    stage.receive(invite);
    const { server } = stage;
    stage.respond(603);
    stage.run(lifetime);
    assert.equal(server.request.callId, 'call-1');
    assert.equal(server.flow, udp);
  });

  test('keeps ringing as long as the user lets it', () => {
    const stage = new Stage();
    stage.receive(invite);
    stage.respond(180);
    stage.run(600_000);
    assert.equal(stage.timers.size, 0);
    stage.receive(invite);
    stage.respond(200);
    assert.deepEqual(stage.take(), ['0 180', '600000 180', '600000 200']);
  });
});

describe('inviteServer over TCP', () => {
  test('sends the 486 once, still waits for the ACK, and has no timer I', () => {
    const stage = new Stage();
    stage.receive(invite, tcp);
    stage.respond(486);
    stage.run(lifetime - 1);
    assert.deepEqual(stage.take(), ['0 486']);
    stage.receive(ack, tcp);
    assert.equal(stage.layer.counters.serverTransactions, 0);
    assert.equal(stage.timers.size, 0);
    assert.deepEqual(stage.told, ['0 request INVITE']);
  });

  test('gives the missing ACK up on timer H', () => {
    const stage = new Stage();
    stage.receive(invite, tcp);
    stage.respond(486);
    stage.run(lifetime);
    assert.equal(stage.layer.counters.missingAcks, 1);
    assert.equal(stage.layer.counters.serverTransactions, 0);
  });

  test('stays in Accepted for 64*T1 as well (RFC 6026)', () => {
    const stage = new Stage();
    stage.receive(invite, tcp);
    stage.respond(200);
    stage.run(lifetime - 1);
    assert.equal(stage.layer.counters.serverTransactions, 1);
    stage.run(1);
    assert.equal(stage.layer.counters.serverTransactions, 0);
  });

  test('answers on the new connection when the client had to open one', () => {
    const stage = new Stage();
    const second = flowOf('tcp', 2);
    stage.receive(invite, tcp);
    stage.respond(180);
    stage.receive(invite, second);
    stage.respond(486);
    assert.deepEqual(
      stage.sent.map(({ flow }) => flow.connection),
      [1, 2, 2],
    );
  });

  test('counts a response the transport could not take, and ends all the same', () => {
    const stage = new Stage();
    stage.receive(invite, tcp);
    stage.result = () => 'gone';
    stage.respond(486);
    stage.run(lifetime);
    assert.equal(stage.layer.counters.transportFailures, 1);
    assert.equal(stage.layer.counters.serverTransactions, 0);
    assert.equal(stage.timers.size, 0);
  });
});
