import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, hangUp, inviting, joined, nodeSdp, phoneSdp, talking } from './story.ts';

test('a late copy of the ACK of the first INVITE does not acknowledge a re-INVITE', async () => {
  const { world, phone, node, caller } = await talking();
  await caller.request('INVITE');
  await node.answer(node.expect('INVITE'), 200, { body: nodeSdp });
  phone.expect(200);
  await caller.ack('', 1);
  assert.equal(node.find('ACK'), undefined, 'the ACK of the first INVITE means nothing here');
  await caller.ack(phoneSdp, 2);
  const ack = node.expect('ACK');
  assert.match(bodyOf(ack), /c=IN IP4 10\.0\.0\.1\r\n/, 'the answer to the late offer arrives');
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('a late copy of the first 200 gets the ACK of the first INVITE, also after a re-INVITE', async () => {
  const { world, phone, node, caller, callee } = await talking();
  await caller.request('INVITE', [], phoneSdp);
  const second = node.expect('INVITE');
  await node.answer(second, 200, { body: nodeSdp });
  phone.expect(200);
  await caller.ack();
  assert.equal(node.expect('ACK').cseq.sequence, second.cseq.sequence);
  await callee.answer(200, { body: nodeSdp });
  assert.equal(node.expect('ACK').cseq.sequence, callee.invite.cseq.sequence);
  await node.answer(second, 200, { body: nodeSdp });
  assert.equal(node.expect('ACK').cseq.sequence, second.cseq.sequence);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('an ACK that brings no answer to a late offer leaves the call open for the next offer', async () => {
  const { world, phone, node, caller, callee } = await inviting({ body: '' });
  await callee.answer(200, { body: nodeSdp });
  joined(caller, phone.expect(200));
  await caller.ack();
  node.expect('ACK');
  await caller.request('INVITE', [], phoneSdp);
  await node.answer(node.expect('INVITE'), 200, { body: nodeSdp });
  phone.expect(200);
  await caller.ack();
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('the callee hangs up before the ACK: its 200 is acknowledged all the same', async () => {
  const { world, phone, node, caller, callee } = await inviting();
  await callee.answer(200, { body: nodeSdp });
  joined(caller, phone.expect(200));
  await callee.request('BYE');
  node.expect(200);
  assert.equal(phone.count('BYE'), 0, 'no BYE before the ACK');
  await caller.ack();
  await phone.answer(phone.expect('BYE'), 200);
  await callee.answer(200, { body: nodeSdp });
  node.expect('ACK');
  await world.assertEmpty();
});
