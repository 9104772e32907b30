// The layer's way out: matching of responses, failures of the transport, the size rule of RFC 3261 section 18.1.1.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RefusedStreams } from '../../../../signaling/sip/transaction/size-rule.ts';
import type { Flow } from '../../../../signaling/sip/transport/flow.ts';
import { flowOf, lifetime, outline, response, Stage, T1, tcp, udp } from './stage.ts';

const bulk = `X-Bulk: ${'x'.repeat(1300)}\r\n`;

describe('TransactionLayer matching of responses', () => {
  test('wants branch and CSeq method, and counts what it drops', () => {
    const stage = new Stage();
    const { request } = stage.start('OPTIONS');
    const wrongMethod = response(request, 200, 'far');
    wrongMethod.headers.set('cseq', '1 REGISTER');
    const wrongBranch = response(request, 200, 'far');
    wrongBranch.headers.set('via', 'SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKguessed');
    const noBranch = response(request, 404, 'far');
    noBranch.headers.set('via', 'SIP/2.0/UDP 198.51.100.1:5060');
    for (const message of [wrongMethod, wrongBranch, noBranch]) stage.layer.receive(message, udp, stage.now);
    assert.deepEqual(stage.told, []);
    assert.equal(stage.layer.counters.unmatchedResponses, 3);
    stage.answer(request, 200);
    assert.deepEqual(stage.told, ['0 response 200']);
  });

  test('takes a response from another address when the branch is right', () => {
    const stage = new Stage();
    const { request } = stage.start('OPTIONS');
    stage.layer.receive(response(request, 200, 'far'), { ...udp, address: '192.0.2.99' }, stage.now);
    assert.deepEqual(stage.told, ['0 response 200']);
  });

  test('hands up a 2xx to an INVITE without transaction, drops its 486 and 180', () => {
    const stage = new Stage();
    const { request } = stage.start('INVITE');
    request.headers.set('via', 'SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKforgotten');
    for (const status of [180, 486, 200]) stage.answer(request, status);
    assert.deepEqual(stage.told, ['0 stray 200']);
    assert.equal(stage.layer.counters.unmatchedResponses, 2);
  });
});

describe('TransactionLayer transport failures', () => {
  for (const result of ['gone', 'full'] as const) {
    test(`a first send that finds the transport ${result} fails the transaction, after send has returned`, () => {
      const stage = new Stage();
      stage.result = () => result;
      const call = stage.start('INVITE');
      assert.deepEqual(stage.told, []);
      assert.equal(call.request.method, 'INVITE');
      stage.run(0);
      assert.deepEqual(stage.told, ['0 failed transport']);
      assert.equal(stage.layer.counters.transportFailures, 1);
      assert.equal(stage.layer.counters.clientTransactions, 0);
      assert.equal(stage.timers.size, 0);
    });
  }

  test('a retransmission the transport is too full for counts as lost, one it cannot send fails', () => {
    const stage = new Stage();
    stage.start('OPTIONS');
    stage.result = () => 'full';
    stage.run(T1);
    assert.deepEqual(stage.told, []);
    stage.result = () => 'gone';
    stage.run(2 * T1);
    assert.deepEqual(stage.told, ['1500 failed transport']);
  });

  test('a dead connection fails what waits on it, in the next tick, and nothing else', () => {
    const stage = new Stage();
    const other = flowOf('tcp', 2);
    stage.start('OPTIONS', tcp);
    const ringing = stage.start('INVITE', tcp);
    stage.answer(ringing.request, 180);
    stage.start('MESSAGE', other);
    stage.start('INFO', udp);
    stage.layer.flowFailed(udp, stage.now);
    stage.layer.flowFailed(tcp, stage.now);
    const waiting = stage.timers.size;
    stage.layer.flowFailed(tcp, stage.now);
    assert.equal(stage.timers.size, waiting);
    assert.deepEqual(stage.told, ['0 response 180']);
    stage.run(0);
    assert.deepEqual(stage.told, ['0 response 180', '0 failed transport', '0 failed transport']);
    assert.equal(stage.layer.counters.clientTransactions, 2);
    stage.layer.flowFailed(other, stage.now);
    stage.run(0);
    assert.equal(stage.layer.counters.clientTransactions, 1);
    assert.equal(stage.layer.counters.clientTimeouts, 0);
  });

  test('a connection does not remember transactions that ended', () => {
    const stage = new Stage();
    const { request } = stage.start('OPTIONS', tcp);
    stage.answer(request, 200);
    stage.run(0);
    stage.layer.flowFailed(tcp, stage.now);
    assert.equal(stage.timers.size, 0);
  });

  test('a dead connection ends finished transactions without a word, but not the wait for further 2xx', () => {
    const stage = new Stage();
    const accepted = stage.start('INVITE', tcp);
    const finished = stage.start('OPTIONS', tcp);
    stage.answer(accepted.request, 200);
    stage.answer(finished.request, 200);
    stage.layer.flowFailed(tcp, stage.now);
    stage.run(10);
    stage.answer(accepted.request, 200);
    assert.deepEqual(stage.told, ['0 response 200', '0 response 200', '10 response 200']);
    stage.run(lifetime);
    assert.equal(stage.timers.size, 0);
  });

  test('a final response beats the failure of the same tick', () => {
    const stage = new Stage();
    const { request } = stage.start('OPTIONS', tcp);
    stage.layer.flowFailed(tcp, stage.now);
    stage.answer(request, 200);
    stage.run(lifetime);
    assert.deepEqual(stage.told, ['0 response 200']);
    assert.equal(stage.timers.size, 0);
  });

  test('an ACK for a 486 that cannot be sent ends the transaction', () => {
    const stage = new Stage();
    const { request } = stage.start('INVITE');
    stage.result = () => 'gone';
    stage.answer(request, 486);
    stage.run(0);
    assert.deepEqual(stage.told, ['0 response 486']);
    assert.equal(stage.layer.counters.clientTransactions, 0);
  });
});

describe('sizeRule', () => {
  function upgraded(): Stage {
    const stage = new Stage();
    stage.sibling = tcp;
    return stage;
  }
  const protocols = (stage: Stage): Flow['protocol'][] => stage.sent.map(({ flow }) => flow.protocol);

  test('sends a request over 1300 bytes by the stream sibling, with the transport in the Via changed', () => {
    const stage = upgraded();
    const call = stage.start('INVITE', udp, bulk);
    assert.equal(call.flow, tcp);
    assert.match(call.request.headers.get('via')!, new RegExp(`^SIP/2.0/TCP 198.51.100.1:5060;branch=${call.branch};rport$`));
    assert.equal(call.request.headers.count('via'), 1);
    stage.run(lifetime - 1);
    assert.deepEqual(protocols(stage), ['tcp']);
    assert.equal(stage.layer.counters.streamUpgrades, 1);
  });

  test('counts bytes exactly: 1300 go over UDP, 1301 do not', () => {
    const probe = new Stage();
    probe.start('MESSAGE', udp, 'X-Bulk: \r\n');
    const room = 1300 - probe.sent[0]!.bytes.length;
    for (const [extra, protocol] of [
      [0, 'udp'],
      [1, 'tcp'],
    ] as const) {
      const stage = upgraded();
      stage.start('MESSAGE', udp, `X-Bulk: ${'x'.repeat(room + extra)}\r\n`);
      assert.deepEqual(protocols(stage), [protocol]);
    }
  });

  test('stays on UDP when there is no sibling, and leaves streams alone', () => {
    const stage = new Stage();
    assert.equal(stage.start('INVITE', udp, bulk).flow, udp);
    assert.equal(stage.layer.counters.streamUpgrades, 0);
    stage.sibling = flowOf('tcp', 9);
    assert.equal(stage.start('INVITE', tcp, bulk).flow, tcp);
  });

  test('CANCEL and ACK follow the INVITE onto the stream', () => {
    const stage = upgraded();
    const call = stage.start('INVITE', udp, bulk);
    stage.answer(call.request, 180);
    call.cancel(stage.now);
    stage.answer(call.request, 487);
    assert.deepEqual(protocols(stage), ['tcp', 'tcp', 'tcp']);
    assert.ok(stage.sent.every(({ message }) => message.topVia.transport === 'TCP'));
  });

  for (const [name, refuse] of [
    ['cannot be sent', (stage: Stage) => (stage.result = (flow) => (flow.protocol === 'tcp' ? 'gone' : 'sent'))],
    [
      'is refused later',
      (stage: Stage) => (stage.onSent = ({ flow }) => stage.timers.schedule(40, (now) => stage.layer.flowFailed(flow, now))),
    ],
  ] as const) {
    test(`falls back to UDP with the same branch when the stream ${name}`, () => {
      const stage = upgraded();
      refuse(stage);
      const call = stage.start('INVITE', udp, bulk);
      stage.run(1000);
      assert.deepEqual(protocols(stage), ['tcp', 'udp', 'udp']);
      assert.equal(call.flow, udp);
      assert.equal(stage.sent[1]!.message.topVia.transport, 'UDP');
      assert.equal(stage.sent[1]!.message.topVia.params.get('branch'), call.branch);
      assert.equal(call.request.topVia.transport, 'UDP');
      assert.deepEqual(stage.told, []);
      assert.equal(stage.layer.counters.datagramFallbacks, 1);
      stage.answer(call.request, 486);
      assert.equal(stage.sent.at(-1)!.flow, udp);
      stage.run(lifetime);
      assert.deepEqual(stage.told, ['1000 response 486']);
      assert.equal(stage.layer.counters.clientTransactions, 0);
      assert.equal(stage.timers.size, 0);
    });
  }

  test('fails when UDP refuses as well', () => {
    const stage = upgraded();
    stage.result = () => 'gone';
    stage.start('MESSAGE', udp, bulk);
    stage.run(0);
    assert.deepEqual(stage.told, ['0 failed transport']);
    assert.equal(stage.timers.size, 0);
  });

  test('does not fall back once the peer has answered on the stream', () => {
    const stage = upgraded();
    const call = stage.start('INVITE', udp, bulk);
    stage.answer(call.request, 100);
    stage.layer.flowFailed(tcp, stage.now);
    stage.run(0);
    assert.deepEqual(protocols(stage), ['tcp']);
    assert.deepEqual(stage.told, ['0 response 100', '0 failed transport']);
  });

  test('after the fallback the death of the old connection means nothing', () => {
    const stage = upgraded();
    stage.result = (flow) => (flow.protocol === 'tcp' ? 'gone' : 'sent');
    stage.start('MESSAGE', udp, bulk);
    stage.run(0);
    stage.layer.flowFailed(tcp, stage.now);
    stage.run(100);
    assert.deepEqual(stage.told, []);
  });

  test('remembers a peer that refused, for a while, and one whose stream swallowed the request', () => {
    const stage = upgraded();
    stage.result = (flow) => (flow.protocol === 'tcp' ? 'gone' : 'sent');
    stage.start('MESSAGE', udp, bulk);
    stage.run(299_999);
    assert.equal(stage.start('MESSAGE', udp, bulk).flow, udp);
    stage.run(1);
    assert.equal(stage.start('MESSAGE', udp, bulk).flow, tcp);

    const silent = upgraded();
    silent.start('MESSAGE', udp, bulk);
    silent.run(lifetime);
    assert.deepEqual(silent.told, ['32000 failed timeout']);
    assert.equal(silent.start('MESSAGE', udp, bulk).flow, udp);
  });

  test('does not hold it against the stream when the peer answered on it and then fell silent', () => {
    const stage = upgraded();
    const call = stage.start('INVITE', udp, bulk);
    stage.answer(call.request, 180);
    call.cancel(stage.now);
    stage.run(lifetime);
    assert.deepEqual(stage.told, ['0 response 180', '32000 failed timeout']);
    assert.equal(stage.start('INVITE', udp, bulk).flow, tcp);
  });

  test('remembers no more peers than its cap', () => {
    const stage = new Stage({ limits: { maxRefusedStreams: 2 } });
    stage.sibling = tcp;
    stage.result = (flow) => (flow.protocol === 'tcp' ? 'gone' : 'sent');
    const peers = [1, 2, 3].map((host) => ({ ...udp, address: `192.0.2.${host}` }));
    for (const peer of peers) stage.start('MESSAGE', peer, bulk);
    stage.run(1);
    assert.deepEqual(
      peers.map((peer) => stage.start('MESSAGE', peer, bulk).flow.protocol),
      ['tcp', 'udp', 'udp'],
    );
  });
});

test('RefusedStreams forgets first whom it has not met for longest', () => {
  const refused = new RefusedStreams(2, 1000);
  const [one, two, three] = [1, 2, 3].map((host) => ({ ...udp, address: `192.0.2.${host}` }));
  for (const peer of [one!, two!, one!, three!]) refused.add(peer, 0);
  assert.deepEqual(
    [one!, two!, three!].map((peer) => refused.has(peer, 999)),
    [true, false, true],
  );
  assert.equal(refused.has(one!, 1000), false);
});

describe('sendAck', () => {
  test('has a branch of its own, the same when sent again, no transaction, and leaves the request alone', () => {
    const stage = new Stage();
    const ack = outline('ACK');
    stage.layer.sendAck(ack, udp);
    stage.layer.sendAck(ack, udp);
    stage.layer.sendAck(outline('ACK'), udp);
    const [first, again, other] = stage.sent.map(({ message }) => message.topVia.params.get('branch'));
    assert.equal(again, first);
    assert.notEqual(other, first);
    assert.deepEqual(
      stage.sent.map(({ message }) => message.headers.count('via')),
      [1, 1, 1],
    );
    assert.equal(ack.headers.has('via'), false);
    assert.equal(stage.layer.counters.clientTransactions, 0);
    assert.equal(stage.timers.size, 0);
  });

  test('is not sent twice over a flow that fails', () => {
    const stage = new Stage();
    stage.result = () => 'gone';
    stage.layer.sendAck(outline('ACK'), udp);
    assert.equal(stage.sent.length, 1);
    assert.equal(stage.layer.counters.transportFailures, 1);
  });

  test('follows the size rule and goes over UDP when the stream is refused', () => {
    const stage = new Stage();
    stage.sibling = tcp;
    stage.layer.sendAck(outline('ACK', bulk), udp);
    stage.result = (flow) => (flow.protocol === 'tcp' ? 'gone' : 'sent');
    stage.layer.sendAck(outline('ACK', bulk), udp);
    stage.layer.sendAck(outline('ACK', bulk), udp);
    assert.deepEqual(
      stage.sent.map(({ message }) => message.topVia.transport),
      ['TCP', 'TCP', 'UDP', 'UDP'],
    );
  });
});
