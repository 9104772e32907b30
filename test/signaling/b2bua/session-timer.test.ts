import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hangUp, inviting, joined, nodeSdp, phoneSdp } from './story.ts';
import { worldConfig } from './world.ts';

const timers = ['Supported: timer', 'Session-Expires: 90;refresher=uac', 'Min-SE: 90'];

test('carry: the parties agree end to end, and a session that nobody refreshes ends on both sides', async () => {
  const { world, phone, node, caller, callee } = await inviting({ extra: timers });
  assert.equal(callee.invite.headers.get('session-expires'), '90;refresher=uac');
  await callee.answer(200, { lines: ['Require: timer', 'Session-Expires: 90;refresher=uac'], body: nodeSdp });
  const answer = phone.expect(200);
  assert.equal(answer.headers.get('session-expires'), '90;refresher=uac');
  joined(caller, answer);
  await caller.ack();
  await world.pass(45_000);
  await caller.request('UPDATE', timers);
  await node.answer(node.expect('UPDATE'), 200, { lines: ['Session-Expires: 90;refresher=uac'] });
  phone.expect(200);
  await world.pass(80_000);
  assert.equal(phone.count('BYE'), 0, 'refreshed 80 s ago');
  await world.pass(15_000);
  assert.equal(phone.count('BYE') > 0 && node.count('BYE') > 0, true);
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.reason, 'session-expired');
});

test('keep: the caller never sees the timer of the inside, which Weir refreshes by UPDATE', async () => {
  const config = worldConfig({ inside: { sessionTimers: 'keep' } });
  const { world, phone, node, caller, callee } = await inviting({ config, extra: timers });
  assert.equal(callee.invite.headers.get('session-expires'), '1800');
  await callee.answer(200, { lines: ['Allow: INVITE, ACK, BYE, UPDATE', 'Session-Expires: 100;refresher=uac'], body: nodeSdp });
  const answer = phone.expect(200);
  assert.equal(answer.headers.has('session-expires'), false);
  joined(caller, answer);
  await caller.ack();
  node.expect('ACK');
  for (let i = 0; i < 3; i++) {
    await world.pass(50_100);
    const update = node.expect('UPDATE');
    assert.equal(update.body.length, 0);
    await node.answer(update, 200, { lines: ['Session-Expires: 100;refresher=uac'] });
  }
  assert.equal(
    phone.heard.some((message) => message.kind === 'request'),
    false,
  );
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('keep without UPDATE: the refresh is a re-INVITE with the SDP shown last', async () => {
  const config = worldConfig({ inside: { sessionTimers: 'keep' } });
  const { world, phone, node, caller, callee } = await inviting({ config });
  await callee.answer(200, { lines: ['Session-Expires: 100'], body: nodeSdp });
  joined(caller, phone.expect(200));
  await caller.ack();
  node.expect('ACK');
  await world.pass(50_100);
  const refresh = node.expect('INVITE');
  assert.equal(Buffer.from(refresh.body).toString(), Buffer.from(callee.invite.body).toString());
  await node.answer(refresh, 200, { body: nodeSdp });
  node.expect('ACK');
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('keep: a refresh that finds nobody ends the call on both sides', async () => {
  const config = worldConfig({ inside: { sessionTimers: 'keep' } });
  const { world, phone, node, caller, callee } = await inviting({ config });
  await callee.answer(200, { lines: ['Allow: UPDATE', 'Session-Expires: 100;refresher=uac'], body: nodeSdp });
  joined(caller, phone.expect(200));
  await caller.ack();
  await world.pass(50_100);
  await node.answer(node.expect('UPDATE'), 481);
  await phone.answer(phone.expect('BYE'), 200);
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.reason, 'session-expired');
});

test('keep towards the caller: its own timer is agreed with Weir, its UPDATE answered by Weir', async () => {
  const config = worldConfig({ outside: { sessionTimers: 'keep' } });
  const { world, phone, node, caller, callee } = await inviting({
    config,
    extra: ['Supported: timer', 'Session-Expires: 120;refresher=uac'],
  });
  assert.equal(callee.invite.headers.has('session-expires'), false);
  await callee.answer(200, { body: nodeSdp });
  const answer = phone.expect(200);
  assert.equal(answer.headers.get('session-expires'), '120;refresher=uac');
  assert.equal(answer.headers.get('require'), 'timer');
  joined(caller, answer);
  await caller.ack();
  await world.pass(60_000);
  await caller.request('UPDATE', ['Supported: timer', 'Session-Expires: 120;refresher=uac']);
  assert.equal(phone.expect(200).headers.get('session-expires'), '120;refresher=uac');
  assert.equal(node.count('UPDATE'), 0);
  await world.pass(95_000);
  phone.expect('BYE');
  await world.assertEmpty();
});

test('keep: an interval below 90 s is refused with 422 and the least that is allowed', async () => {
  const config = worldConfig({ outside: { sessionTimers: 'keep' } });
  const { world, phone } = await inviting({ config });
  await phone.send(
    [
      'INVITE sip:x@198.51.100.1 SIP/2.0',
      `Via: ${phone.via()}`,
      'From: <sip:a@b>;tag=9',
      'To: <sip:x@c>',
      'Call-ID: short',
      'CSeq: 1 INVITE',
      'Session-Expires: 30',
    ],
    phoneSdp,
  );
  assert.equal(phone.expect(422).headers.get('min-se'), '90');
  await world.assertEmpty();
});

test('keep: a callee that wants a longer interval (422) is asked again with it', async () => {
  const config = worldConfig({ inside: { sessionTimers: 'keep' } });
  const { world, phone, node, caller, callee } = await inviting({ config });
  await callee.answer(422, { lines: ['Min-SE: 3600'] });
  const again = node.expect('INVITE');
  assert.equal(again.headers.get('session-expires'), '3600');
  assert.equal(phone.count(422), 0);
  await node.answer(again, 200, { tag: 'again', body: nodeSdp });
  joined(caller, phone.expect(200));
  await caller.ack();
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});
