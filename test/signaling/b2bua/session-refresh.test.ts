import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hangUp, inviting, joined, nodeSdp, phoneSdp, type Story } from './story.ts';
import { worldConfig } from './world.ts';

const kept = worldConfig({ inside: { sessionTimers: 'keep' } });

/** A call whose node lets Weir refresh every 50 s, by UPDATE or by re-INVITE. */
async function timed(allow: 'Allow: INVITE, UPDATE' | 'Allow: INVITE', config = kept): Promise<Story> {
  const story = await inviting({ config });
  await story.callee.answer(200, { lines: [allow, 'Session-Expires: 100;refresher=uac'], body: nodeSdp });
  joined(story.caller, story.phone.expect(200));
  await story.caller.ack();
  story.node.expect('ACK');
  return story;
}

test('a refresh under way when the call ends leaves nothing behind', async () => {
  const { world, phone, node, caller } = await timed('Allow: INVITE, UPDATE');
  await world.pass(50_100);
  const update = node.expect('UPDATE');
  await hangUp({ phone, node, caller });
  await node.answer(update, 200, { lines: ['Session-Expires: 86400;refresher=uac'] });
  await world.assertEmpty();
});

test('a refresh by re-INVITE that rings when the call ends is cancelled', async () => {
  const { world, phone, node, caller } = await timed('Allow: INVITE');
  await world.pass(50_100);
  const refresh = node.expect('INVITE');
  await node.answer(refresh, 180);
  await hangUp({ phone, node, caller });
  assert.equal(node.count('CANCEL'), 1);
  await world.assertEmpty();
});

test('a refresh by re-INVITE that nobody ever answers ends the call', async () => {
  const { world, phone, node } = await timed('Allow: INVITE');
  await world.pass(50_100);
  await node.answer(node.expect('INVITE'), 180);
  await world.pass(150_000);
  phone.expect('BYE');
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.reason, 'session-expired');
});

test('a re-INVITE of the caller waits while a refresh of ours is under way to the callee', async () => {
  const { world, phone, node, caller } = await timed('Allow: INVITE');
  await world.pass(50_100);
  const refresh = node.expect('INVITE');
  await caller.request('INVITE', [], phoneSdp);
  phone.expect(491);
  assert.equal(node.count('INVITE'), 2, 'the first one and the refresh');
  await node.answer(refresh, 200, { body: nodeSdp });
  node.expect('ACK');
  await caller.request('INVITE', [], phoneSdp);
  await node.answer(node.expect('INVITE'), 200, { body: nodeSdp });
  phone.expect(200);
  await caller.ack();
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('a refresh that is refused for now is tried again before the interval is over', async () => {
  for (const [allow, method] of [
    ['Allow: INVITE', 'INVITE'],
    ['Allow: INVITE, UPDATE', 'UPDATE'],
  ] as const) {
    for (const status of [491, 500]) {
      const { world, phone, node, caller } = await timed(allow);
      await world.pass(50_100);
      await node.answer(node.expect(method), status);
      await world.pass(15_000);
      assert.ok(node.find(method), `${method} again, 65 s after the start`);
      await hangUp({ phone, node, caller });
      await world.assertEmpty();
    }
  }
});

test('a refresh that finds the interval too small (422) is sent again with a larger one', async () => {
  const { world, phone, node, caller } = await timed('Allow: INVITE, UPDATE');
  await world.pass(50_100);
  await node.answer(node.expect('UPDATE'), 422, { lines: ['Min-SE: 600'] });
  const again = node.expect('UPDATE');
  assert.equal(again.headers.get('session-expires'), '600;refresher=uac');
  await node.answer(again, 200, { lines: ['Session-Expires: 600;refresher=uac'] });
  await world.pass(290_000);
  assert.equal(node.find('UPDATE'), undefined);
  await world.pass(11_000);
  node.expect('UPDATE');
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('keep: an interval below 90 s is refused within the call too', async () => {
  const config = worldConfig({ outside: { sessionTimers: 'keep' } });
  const { world, phone, node, caller } = await timed('Allow: INVITE', config);
  for (const method of ['UPDATE', 'INVITE']) {
    await caller.request(method, ['Supported: timer', 'Session-Expires: 30'], method === 'INVITE' ? phoneSdp : '');
    assert.equal(phone.expect(422).headers.get('min-se'), '90');
    assert.equal(node.find(method), undefined);
  }
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('keep: Weir offers no less than the Min-SE of the party', async () => {
  const config = worldConfig({ outside: { sessionTimers: 'keep' } });
  const { world, phone, node, caller, callee } = await inviting({ config, extra: ['Supported: timer', 'Min-SE: 3600'] });
  await callee.answer(200, { body: nodeSdp });
  const answer = phone.expect(200);
  assert.equal(answer.headers.get('session-expires'), '3600;refresher=uas');
  joined(caller, answer);
  await caller.ack();
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('carry: a re-INVITE without SDP that refreshes the session starts the interval anew', async () => {
  const timers = ['Supported: timer', 'Session-Expires: 90;refresher=uac'];
  const { world, phone, node, caller, callee } = await inviting({ extra: timers });
  await callee.answer(200, { lines: ['Session-Expires: 90;refresher=uac'], body: nodeSdp });
  joined(caller, phone.expect(200));
  await caller.ack();
  for (let i = 0; i < 3; i++) {
    await world.pass(60_000);
    await caller.request('INVITE', timers, phoneSdp);
    await node.answer(node.expect('INVITE'), 200, { lines: ['Session-Expires: 90;refresher=uac'], body: nodeSdp });
    phone.expect(200);
    await caller.ack();
  }
  assert.equal(world.b2bua.calls, 1);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('a refresh by re-INVITE repeats what was agreed, not an offer that was refused', async () => {
  const { world, phone, node, caller, callee } = await timed('Allow: INVITE');
  await caller.request('INVITE', [], phoneSdp.replace('RTP/AVP 0 101', 'RTP/AVP 8 101'));
  await node.answer(node.expect('INVITE'), 488);
  phone.expect(488);
  await world.pass(50_100);
  const refresh = node.expect('INVITE');
  assert.equal(Buffer.from(refresh.body).toString(), Buffer.from(callee.invite.body).toString());
  await node.answer(refresh, 200, { body: nodeSdp });
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});
