import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hangUp, nodeSdp, phoneSdp, type Story, talking } from './story.ts';

/** A re-INVITE of the phone rings at the node. */
async function reInviting(): Promise<Story & { readonly again: ReturnType<Story['node']['expect']> & { kind: 'request' } }> {
  const story = await talking({ extra: ['Supported: 100rel'] });
  await story.caller.request('INVITE', ['Supported: 100rel'], phoneSdp);
  const again = story.node.expect('INVITE');
  await story.node.answer(again, 180);
  story.phone.expect(180);
  return { ...story, again };
}

test('BYE of the asker while its re-INVITE rings: 487 to the asker, and nothing is left when the callee never answers', async () => {
  const { world, phone, node, caller } = await reInviting();
  await caller.request('BYE');
  phone.expect(200);
  phone.expect(487);
  await node.answer(node.expect('BYE'), 200);
  await world.assertEmpty();
});

test('BYE of the callee while the re-INVITE of the caller rings: 487 to the caller', async () => {
  const { world, phone, node, callee, again } = await reInviting();
  await callee.request('BYE');
  node.expect(200);
  phone.expect(487);
  await phone.answer(phone.expect('BYE'), 200);
  await node.answer(again, 487);
  node.expect('ACK');
  await world.assertEmpty();
});

test('the 200 to a re-INVITE crosses the BYE: it is acknowledged, each time it comes', async () => {
  const { world, phone, node, caller, again } = await reInviting();
  await caller.request('BYE');
  phone.expect(487);
  const bye = node.expect('BYE');
  await node.answer(again, 200, { body: nodeSdp });
  assert.equal(node.expect('ACK').cseq.sequence, again.cseq.sequence);
  await node.answer(bye, 200);
  await node.answer(again, 200, { body: nodeSdp });
  assert.equal(node.expect('ACK').cseq.sequence, again.cseq.sequence);
  assert.equal(phone.count(200), 2, 'of the first INVITE and the BYE');
  await world.assertEmpty();
});

test('a re-INVITE that nobody answers is over after a minute, the call is not', async () => {
  const { world, phone, node, caller, again } = await reInviting();
  await world.pass(61_000);
  const cancel = node.expect('CANCEL');
  await node.answer(cancel, 200);
  await node.answer(again, 487);
  phone.expect(487);
  await caller.request('INFO');
  await node.answer(node.expect('INFO'), 200);
  phone.expect(200);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('no PRACK for a provisional of a re-INVITE: 504 to the re-INVITE, the call lives', async () => {
  const { world, phone, node, caller, again } = await reInviting();
  await node.answer(again, 183, { lines: ['Require: 100rel', 'RSeq: 4'] });
  phone.expect(183);
  await world.pass(33_000);
  phone.expect(504);
  const cancel = node.expect('CANCEL');
  await node.answer(cancel, 200);
  await node.answer(again, 487);
  assert.equal(world.b2bua.calls, 1);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('503 to a re-INVITE is handed on; only the transaction failed', async () => {
  const { world, phone, node, caller, again } = await reInviting();
  await node.answer(again, 503);
  phone.expect(503);
  assert.equal(phone.count('BYE'), 0);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('481 to a NOTIFY or SUBSCRIBE ends a subscription, not the call', async () => {
  const { world, phone, node, caller, callee } = await talking();
  await callee.request('NOTIFY', ['Event: talk', 'Subscription-State: active']);
  await phone.answer(phone.expect('NOTIFY'), 481);
  node.expect(481);
  await caller.request('SUBSCRIBE', ['Event: foo']);
  await node.answer(node.expect('SUBSCRIBE'), 481);
  phone.expect(481);
  assert.equal(world.b2bua.calls, 1);
  assert.equal(phone.count('BYE'), 0);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});
