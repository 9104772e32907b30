// The layer's way in: matching of requests (RFC 3261 section 17.2.3, RFC 2543 peers), CANCEL (9.2), merged requests
// (8.2.2.2), stateless answers (8.2.7) and overload.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { tagOf } from '../../../../signaling/sip/message/name-addr.ts';
import { serverKey } from '../../../../signaling/sip/transaction/transaction-key.ts';
import { lifetime, parsedRequest, requestText, Stage, T1, udp } from './stage.ts';

const requests = (stage: Stage): number => stage.told.filter((line) => line.includes('request')).length;
const tagSent = (stage: Stage, index: number): string | undefined => tagOf(stage.sent.at(index)!.message.to);

describe('TransactionLayer matching of requests', () => {
  const first = { branch: 'z9hG4bKone', fromTag: 'a', callId: 'c1' };

  for (const [name, other, flow] of [
    ['another branch', { branch: 'z9hG4bKtwo', callId: 'c2' }, udp],
    ['another sent-by host', { sentBy: '192.0.2.8:5060', callId: 'c2' }, udp],
    ['another sent-by port', { sentBy: '192.0.2.7:5070', callId: 'c2' }, udp],
    ['another zone', { callId: 'c2' }, { ...udp, zone: 'inside' }],
  ] as const) {
    test(`takes a request with ${name} for a new one`, () => {
      const stage = new Stage();
      stage.receive(requestText('OPTIONS', first));
      stage.receive(requestText('OPTIONS', { ...first, ...other }), flow);
      assert.equal(requests(stage), 2);
    });
  }

  test('takes another method with the same branch for a new one', () => {
    const stage = new Stage();
    stage.receive(requestText('OPTIONS', first));
    stage.receive(requestText('MESSAGE', first));
    assert.equal(requests(stage), 2);
  });

  test('takes a request with the default port written or not for the same', () => {
    const stage = new Stage();
    stage.receive(requestText('OPTIONS', { ...first, sentBy: '192.0.2.7:5060' }));
    stage.receive(requestText('OPTIONS', { ...first, sentBy: '192.0.2.7' }));
    assert.equal(requests(stage), 1);
  });

  test('compares hosts without regard to case', () => {
    const stage = new Stage();
    stage.receive(requestText('OPTIONS', { ...first, sentBy: 'Phone.Example' }));
    stage.receive(requestText('OPTIONS', { ...first, sentBy: 'phone.example:5060' }));
    assert.equal(requests(stage), 1);
  });

  test('goes on after the end: the same request is new again', () => {
    const stage = new Stage();
    stage.receive(requestText('OPTIONS', first));
    stage.respond(200);
    stage.run(lifetime);
    stage.receive(requestText('OPTIONS', first));
    assert.equal(requests(stage), 2);
  });

  test('hands up the ACK of a 2xx, which has a branch of its own, each time it comes', () => {
    const stage = new Stage();
    stage.receive(requestText('INVITE', first));
    stage.respond(200);
    const ack = requestText('ACK', { ...first, branch: 'z9hG4bKack', toTag: 'near' });
    stage.receive(ack);
    stage.receive(ack);
    assert.equal(stage.acks.length, 2);
    assert.equal(stage.layer.counters.transportFailures, 0);
  });

  test('hands up an ACK without To-tag, and does not count the one it absorbs for a 486 as dropped', () => {
    const stage = new Stage();
    stage.receive(requestText('ACK', { branch: 'z9hG4bKack' }));
    assert.equal(stage.acks.length, 1);
    stage.receive(requestText('INVITE', first));
    stage.respond(486);
    stage.receive(requestText('ACK', { ...first, toTag: 'near' }));
    assert.equal(stage.acks.length, 1);
    assert.equal(stage.layer.counters.droppedAcks, 0);
  });

  test('gives every transaction an id of its own', () => {
    const stage = new Stage();
    stage.receive(requestText('OPTIONS', first));
    stage.receive(requestText('OPTIONS', { branch: 'z9hG4bKtwo', callId: 'c2' }));
    assert.equal(new Set(stage.servers.map(({ id }) => id)).size, 2);
  });

  test('lets what the user throws pass, and goes on', () => {
    const stage = new Stage();
    stage.onRequest = () => {
      throw new Error('user bug');
    };
    assert.throws(() => stage.receive(requestText('OPTIONS', first)), /user bug/);
    stage.onRequest = undefined;
    stage.receive(requestText('OPTIONS', first));
    stage.run(lifetime);
    assert.equal(stage.timers.size, 0);
    assert.equal(stage.layer.counters.serverTransactions, 0);
  });
});

for (const [peer, branch] of [
  ['without a branch', ''],
  ['with a branch of its own making', '1'],
  ['with the bare cookie as branch', 'z9hG4bK'],
] as const) {
  describe(`TransactionLayer, RFC 2543 peer ${peer}`, () => {
    const invite = requestText('INVITE', { branch });
    const ack = requestText('ACK', { branch, toTag: 'near' });

    test('recognises a repeated INVITE', () => {
      const stage = new Stage();
      stage.receive(invite);
      stage.respond(180);
      stage.receive(invite);
      assert.equal(requests(stage), 1);
      assert.deepEqual(stage.take(), ['0 180', '0 180']);
    });

    for (const [name, other] of [
      ['Request-URI', { uri: 'sip:carol@198.51.100.1' }],
      ['From-tag', { fromTag: 'other' }],
      ['Call-ID', { callId: 'other' }],
      ['CSeq', { sequence: 2 }],
      ['To-tag', { toTag: 'other' }],
      ['top Via', { sentBy: '192.0.2.8:5060', fromTag: 'x' }],
    ] as const) {
      test(`takes an INVITE with another ${name} for a new one`, () => {
        const stage = new Stage();
        stage.receive(invite);
        stage.receive(requestText('INVITE', { branch, ...other }));
        assert.equal(requests(stage), 2);
      });
    }

    test('absorbs the ACK for a 486, which bears our To-tag', () => {
      const stage = new Stage();
      stage.receive(invite);
      stage.respond(486);
      stage.receive(ack);
      stage.run(T1);
      assert.deepEqual(stage.take(), ['0 486']);
      assert.deepEqual(stage.told, ['0 request INVITE']);
    });

    test('absorbs the ACK for a 486 to a re-INVITE', () => {
      const stage = new Stage();
      stage.receive(requestText('INVITE', { branch, toTag: 'near' }));
      stage.respond(486);
      stage.receive(ack);
      stage.run(T1);
      assert.deepEqual(stage.take(), ['0 486']);
      assert.deepEqual(stage.told, ['0 request INVITE']);
    });

    test('does not take an ACK with another To-tag for this one', () => {
      const stage = new Stage();
      stage.receive(invite);
      stage.respond(486);
      stage.receive(requestText('ACK', { branch, toTag: 'other' }));
      stage.run(T1);
      assert.deepEqual(stage.take(), ['0 486', '500 486']);
      assert.equal(stage.acks.length, 1);
    });

    test('hands up the ACK for a 200, though all of it is the INVITE again', () => {
      const stage = new Stage();
      stage.receive(invite);
      stage.respond(200);
      stage.receive(ack);
      assert.equal(stage.acks.length, 1);
    });

    test('finds the INVITE of a CANCEL', () => {
      const stage = new Stage();
      stage.receive(invite);
      stage.receive(requestText('CANCEL', { branch }));
      assert.deepEqual(stage.take(), ['0 200']);
      assert.deepEqual(stage.told, ['0 request INVITE', '0 cancelled']);
    });

    test('recognises repeated requests other than INVITE', () => {
      const stage = new Stage();
      stage.receive(requestText('REGISTER', { branch }));
      stage.receive(requestText('REGISTER', { branch }));
      stage.receive(requestText('REGISTER', { branch, sequence: 2 }));
      assert.equal(requests(stage), 2);
    });
  });
}

test('serverKey knows the default ports of Via transports', () => {
  const key = (transport: string, sentBy: string): string =>
    serverKey(parsedRequest(requestText('OPTIONS', { sentBy }).replace('SIP/2.0/UDP', `SIP/2.0/${transport}`)), 'z', 'OPTIONS');
  for (const [transport, port] of [
    ['UDP', 5060],
    ['TCP', 5060],
    ['WS', 5060],
    ['TLS', 5061],
    ['WSS', 5061],
  ] as const) {
    assert.equal(key(transport, 'a.example'), key(transport, `a.example:${port}`), transport);
  }
});

describe('TransactionLayer CANCEL', () => {
  const invite = requestText('INVITE');
  const cancel = requestText('CANCEL');

  test('of a ringing INVITE: 200 with its To-tag, then the user is told, who says 487', () => {
    const stage = new Stage();
    stage.onCancelled = () => stage.respond(487);
    stage.receive(invite);
    stage.respond(180);
    stage.receive(cancel);
    assert.deepEqual(stage.take(), ['0 180', '0 200', '0 487']);
    assert.deepEqual(stage.told, ['0 request INVITE', '0 cancelled']);
  });

  test('answers with the tag of the 180, repeats the 200, tells the user once', () => {
    const stage = new Stage();
    stage.receive(invite);
    stage.respond(180, 'ringing');
    stage.receive(cancel);
    stage.receive(cancel);
    assert.deepEqual(
      stage.sent.map(({ message }) => tagOf(message.to)),
      ['ringing', 'ringing', 'ringing'],
    );
    assert.equal(stage.told.filter((line) => line.includes('cancelled')).length, 1);
    assert.equal(stage.sent[1]!.message.cseq.method, 'CANCEL');
  });

  test('before the INVITE was answered at all: 200 with any tag, the same when repeated', () => {
    const stage = new Stage();
    stage.receive(invite);
    stage.respond(100);
    stage.receive(cancel);
    stage.receive(cancel);
    assert.ok(tagSent(stage, 1));
    assert.equal(tagSent(stage, 1), tagSent(stage, 2));
  });

  for (const status of [200, 486]) {
    test(`after the ${status}: 200 and nothing more`, () => {
      const stage = new Stage();
      stage.receive(invite);
      stage.respond(status);
      stage.receive(cancel);
      assert.deepEqual(stage.take(), [`0 ${status}`, '0 200']);
      assert.deepEqual(stage.told, ['0 request INVITE']);
    });
  }

  test('that overtook its INVITE: 481, and the INVITE goes on', () => {
    const stage = new Stage();
    stage.receive(cancel);
    stage.receive(invite);
    assert.deepEqual(stage.take(), ['0 481']);
    assert.deepEqual(stage.told, ['0 request INVITE']);
    assert.equal(stage.layer.counters.unmatchedCancels, 1);
  });

  test('of an OPTIONS: 200 and nothing more', () => {
    const stage = new Stage();
    stage.receive(requestText('OPTIONS'));
    stage.receive(cancel);
    assert.deepEqual(stage.take(), ['0 200']);
    assert.deepEqual(stage.told, ['0 request OPTIONS']);
  });

  test('from another zone, from another address or with another branch hits nothing', () => {
    const stage = new Stage();
    stage.receive(invite);
    stage.receive(cancel, { ...udp, zone: 'inside' });
    stage.receive(cancel, { ...udp, address: '203.0.113.66' });
    stage.receive(requestText('CANCEL', { branch: 'z9hG4bKguess' }));
    assert.deepEqual(stage.take(), ['0 481', '0 481', '0 481']);
    assert.deepEqual(stage.told, ['0 request INVITE']);
  });

  test('leaves no state, however many come', () => {
    const stage = new Stage();
    for (let i = 0; i < 1000; i++) stage.receive(requestText('CANCEL', { branch: `z9hG4bK${i}` }));
    assert.equal(stage.timers.size, 0);
    assert.equal(stage.layer.counters.serverTransactions, 0);
  });
});

describe('TransactionLayer merged requests', () => {
  test('answers 482 to a request that came by another path, and drops the ACK of that', () => {
    const stage = new Stage();
    stage.receive(requestText('INVITE', { branch: 'z9hG4bKone' }));
    const second = requestText('INVITE', { branch: 'z9hG4bKtwo' });
    stage.receive(second);
    stage.receive(requestText('ACK', { branch: 'z9hG4bKtwo', toTag: tagSent(stage, -1)! }));
    stage.receive(second);
    assert.deepEqual(stage.take(), ['0 482', '0 482']);
    assert.deepEqual(stage.told, ['0 request INVITE']);
    assert.equal(stage.layer.counters.mergedRequests, 2);
    assert.equal(stage.layer.counters.serverTransactions, 1);
  });

  test('also while the first lingers, and no longer after its end', () => {
    const stage = new Stage();
    stage.receive(requestText('OPTIONS', { branch: 'z9hG4bKone' }));
    stage.respond(200);
    stage.run(lifetime - 1);
    stage.receive(requestText('OPTIONS', { branch: 'z9hG4bKtwo' }));
    stage.run(1);
    stage.receive(requestText('OPTIONS', { branch: 'z9hG4bKthree' }));
    assert.deepEqual(stage.take(), ['0 200', '31999 482']);
    assert.equal(requests(stage), 2);
  });

  for (const [name, other] of [
    ['within a dialog', { toTag: 'near' }],
    ['with a higher CSeq', { sequence: 2 }],
    ['with another From-tag', { fromTag: 'other' }],
    ['with another Call-ID', { callId: 'other' }],
    ['for another user: the branch of a forking proxy', { uri: 'sip:carol@198.51.100.1' }],
  ] as const) {
    test(`takes a request ${name} for a new one`, () => {
      const stage = new Stage();
      stage.receive(requestText('INVITE', { branch: 'z9hG4bKone', ...(name === 'within a dialog' ? other : {}) }));
      stage.receive(requestText('INVITE', { branch: 'z9hG4bKtwo', ...other }));
      assert.equal(requests(stage), 2);
      assert.deepEqual(stage.take(), []);
    });
  }
});
