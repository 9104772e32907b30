// Requests turned away: dismissed without state, or because too many are at hand.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { tagOf } from '../../../../signaling/sip/message/name-addr.ts';
import { lifetime, requestText, response, Stage, tcp } from './stage.ts';

const requests = (stage: Stage): number => stage.told.filter((line) => line.includes('request')).length;
const tagSent = (stage: Stage, index: number): string | undefined => tagOf(stage.sent.at(index)!.message.to);

describe('ServerTransaction dismiss', () => {
  test('sends once, leaves nothing behind, and knows the ACK by its tag', () => {
    const stage = new Stage();
    const invite = requestText('INVITE');
    stage.onRequest = (transaction) => transaction.dismiss(bare(transaction.request, 401), stage.now);
    stage.receive(invite);
    const tag = tagSent(stage, 0);
    assert.ok(tag);
    stage.receive(requestText('ACK', { toTag: tag }));
    stage.run(lifetime);
    assert.deepEqual(stage.take(), ['0 401']);
    assert.deepEqual(stage.told, ['0 request INVITE']);
    assert.equal(stage.layer.counters.serverTransactions, 0);
    assert.equal(stage.layer.counters.droppedAcks, 1);
    assert.equal(stage.timers.size, 0);
  });

  test('treats the repetition as new and answers it with the same tag (RFC 3261 section 8.2.7)', () => {
    const stage = new Stage();
    stage.onRequest = (transaction) => transaction.dismiss(bare(transaction.request, 407), stage.now);
    stage.receive(requestText('INVITE'));
    stage.receive(requestText('INVITE'));
    assert.equal(requests(stage), 2);
    assert.equal(tagSent(stage, 0), tagSent(stage, 1));
  });

  test('keeps a tag the user has put, or the request had', () => {
    const stage = new Stage();
    stage.receive(requestText('INVITE'));
    stage.server.dismiss(response(stage.server.request, 403, 'mine'), stage.now);
    stage.receive(requestText('BYE', { toTag: 'dialog', branch: 'z9hG4bKbye' }));
    stage.server.dismiss(bare(stage.server.request, 481), stage.now);
    assert.deepEqual(
      stage.sent.map(({ message }) => message.headers.get('to')),
      ['<sip:bob@example.com>;tag=mine', '<sip:bob@example.com>;tag=dialog'],
    );
    assert.equal(stage.layer.counters.transportFailures, 0);
  });

  test('puts another tag for another request, and on another layer', () => {
    const tags = [1, 2].flatMap((seed) => {
      const stage = new Stage({ seed });
      stage.onRequest = (transaction) => transaction.dismiss(bare(transaction.request, 401), stage.now);
      for (const sequence of [1, 2]) stage.receive(requestText('INVITE', { sequence }));
      return [tagSent(stage, 0)!, tagSent(stage, 1)!];
    });
    assert.equal(new Set(tags).size, 4);
    assert.equal(new Set(tags.map((tag) => tag.slice(0, 10))).size, 2);
  });

  test('after a response, or twice, is ignored and counted; a response after it too', () => {
    const stage = new Stage();
    stage.receive(requestText('INVITE'));
    const { server } = stage;
    stage.respond(200);
    server.dismiss(bare(server.request, 403), stage.now);
    stage.receive(requestText('OPTIONS', { branch: 'z9hG4bKtwo' }));
    const options = stage.server;
    options.dismiss(bare(options.request, 403), stage.now);
    options.dismiss(bare(options.request, 403), stage.now);
    stage.respond(200, 'near', options);
    assert.equal(options.answered, true);
    assert.deepEqual(stage.take(), ['0 200', '0 403']);
    assert.equal(stage.layer.counters.ignoredResponds, 3);
  });

  test('holds against a flood: nothing stays of 10,000 INVITEs', () => {
    const stage = new Stage();
    stage.onRequest = (transaction) => transaction.dismiss(bare(transaction.request, 401), stage.now);
    for (let i = 0; i < 10_000; i++) stage.receive(requestText('INVITE', { branch: `z9hG4bK${i}`, callId: `c${i}` }));
    assert.equal(stage.layer.counters.serverTransactions, 0);
    assert.equal(stage.timers.size, 0);
  });
});

describe('TransactionLayer overload', () => {
  test('answers 503 without state beyond the cap, still serves what it has, and recovers', () => {
    const stage = new Stage({ limits: { maxServerTransactions: 2 } });
    const text = (i: number): string => requestText('OPTIONS', { branch: `z9hG4bK${i}`, callId: `c${i}` });
    for (let i = 0; i < 4; i++) stage.receive(text(i));
    assert.deepEqual(stage.take(), ['0 503', '0 503']);
    assert.equal(stage.layer.counters.overloadedRequests, 2);
    assert.equal(stage.layer.counters.serverTransactions, 2);
    stage.receive(text(1));
    stage.respond(200);
    assert.deepEqual(stage.take(), ['0 200']);
    stage.run(lifetime);
    stage.receive(text(3));
    assert.equal(requests(stage), 3);
  });

  test('drops the ACK of a stateless 503', () => {
    const stage = new Stage({ limits: { maxServerTransactions: 0 } });
    stage.receive(requestText('INVITE'));
    stage.receive(requestText('ACK', { toTag: tagSent(stage, 0)! }));
    assert.deepEqual(stage.told, []);
    assert.equal(stage.layer.counters.droppedAcks, 1);
  });

  test('counts stateless answers the transport could not take', () => {
    const stage = new Stage({ limits: { maxServerTransactions: 0 } });
    stage.result = () => 'full';
    stage.receive(requestText('INVITE'), tcp);
    assert.equal(stage.layer.counters.transportFailures, 1);
  });
});

/** A response as replyTo makes it: without a To-tag. */
function bare(request: Parameters<typeof response>[0], status: number): ReturnType<typeof response> {
  const made = response(request, status, 'x');
  made.headers.set('to', request.headers.get('to')!);
  return made;
}
