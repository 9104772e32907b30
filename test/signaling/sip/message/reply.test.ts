import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Headers } from '../../../../signaling/sip/message/headers.ts';
import { encodeMessage } from '../../../../signaling/sip/message/parse-message.ts';
import { reasonPhrase } from '../../../../signaling/sip/message/reason-phrase.ts';
import { replyTo } from '../../../../signaling/sip/message/reply.ts';
import { SipRequest } from '../../../../signaling/sip/message/request.ts';

function request(): SipRequest {
  const headers = new Headers();
  for (const [name, value] of [
    ['via', 'SIP/2.0/UDP a;branch=z9hG4bK1'],
    ['via', 'SIP/2.0/UDP b;branch=z9hG4bK2, SIP/2.0/UDP c'],
    ['from', '<sip:a@b>;tag=1'],
    ['to', '<sip:c@d>'],
    ['call-id', 'x'],
    ['cseq', '1 INVITE'],
    ['timestamp', '54'],
    ['contact', '<sip:a@b>'],
    ['record-route', '<sip:r;lr>'],
  ] as const) {
    headers.append(name, value);
  }
  return new SipRequest({ method: 'INVITE', uri: 'sip:c@d', headers });
}

test('replyTo copies the fields of RFC 3261 8.2.6.2 and nothing else', () => {
  const response = replyTo(request(), 486);
  assert.equal(
    encodeMessage(response).toString(),
    [
      'SIP/2.0 486 Busy Here',
      'Via: SIP/2.0/UDP a;branch=z9hG4bK1',
      'Via: SIP/2.0/UDP b;branch=z9hG4bK2, SIP/2.0/UDP c',
      'From: <sip:a@b>;tag=1',
      'To: <sip:c@d>',
      'Call-ID: x',
      'CSeq: 1 INVITE',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
});

test('replyTo copies Timestamp into 100 and takes another reason', () => {
  assert.equal(replyTo(request(), 100).headers.get('timestamp'), '54');
  assert.equal(replyTo(request(), 403, 'Not Here').reason, 'Not Here');
});

test('replyTo leaves the request as it was', () => {
  const original = request();
  const response = replyTo(original, 200);
  response.headers.set('to', '<sip:c@d>;tag=9');
  response.headers.removeFirst('via');
  assert.equal(original.headers.get('to'), '<sip:c@d>');
  assert.equal(original.headers.count('via'), 2);
});

test('reasonPhrase names the class of codes it does not know', () => {
  assert.deepEqual([180, 199, 299, 499, 599, 699, 42].map(reasonPhrase), [
    'Ringing',
    'Early Dialog Terminated',
    'OK',
    'Bad Request',
    'Server Internal Error',
    'Decline',
    'Unknown',
  ]);
});
