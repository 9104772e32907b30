import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRng } from '../../../../shared/rng.ts';
import { parseMessage } from '../../../../signaling/sip/message/parse-message.ts';
import { transportLimits } from '../../../../signaling/sip/transport/limits.ts';
import { type BadRequest, StatelessAnswers } from '../../../../signaling/sip/transport/stateless-answer.ts';
import { requestText } from './transport-rig.ts';

function bad(text = requestText({ method: 'INVITE' }), method?: string): BadRequest {
  const result = parseMessage(Buffer.from(text), 'datagram');
  assert.ok(result.kind === 'message' && result.message.kind === 'request');
  if (method !== undefined) result.message.method = method;
  return { request: result.message, status: 400, reason: 'Bad Request', size: text.length };
}

test('StatelessAnswers gives so many answers a second and not one more', () => {
  const answers = new StatelessAnswers(seededRng(1));
  const answered = (now: number) =>
    Array.from({ length: 1000 }, () => answers.answer(bad(), now)).filter((bytes) => bytes !== undefined).length;
  assert.equal(answered(5000), transportLimits.statelessAnswers);
  assert.equal(answered(5000), 0);
  assert.equal(answered(5500), transportLimits.statelessAnswers / 2);
  assert.equal(answered(60_000), transportLimits.statelessAnswers);
});

test('StatelessAnswers never sends more than twice what it got, and nothing to an ACK', () => {
  const answers = new StatelessAnswers(seededRng(1));
  const small = { ...bad(), size: 50 };
  assert.equal(answers.answer(small, 1000), undefined);
  assert.equal(answers.answer(bad(requestText(), 'ACK'), 1000), undefined);
  assert.ok(answers.answer(bad(), 1000) !== undefined);
});

test('StatelessAnswers keeps a To-tag that is there and makes unguessable ones', () => {
  const [one, other] = [new StatelessAnswers(seededRng(1)), new StatelessAnswers(seededRng(2))];
  const tagged = one.answer(bad(requestText().replace('To: <sip:bob@example.com>', 'To: <sip:bob@example.com>;tag=x')), 1000);
  assert.match(String(tagged), /\r\nTo: <sip:bob@example.com>;tag=x\r\n/);
  assert.notEqual(String(one.answer(bad(), 1000)), String(other.answer(bad(), 1000)));
});
