import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, Callee, hangUp, inviting, joined, nodeSdp, phoneSdp, talking } from './story.ts';
import { sdp } from './world.ts';

test('a 200 that answers no offer leaves the way free for the next one, from either side', async () => {
  const { world, phone, node, caller, callee } = await inviting();
  await callee.answer(200);
  joined(caller, phone.expect(200));
  await caller.ack();
  node.expect('ACK');
  await callee.request('INVITE', [], nodeSdp);
  await phone.answer(phone.expect('INVITE'), 200, { body: phoneSdp });
  node.expect(200);
  await callee.request('ACK', [], '', 101);
  await caller.request('INVITE', [], sdp('203.0.113.5', 4002));
  await node.answer(node.expect('INVITE'), 200, { body: nodeSdp });
  phone.expect(200);
  await caller.ack();
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('UPDATE with an offer before the first one is answered gets 500 with Retry-After and changes nothing', async () => {
  const { world, phone, node, caller, callee } = await inviting();
  await callee.answer(180);
  joined(caller, phone.expect(180));
  await caller.request('UPDATE', [], sdp('203.0.113.5', 4444));
  assert.ok(phone.expect(500).headers.has('retry-after'));
  assert.equal(node.count('UPDATE'), 0);
  await callee.answer(200, { body: nodeSdp });
  assert.match(bodyOf(phone.expect(200)), /198\.51\.100\.1/);
  await caller.ack('', 1);
  node.expect('ACK');
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('UPDATE offers from both sides at once: the second gets 491', async () => {
  const { world, phone, node, caller, callee } = await talking();
  await caller.request('UPDATE', [], phoneSdp);
  const update = node.expect('UPDATE');
  await callee.request('UPDATE', [], nodeSdp);
  node.expect(491);
  await node.answer(update, 200, { body: nodeSdp });
  phone.expect(200);
  await callee.request('UPDATE', [], nodeSdp);
  await phone.answer(phone.expect('UPDATE'), 200, { body: phoneSdp });
  node.expect(200);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('an UPDATE that is refused leaves the media as it was', async () => {
  const { world, phone, node, caller } = await talking();
  await caller.request('UPDATE', [], sdp('203.0.113.5', 4444));
  await node.answer(node.expect('UPDATE'), 488);
  phone.expect(488);
  await caller.request('INVITE', [], sdp('203.0.113.5', 4446));
  await node.answer(node.expect('INVITE'), 200, { body: nodeSdp });
  phone.expect(200);
  await caller.ack();
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('late offer: after the offer of a node that fails, the offer of the next one reaches the caller', async () => {
  const { world, phone, node, caller, callee } = await inviting({ body: '', extra: ['Supported: 100rel'] });
  const next = world.party('inside', '10.0.0.12');
  await callee.answer(183, { lines: ['Require: 100rel', 'RSeq: 1'], body: nodeSdp });
  const progress = phone.expect(183);
  joined(caller, progress);
  await caller.request('PRACK', [`RAck: ${progress.headers.get('rseq')} 1 INVITE`], phoneSdp);
  await node.answer(node.expect('PRACK'), 200);
  phone.expect(200);
  await callee.answer(503);
  await new Callee(next, next.expect('INVITE'), 'n2').answer(200, { body: sdp('10.0.0.12', 7000) });
  const answer = phone.expect(200);
  assert.match(bodyOf(answer), /c=IN IP4 198\.51\.100\.1/);
  joined(caller, answer);
  await caller.ack(phoneSdp, 1);
  assert.match(bodyOf(next.expect('ACK')), /c=IN IP4 10\.0\.0\.1\r\n/);
  await hangUp({ phone, node: next, caller });
  await world.assertEmpty();
});

test('late offer: the fork that answers need not be the one that offered first', async () => {
  const { world, phone, node, caller, callee } = await inviting({ body: '', extra: ['Supported: 100rel'] });
  const [first, second] = [new Callee(node, callee.invite, 'first'), new Callee(node, callee.invite, 'second')];
  await first.answer(183, { lines: ['Require: 100rel', 'RSeq: 1'], body: nodeSdp });
  phone.expect(183);
  await second.answer(200, { body: sdp('10.0.0.11', 6100) });
  const answer = phone.expect(200);
  joined(caller, answer);
  await caller.ack(phoneSdp, 1);
  assert.match(bodyOf(node.expect('ACK')), /c=IN IP4 10\.0\.0\.1\r\n/);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('a 200 that repeats the answer of the reliable 183 after an UPDATE shows what holds now', async () => {
  const { world, phone, node, caller, callee } = await inviting({ extra: ['Supported: 100rel'] });
  await callee.answer(183, { lines: ['Require: 100rel', 'RSeq: 1'], body: nodeSdp });
  const progress = phone.expect(183);
  joined(caller, progress);
  await caller.request('PRACK', [`RAck: ${progress.headers.get('rseq')} 1 INVITE`]);
  await node.answer(node.expect('PRACK'), 200);
  phone.expect(200);
  await callee.request('UPDATE', [], sdp('10.0.0.11', 6000, ['a=sendonly']));
  await phone.answer(phone.expect('UPDATE'), 200, { body: sdp('203.0.113.5', 4000, ['a=recvonly']) });
  node.expect(200);
  await callee.answer(200, { body: nodeSdp });
  assert.match(bodyOf(phone.expect(200)), /198\.51\.100\.1/);
  await caller.ack('', 1);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('a preview in an unreliable 183 may differ from the answer of the 200', async () => {
  const { world, phone, node, caller, callee } = await inviting();
  await callee.answer(183, { body: nodeSdp });
  phone.expect(183);
  await callee.answer(200, { body: sdp('10.0.0.11', 6200, ['a=sendonly']) });
  const answer = phone.expect(200);
  assert.match(bodyOf(answer), /a=sendonly/);
  joined(caller, answer);
  await caller.ack();
  const [session] = world.relay.sessions.values();
  assert.ok(session?.state?.transports.some((transport) => transport.remote?.port === 6200));
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('an answer that does not fit the offer: 502 to the caller, ACK and BYE to the callee', async () => {
  const { world, phone, node, callee } = await inviting();
  await callee.answer(200, { body: `${nodeSdp}m=video 6002 RTP/AVP 96\r\n` });
  phone.expect(502);
  node.expect('ACK');
  await node.answer(node.expect('BYE'), 200);
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.reason, 'sdp-refused');
});

test('an UPDATE whose answer does not fit ends the call instead of leaving the sides apart', async () => {
  const { world, phone, node, caller } = await talking();
  await caller.request('UPDATE', [], phoneSdp);
  await node.answer(node.expect('UPDATE'), 200, { body: `${nodeSdp}m=video 6002 RTP/AVP 96\r\n` });
  phone.expect(488);
  await phone.answer(phone.expect('BYE'), 200);
  await node.answer(node.expect('BYE'), 200);
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.reason, 'sdp-refused');
});

test('a 200 that repeats its answer while the callee has an UPDATE open is a 200 all the same', async () => {
  const { world, phone, node, caller, callee } = await inviting({ extra: ['Supported: 100rel'] });
  await callee.answer(183, { lines: ['Require: 100rel', 'RSeq: 1'], body: nodeSdp });
  const progress = phone.expect(183);
  joined(caller, progress);
  await caller.request('PRACK', [`RAck: ${progress.headers.get('rseq')} 1 INVITE`]);
  await node.answer(node.expect('PRACK'), 200);
  phone.expect(200);
  await callee.request('UPDATE', [], sdp('10.0.0.11', 6000, ['a=sendonly']));
  const update = phone.expect('UPDATE');
  await callee.answer(200, { body: nodeSdp });
  assert.equal(phone.expect(200).cseq.method, 'INVITE');
  await phone.answer(update, 200, { body: sdp('203.0.113.5', 4000, ['a=recvonly']) });
  assert.match(bodyOf(node.expect(200)), /a=recvonly/);
  await caller.ack('', 1);
  node.expect('ACK');
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});
