import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, hangUp, inviting, joined, nodeSdp, phoneSdp } from './story.ts';
import { sdp } from './world.ts';

const reliable = ['Supported: 100rel'];

test('a reliable 183 gets an RSeq of ours, is repeated until its PRACK, and RAck is mapped', async () => {
  const { world, phone, node, caller, callee } = await inviting({ extra: reliable });
  await callee.answer(183, { lines: ['Require: 100rel', 'RSeq: 813520'], body: nodeSdp });
  const progress = phone.expect(183);
  const rseq = progress.headers.get('rseq');
  assert.equal(progress.headers.get('require'), '100rel');
  await world.pass(1600);
  assert.equal(phone.count(183), 3, 'at 0, 0.5 and 1.5 s');
  joined(caller, progress);
  await caller.request('PRACK', [`RAck: ${rseq} 1 INVITE`]);
  const prack = node.expect('PRACK');
  assert.equal(prack.headers.get('rack'), `813520 ${callee.invite.cseq.sequence} INVITE`);
  await node.answer(prack, 200);
  phone.expect(200);
  await world.pass(5000);
  assert.equal(phone.count(183), 3, 'no more after the PRACK');
  await callee.answer(200);
  joined(caller, phone.expect(200));
  await caller.ack('', 1);
  node.expect('ACK');
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('a repeated reliable provisional of the callee does not cross twice', async () => {
  const { world, phone, callee } = await inviting({ extra: reliable });
  await callee.answer(183, { lines: ['Require: 100rel', 'RSeq: 5'], body: nodeSdp });
  await callee.answer(183, { lines: ['Require: 100rel', 'RSeq: 5'], body: nodeSdp });
  assert.equal(phone.count(183), 1);
  await world.assertEmpty();
});

test('PRACK with an unknown RAck gets 481 and does not cross', async () => {
  const { world, phone, node, caller, callee } = await inviting({ extra: reliable });
  await callee.answer(183, { lines: ['Require: 100rel', 'RSeq: 5'], body: nodeSdp });
  joined(caller, phone.expect(183));
  await caller.request('PRACK', ['RAck: 77 1 INVITE']);
  phone.expect(481);
  assert.equal(node.count('PRACK'), 0);
  await world.assertEmpty();
});

test('no PRACK for 64*T1: the caller gets 504 and the callee is cancelled', async () => {
  const { world, phone, node, callee } = await inviting({ extra: reliable });
  await callee.answer(183, { lines: ['Require: 100rel', 'RSeq: 5'], body: nodeSdp });
  await world.pass(33_000);
  phone.expect(504);
  node.expect('CANCEL');
  await world.assertEmpty();
});

test('late offer in a reliable 183, answered in the PRACK, then an UPDATE from each side', async () => {
  const { world, phone, node, caller, callee } = await inviting({ extra: reliable, body: '' });
  await callee.answer(183, { lines: ['Require: 100rel', 'RSeq: 1'], body: nodeSdp });
  const progress = phone.expect(183);
  assert.match(bodyOf(progress), /198\.51\.100\.1/);
  joined(caller, progress);
  await caller.request('PRACK', [`RAck: ${progress.headers.get('rseq')} 1 INVITE`], phoneSdp);
  const prack = node.expect('PRACK');
  assert.match(bodyOf(prack), /10\.0\.0\.1\r\n/);
  await node.answer(prack, 200);
  phone.expect(200);

  await caller.request('UPDATE', [], sdp('203.0.113.5', 4000, ['a=sendonly']));
  const update = node.expect('UPDATE');
  assert.match(bodyOf(update), /a=sendonly/);
  await node.answer(update, 200, { body: sdp('10.0.0.11', 6000, ['a=recvonly']) });
  assert.match(bodyOf(phone.expect(200)), /a=recvonly/);

  await callee.request('UPDATE', [], nodeSdp);
  const back = phone.expect('UPDATE');
  assert.match(bodyOf(back), /198\.51\.100\.1/);
  await phone.answer(back, 200, { body: phoneSdp });
  node.expect(200);

  await callee.answer(200);
  phone.expect(200);
  await caller.ack('', 1);
  node.expect('ACK');
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});
