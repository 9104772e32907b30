import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, hangUp, nodeSdp, phoneSdp, talking } from './story.ts';
import { sdp } from './world.ts';

test('hold and resume from the caller', async () => {
  const { world, phone, node, caller } = await talking();
  for (const direction of ['sendonly', 'sendrecv']) {
    await caller.request('INVITE', [], sdp('203.0.113.5', 4000, [`a=${direction}`]));
    phone.expect(100);
    const invite = node.expect('INVITE');
    assert.match(bodyOf(invite), new RegExp(`a=${direction}`));
    await node.answer(invite, 200, { body: nodeSdp });
    phone.expect(200);
    await caller.ack();
    assert.equal(node.expect('ACK').cseq.sequence, invite.cseq.sequence);
  }
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('a re-INVITE from the callee without SDP: offer in the 200, answer in the ACK', async () => {
  const { world, phone, node, caller, callee } = await talking();
  await callee.request('INVITE');
  const invite = phone.expect('INVITE');
  assert.equal(invite.body.length, 0);
  await phone.answer(invite, 200, { body: phoneSdp });
  const offer = node.expect(200);
  assert.match(bodyOf(offer), /c=IN IP4 10\.0\.0\.1\r\n/);
  await callee.request('ACK', [], nodeSdp, 101);
  assert.match(bodyOf(phone.expect('ACK')), /198\.51\.100\.1/);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('re-INVITEs cross: who comes second gets 491, who repeats before the answer gets 500', async () => {
  const { world, phone, node, caller, callee } = await talking();
  await caller.request('INVITE', [], phoneSdp);
  const invite = node.expect('INVITE');
  await callee.request('INVITE', [], nodeSdp);
  node.expect(491);
  await caller.request('INVITE', [], phoneSdp);
  assert.ok(phone.expect(500).headers.has('retry-after'));
  await node.answer(invite, 200, { body: nodeSdp });
  phone.expect(200);
  await caller.ack('', caller.sequence - 1);
  node.expect('ACK');
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('a refused re-INVITE leaves the call as it was', async () => {
  const { world, phone, node, caller } = await talking();
  const [session] = world.relay.sessions.values();
  const before = JSON.stringify(session?.state?.transports.map((transport) => transport.remote));
  await caller.request('INVITE', [], sdp('203.0.113.5', 4444));
  await node.answer(node.expect('INVITE'), 488);
  phone.expect(488);
  const [after] = world.relay.sessions.values();
  assert.equal(JSON.stringify(after?.state?.transports.map((transport) => transport.remote)), before);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('481 to a re-INVITE: the far side has lost the call, both sides are ended', async () => {
  const { world, phone, node, caller } = await talking();
  await caller.request('INVITE', [], phoneSdp);
  await node.answer(node.expect('INVITE'), 481);
  phone.expect(481);
  phone.expect('BYE');
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.reason, 'leg-lost');
});

test('CANCEL of a re-INVITE reaches the other side and the call lives on', async () => {
  const { world, phone, node, caller } = await talking();
  const lines = caller.lines('INVITE', [], 2);
  await phone.send(lines, phoneSdp);
  const invite = node.expect('INVITE');
  await node.answer(invite, 180);
  await caller.cancel(lines);
  const cancel = node.expect('CANCEL');
  await node.answer(cancel, 200);
  await node.answer(invite, 487);
  phone.expect(487);
  assert.equal(world.b2bua.calls, 1);
  await caller.request('INFO');
  await caller.request('BYE');
  await node.answer(node.expect('BYE'), 200);
  await world.assertEmpty();
});

test('INFO, MESSAGE, OPTIONS and a method nobody knows cross in both directions with their bodies', async () => {
  const { world, phone, node, caller, callee } = await talking();
  for (const method of ['INFO', 'MESSAGE', 'OPTIONS', 'SHIMMER']) {
    await caller.request(method, ['Content-Type: application/x-odd', 'X-Custom: yes'], 'from the phone');
    const inward = node.expect(method);
    assert.equal(bodyOf(inward), 'from the phone');
    assert.equal(inward.headers.get('x-custom'), 'yes');
    await node.answer(inward, 200);
    phone.expect(200);
    await callee.request(method, ['Content-Type: application/x-odd', 'X-Secret: node7'], 'from the node');
    const outward = phone.expect(method);
    assert.equal(bodyOf(outward), 'from the node');
    assert.equal(outward.headers.has('x-secret'), false);
    await phone.answer(outward, 200);
    node.expect(200);
  }
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('forged requests: wrong tags, an old CSeq, right tags from elsewhere; the call lives', async () => {
  const { world, phone, node, caller } = await talking();
  const elsewhere = world.party('outside', '203.0.113.66', 5060);
  await elsewhere.send(caller.lines('BYE', [], 9));
  elsewhere.expect(481);
  await phone.send(caller.lines('BYE', [], 9).map((line) => line.replace(/(To: .*;tag=).*/, '$1wrong')));
  phone.expect(481);
  await phone.send(caller.lines('INFO', [], 0));
  phone.expect(500);
  assert.equal(node.count('BYE') + node.count('INFO'), 0);
  assert.equal(world.b2bua.calls, 1);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});
