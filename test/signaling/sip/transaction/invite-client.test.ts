// The INVITE client transaction as seen from the wire: RFC 3261 sections 17.1.1 and 9.1, RFC 6026 section 7.2.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SipRequest } from '../../../../signaling/sip/message/request.ts';
import { lifetime, outline, Stage, T1, tcp, udp } from './stage.ts';

/** The latest request of that method on the wire. */
function lastSent(stage: Stage, method: string): SipRequest {
  const message = stage.sent.map((sent) => sent.message).findLast((one) => one.kind === 'request' && one.method === method);
  assert.ok(message?.kind === 'request', `no ${method} was sent`);
  return message;
}

describe('inviteClient over UDP', () => {
  test('puts a Via with a fresh unguessable branch and rport on top, and leaves the given request alone', () => {
    const stage = new Stage();
    const given = outline('INVITE');
    const first = stage.layer.send(given, udp, stage, stage.now);
    const second = stage.layer.send(given, udp, stage, stage.now);
    assert.deepEqual(lastSent(stage, 'INVITE').headers.getAll('via'), [`SIP/2.0/UDP 198.51.100.1:5060;branch=${second.branch};rport`]);
    assert.match(first.branch, /^z9hG4bK[A-Za-z0-9_-]{20,}$/);
    assert.notEqual(first.branch, second.branch);
    assert.equal(given.headers.has('via'), false);
  });

  test('retransmits on timer A, doubling without a ceiling, and fails on timer B', () => {
    const stage = new Stage();
    stage.start('INVITE');
    const first = stage.sent[0]!;
    stage.run(lifetime - 1);
    assert.ok(stage.sent.every(({ bytes }) => bytes.equals(first.bytes)));
    assert.deepEqual(
      stage.take(),
      [0, 500, 1500, 3500, 7500, 15500, 31500].map((at) => `${at} INVITE`),
    );
    stage.run(1);
    assert.deepEqual(stage.told, ['32000 failed timeout']);
    assert.equal(stage.layer.counters.clientTransactions, 0);
    assert.equal(stage.layer.counters.clientTimeouts, 1);
    assert.equal(stage.layer.counters.requestRetransmissionsSent, 6);
    assert.equal(stage.timers.size, 0);
  });

  test('stops retransmitting on a provisional and rings for hours without a timer', () => {
    const stage = new Stage();
    const { request } = stage.start('INVITE');
    stage.run(600);
    stage.answer(request, 180);
    stage.run(7_200_000);
    assert.deepEqual(stage.take(), ['0 INVITE', '500 INVITE']);
    assert.equal(stage.timers.size, 0);
    stage.answer(request, 180);
    stage.answer(request, 200);
    assert.deepEqual(stage.told, ['600 response 180', '7200600 response 180', '7200600 response 200']);
  });

  test('acknowledges a 486 itself and again for each repetition until timer D, telling the user once', () => {
    const stage = new Stage();
    const { request } = stage.start('INVITE', undefined, 'Route: <sip:proxy.example;lr>\r\nRoute: <sip:next.example;lr>\r\n');
    stage.run(100);
    stage.answer(request, 486);
    const ack = lastSent(stage, 'ACK');
    assert.equal(ack.uri, request.uri);
    assert.deepEqual(ack.headers.getAll('via'), [request.headers.get('via')]);
    assert.deepEqual(ack.headers.getAll('route'), ['<sip:proxy.example;lr>', '<sip:next.example;lr>']);
    assert.equal(ack.headers.get('to'), '<sip:bob@example.com>;tag=far');
    assert.equal(ack.headers.get('from'), request.headers.get('from'));
    assert.equal(ack.headers.get('call-id'), 'out-1');
    assert.equal(ack.headers.get('cseq'), '1 ACK');
    assert.equal(ack.headers.get('max-forwards'), '70');
    stage.run(500);
    stage.answer(request, 486);
    stage.answer(request, 180);
    stage.answer(request, 200);
    assert.deepEqual(stage.take(), ['0 INVITE', '100 ACK', '600 ACK']);
    assert.deepEqual(stage.told, ['100 response 486']);
    stage.run(lifetime - 501);
    assert.equal(stage.layer.counters.clientTransactions, 1);
    stage.run(1);
    assert.equal(stage.layer.counters.clientTransactions, 0);
    assert.equal(stage.timers.size, 0);
  });

  test('tells 300 from 299', () => {
    for (const [status, lines] of [
      [299, ['0 INVITE']],
      [300, ['0 INVITE', '0 ACK', '0 ACK']],
    ] as const) {
      const stage = new Stage();
      const { request } = stage.start('INVITE');
      stage.answer(request, status);
      stage.answer(request, status);
      assert.deepEqual(stage.take(), lines);
      assert.equal(stage.told.length, status < 300 ? 2 : 1);
    }
  });

  test('keeps timer D at 32 s when T1 is small, for a peer with the usual timer H', () => {
    const stage = new Stage({ t1Ms: 100 });
    const { request } = stage.start('INVITE');
    stage.answer(request, 486);
    stage.run(31_999);
    stage.answer(request, 486);
    assert.deepEqual(stage.take(), ['0 INVITE', '0 ACK', '31999 ACK']);
    stage.run(1);
    assert.equal(stage.layer.counters.clientTransactions, 0);
  });

  test('hands every 2xx up during Accepted, acknowledges none, ends on timer M', () => {
    const stage = new Stage();
    const { request } = stage.start('INVITE');
    stage.answer(request, 200);
    stage.run(500);
    stage.answer(request, 200);
    stage.answer(request, 200, 'other-fork');
    stage.answer(request, 180);
    stage.answer(request, 486);
    stage.run(lifetime - 501);
    stage.answer(request, 200);
    assert.deepEqual(stage.take(), ['0 INVITE']);
    assert.deepEqual(stage.told, ['0 response 200', '500 response 200', '500 response 200', '31999 response 200']);
    stage.run(1);
    assert.equal(stage.layer.counters.clientTransactions, 0);
    assert.equal(stage.timers.size, 0);
    stage.answer(request, 200);
    assert.equal(stage.told.at(-1), '32000 stray 200');
  });

  test('lets what the observer throws pass, and has sent the ACK before', () => {
    const stage = new Stage();
    const { request } = stage.start('INVITE');
    stage.onResponse = () => {
      throw new Error('user bug');
    };
    assert.throws(() => stage.answer(request, 486), /user bug/);
    assert.deepEqual(stage.take(), ['0 INVITE', '0 ACK']);
    stage.run(lifetime);
    assert.equal(stage.timers.size, 0);
  });
});

describe('inviteClient over TCP', () => {
  test('sends once and fails on timer B', () => {
    const stage = new Stage();
    stage.start('INVITE', tcp);
    stage.run(lifetime);
    assert.deepEqual(stage.take(), ['0 INVITE']);
    assert.deepEqual(stage.told, ['32000 failed timeout']);
  });

  test('acknowledges the 486 and is gone in the next tick: timer D is zero', () => {
    const stage = new Stage();
    const { request } = stage.start('INVITE', tcp);
    stage.answer(request, 486);
    stage.run(0);
    assert.deepEqual(stage.take(), ['0 INVITE', '0 ACK']);
    assert.equal(stage.layer.counters.clientTransactions, 0);
    assert.equal(stage.timers.size, 0);
  });

  test('stays in Accepted for 64*T1 (RFC 6026)', () => {
    const stage = new Stage();
    const { request } = stage.start('INVITE', tcp);
    stage.answer(request, 200);
    stage.run(lifetime - 1);
    stage.answer(request, 200);
    assert.deepEqual(stage.told, ['0 response 200', '31999 response 200']);
  });
});

describe('inviteClient cancel', () => {
  test('before any provisional: holds the CANCEL back, keeps asking, sends it with the first 1xx', () => {
    const stage = new Stage();
    const call = stage.start('INVITE', undefined, 'Route: <sip:proxy.example;lr>\r\n');
    call.cancel(stage.now, 'SIP;cause=200;text="Call completed elsewhere"');
    stage.run(600);
    assert.deepEqual(stage.take(), ['0 INVITE', '500 INVITE']);
    stage.answer(call.request, 100);
    const cancel = lastSent(stage, 'CANCEL');
    assert.equal(cancel.uri, call.request.uri);
    assert.deepEqual(cancel.headers.getAll('via'), [call.request.headers.get('via')]);
    assert.deepEqual(cancel.headers.getAll('route'), ['<sip:proxy.example;lr>']);
    assert.equal(cancel.headers.get('cseq'), '1 CANCEL');
    assert.equal(cancel.headers.get('to'), call.request.headers.get('to'));
    assert.equal(cancel.headers.get('from'), call.request.headers.get('from'));
    assert.equal(cancel.headers.get('reason'), 'SIP;cause=200;text="Call completed elsewhere"');
    assert.equal(cancel.headers.has('contact'), false);
    stage.answer(cancel, 200);
    stage.answer(call.request, 487);
    assert.deepEqual(stage.take(), ['600 CANCEL', '600 ACK']);
    assert.deepEqual(stage.told, ['600 response 100', '600 response 487']);
    stage.run(lifetime);
    assert.equal(stage.timers.size, 0);
    assert.equal(stage.layer.counters.clientTransactions, 0);
  });

  test('while ringing: goes out at once, is repeated like any non-INVITE, once however often it is asked for', () => {
    const stage = new Stage();
    const call = stage.start('INVITE');
    stage.answer(call.request, 180);
    call.cancel(stage.now);
    call.cancel(stage.now);
    stage.run(2000);
    assert.deepEqual(stage.take(), ['0 INVITE', '0 CANCEL', '500 CANCEL', '1500 CANCEL']);
  });

  test('a CANCEL and its INVITE share the branch but not the responses', () => {
    const stage = new Stage();
    const call = stage.start('INVITE');
    stage.answer(call.request, 180);
    call.cancel(stage.now);
    stage.answer(lastSent(stage, 'CANCEL'), 481);
    assert.deepEqual(stage.told, ['0 response 180']);
    stage.answer(call.request, 200);
    assert.deepEqual(stage.told, ['0 response 180', '0 response 200']);
  });

  test('crossing a 200: the 2xx still reaches the user', () => {
    const stage = new Stage();
    const call = stage.start('INVITE');
    stage.answer(call.request, 180);
    call.cancel(stage.now);
    stage.answer(call.request, 200);
    stage.answer(lastSent(stage, 'CANCEL'), 200);
    assert.deepEqual(stage.told, ['0 response 180', '0 response 200']);
    stage.run(lifetime);
    assert.equal(stage.timers.size, 0);
  });

  test('held back when a final response comes first: no CANCEL at all', () => {
    for (const status of [200, 486]) {
      const stage = new Stage();
      const call = stage.start('INVITE');
      call.cancel(stage.now);
      stage.answer(call.request, status);
      stage.run(lifetime);
      assert.ok(!stage.take().some((line) => line.includes('CANCEL')));
      assert.equal(stage.timers.size, 0);
    }
  });

  test('of an INVITE nobody hears: ends with timer B', () => {
    const stage = new Stage();
    stage.start('INVITE').cancel(stage.now);
    stage.run(lifetime);
    assert.deepEqual(stage.told, ['32000 failed timeout']);
    assert.ok(!stage.take().some((line) => line.includes('CANCEL')));
  });

  test('without a final response gives up 64*T1 later (RFC 3261 section 9.1)', () => {
    const stage = new Stage();
    const call = stage.start('INVITE');
    stage.run(100);
    stage.answer(call.request, 180);
    stage.run(900);
    call.cancel(stage.now);
    stage.answer(lastSent(stage, 'CANCEL'), 200);
    stage.run(10_000);
    stage.answer(call.request, 180);
    stage.run(lifetime - 10_000 - 1);
    assert.equal(stage.told.length, 2);
    stage.run(1);
    assert.equal(stage.told.at(-1), '33000 failed timeout');
    assert.equal(stage.timers.size, 0);
  });

  test('after the end, or of another method: nothing', () => {
    const stage = new Stage();
    const options = stage.start('OPTIONS');
    stage.answer(options.request, 100);
    options.cancel(stage.now);
    const call = stage.start('INVITE');
    stage.answer(call.request, 486);
    call.cancel(stage.now);
    stage.run(lifetime);
    call.cancel(stage.now);
    assert.ok(!stage.take().some((line) => line.includes('CANCEL')));
    assert.equal(stage.timers.size, 0);
  });
});

describe('inviteClient abandon', () => {
  test('gives up 64*T1 after the first time it was abandoned', () => {
    const stage = new Stage();
    const ringing = stage.start('INVITE');
    stage.answer(ringing.request, 180);
    stage.run(50_000);
    stage.answer(ringing.request, 180);
    ringing.abandon();
    stage.run(1000);
    ringing.abandon();
    stage.run(lifetime - 1001);
    assert.equal(stage.layer.counters.clientTransactions, 1);
    stage.run(1);
    assert.equal(stage.layer.counters.clientTransactions, 0);
  });

  test('and cancelled afterwards: a CANCEL goes out and the wait starts anew', () => {
    const stage = new Stage();
    const call = stage.start('INVITE');
    stage.answer(call.request, 180);
    call.abandon();
    stage.run(10_000);
    call.cancel(stage.now);
    stage.run(lifetime - 1);
    // The INVITE, and its CANCEL that nobody answered.
    assert.equal(stage.layer.counters.clientTransactions, 2);
    stage.run(lifetime);
    assert.equal(stage.layer.counters.clientTransactions, 0);
    assert.equal(stage.timers.size, 0);
    assert.deepEqual(stage.told, ['0 response 180']);
  });

  test('no more callbacks, the 487 is still acknowledged', () => {
    const stage = new Stage();
    const call = stage.start('INVITE');
    stage.answer(call.request, 180);
    call.cancel(stage.now);
    call.abandon();
    stage.answer(call.request, 487);
    assert.deepEqual(stage.told, ['0 response 180']);
    assert.deepEqual(stage.take(), ['0 INVITE', '0 CANCEL', '0 ACK']);
    stage.run(lifetime);
    assert.equal(stage.timers.size, 0);
  });

  test('a 2xx that still comes is handed up as a stray, to be acknowledged and hung up', () => {
    const stage = new Stage();
    const call = stage.start('INVITE');
    call.abandon();
    stage.answer(call.request, 200);
    stage.run(T1);
    stage.answer(call.request, 200);
    assert.deepEqual(stage.told, ['0 stray 200', '500 stray 200']);
  });

  test('without CANCEL it does not wait longer than 64*T1, abandoned before or after the first provisional', () => {
    for (const order of ['before', 'after'] as const) {
      const stage = new Stage();
      const call = stage.start('INVITE');
      if (order === 'before') call.abandon();
      stage.run(200);
      stage.answer(call.request, 180);
      if (order === 'after') call.abandon();
      stage.run(lifetime);
      assert.equal(stage.layer.counters.clientTransactions, 0, order);
      assert.equal(stage.timers.size, 0, order);
    }
  });
});
