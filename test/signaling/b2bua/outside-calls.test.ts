import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Party } from './world.ts';
import { World } from './world.ts';

function cast(): { world: World; phone: Party; node: Party } {
  const world = new World();
  return { world, phone: world.party('outside', '203.0.113.5', 5080), node: world.party('inside', '10.0.0.11') };
}

function lines(phone: Party, method: string, uri: string, extra: readonly string[] = []): string[] {
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: ${phone.via()}`,
    'From: <sip:alice@example.com>;tag=a',
    `To: <${uri}>`,
    `Call-ID: ${method}-1`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:alice@${phone.hostPort}>`,
    ...extra,
  ];
}

test('OPTIONS to Weir is answered by Weir, OPTIONS to somebody behind it by the node', async () => {
  const { world, phone, node } = cast();
  await phone.send(lines(phone, 'OPTIONS', 'sip:198.51.100.1'));
  const ours = phone.expect(200);
  assert.match(ours.headers.get('allow') ?? '', /INVITE/);
  assert.equal(ours.headers.has('server'), false);
  assert.equal(node.heard.length, 0);
  await phone.send(lines(phone, 'OPTIONS', 'sip:bob@198.51.100.1').map((line) => line.replace('OPTIONS-1', 'OPTIONS-2')));
  await node.answer(node.expect('OPTIONS'), 200, { lines: ['Allow: INVITE'] });
  assert.equal(phone.expect(200).headers.get('allow'), 'INVITE');
  await world.assertEmpty();
});

test('MESSAGE crosses with its body and fails over to the next node when one is silent', async () => {
  const { world, phone, node } = cast();
  const second = world.party('inside', '10.0.0.12');
  await phone.send(lines(phone, 'MESSAGE', 'sip:bob@198.51.100.1', ['Content-Type: text/plain']), 'hello');
  assert.equal(Buffer.from(node.expect('MESSAGE').body).toString(), 'hello');
  await world.pass(8100);
  const message = second.expect('MESSAGE');
  await second.answer(message, 202);
  phone.expect(202);
  await world.assertEmpty();
});

test('a subscription: its dialog, NOTIFYs, refresh and end', async () => {
  const { world, phone, node } = cast();
  await phone.send(lines(phone, 'SUBSCRIBE', 'sip:bob@198.51.100.1', ['Event: message-summary', 'Expires: 600']));
  const subscribe = node.expect('SUBSCRIBE');
  assert.equal(subscribe.headers.get('event'), 'message-summary');
  await node.answer(subscribe, 200, { tag: 'n', lines: ['Expires: 600', 'Contact: <sip:node@10.0.0.11>'] });
  const accepted = phone.expect(200);
  assert.equal(accepted.headers.get('contact'), '<sip:weir@198.51.100.1:5060>');
  const contact = /<([^>]*)>/.exec(subscribe.headers.get('contact') ?? '')?.[1];
  const notify = (sequence: number, state: string): string[] => [
    `NOTIFY ${contact} SIP/2.0`,
    `Via: ${node.via()}`,
    `From: ${subscribe.headers.get('to')};tag=n`,
    `To: ${subscribe.headers.get('from')}`,
    `Call-ID: ${subscribe.callId}`,
    `CSeq: ${sequence} NOTIFY`,
    'Contact: <sip:node@10.0.0.11>',
    'Event: message-summary',
    `Subscription-State: ${state}`,
    'Content-Type: application/simple-message-summary',
  ];
  await node.send(notify(1, 'active;expires=600'), 'Messages-Waiting: yes\r\n');
  const notified = phone.expect('NOTIFY');
  assert.equal(notified.callId, 'SUBSCRIBE-1');
  assert.equal(Buffer.from(notified.body).toString(), 'Messages-Waiting: yes\r\n');
  await phone.answer(notified, 200);
  node.expect(200);
  await world.pass(500_000);
  await phone.send(
    lines(phone, 'SUBSCRIBE', 'sip:weir@198.51.100.1', ['Event: message-summary', 'Expires: 600']).map((line) =>
      line.replace(/^To: .*/, `To: ${accepted.headers.get('to')}`).replace('CSeq: 1', 'CSeq: 2'),
    ),
  );
  await node.answer(node.expect('SUBSCRIBE'), 200, { lines: ['Expires: 600'] });
  phone.expect(200);
  await world.pass(500_000);
  await node.send(notify(2, 'terminated;reason=timeout'));
  await phone.answer(phone.expect('NOTIFY'), 200);
  await world.assertEmpty();
});

test('a NOTIFY that overtakes the 200 of its SUBSCRIBE is not lost', async () => {
  const { world, phone, node } = cast();
  await phone.send(lines(phone, 'SUBSCRIBE', 'sip:bob@198.51.100.1', ['Event: presence']));
  const subscribe = node.expect('SUBSCRIBE');
  const early = [
    'NOTIFY sip:weir@10.0.0.1 SIP/2.0',
    `Via: ${node.via()}`,
    `From: ${subscribe.headers.get('to')};tag=n`,
    `To: ${subscribe.headers.get('from')}`,
    `Call-ID: ${subscribe.callId}`,
    'CSeq: 1 NOTIFY',
    'Contact: <sip:node@10.0.0.11>',
    'Event: presence',
    'Subscription-State: active;expires=60',
  ];
  await node.send(early);
  assert.equal(node.count(481), 0);
  await node.answer(subscribe, 200, { tag: 'n', lines: ['Expires: 60'] });
  phone.expect(200);
  await phone.answer(phone.expect('NOTIFY'), 200);
  node.expect(200);
  await world.assertEmpty();
});
