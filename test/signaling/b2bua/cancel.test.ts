import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Callee, Caller, inviting, nodeSdp, phoneSdp } from './story.ts';
import { World } from './world.ts';

test('CANCEL while it rings: 487 to the caller, CANCEL with the reason to the callee', async () => {
  const { world, phone, node, caller, callee } = await inviting();
  await callee.answer(180);
  phone.expect(180);
  await caller.cancel(sameBranch(phone.place.address, caller, ['Reason: SIP;cause=200;text="Call completed elsewhere"']));
  phone.expect(200);
  phone.expect(487);
  await caller.ack();
  const cancel = node.expect('CANCEL');
  assert.equal(cancel.topVia.params.get('branch'), callee.invite.topVia.params.get('branch'));
  await node.answer(cancel, 200);
  await callee.answer(487);
  node.expect('ACK');
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.reason, 'caller-cancelled');
});

test('CANCEL before the node said anything waits for its first response', async () => {
  const { world, phone, node, caller, callee } = await inviting();
  await caller.cancel(sameBranch(phone.place.address, caller));
  phone.expect(487);
  assert.equal(node.count('CANCEL'), 0);
  await callee.answer(180);
  node.expect('CANCEL');
  await callee.answer(487);
  await world.assertEmpty();
});

test('CANCEL crosses the 200 of the callee: the callee gets ACK and BYE, the caller 487', async () => {
  const { world, phone, node, caller, callee } = await inviting();
  await callee.answer(180);
  await caller.cancel(sameBranch(phone.place.address, caller));
  phone.expect(487);
  await callee.answer(200, { body: nodeSdp });
  node.expect('ACK');
  const bye = node.expect('BYE');
  await callee.answer(200, { body: nodeSdp });
  assert.equal(node.count('ACK'), 2, 'the repeated 200 is acknowledged again');
  await node.answer(bye, 200);
  assert.equal(phone.count(200), 1, 'only the CANCEL was answered 200');
  await world.assertEmpty();
});

test('the 200 crosses the CANCEL: the call stands and the CANCEL changes nothing', async () => {
  const { world, phone, node, caller, callee } = await inviting();
  const cancel = sameBranch(phone.place.address, caller);
  await callee.answer(200, { body: nodeSdp });
  const answer = phone.expect(200);
  await caller.cancel(cancel);
  phone.expect(200);
  assert.equal(phone.count(487), 0);
  caller.to = answer.headers.get('to') ?? '';
  await caller.ack();
  node.expect('ACK');
  assert.equal(world.b2bua.calls, 1);
  world.b2bua.endAll('admin');
  await world.settle();
  await phone.answer(phone.expect('BYE'), 200);
  await node.answer(node.expect('BYE'), 200);
  await world.assertEmpty();
});

test('CANCEL while the media ports are being opened: no INVITE goes out', async () => {
  const world = new World();
  const phone = world.party('outside', '203.0.113.5', 5080);
  const node = world.party('inside', '10.0.0.11');
  const caller = new Caller(phone);
  const lines = caller.lines('INVITE');
  world.deliver(phone, [...lines, 'Content-Type: application/sdp', `Content-Length: ${phoneSdp.length}`, '', phoneSdp].join('\r\n'));
  await caller.cancel(lines);
  phone.expect(487);
  // Whatever was sent is taken back.
  const invite = node.find('INVITE');
  if (invite?.kind === 'request') await new Callee(node, invite).answer(180);
  assert.equal(node.count('CANCEL'), node.count('INVITE'));
  await world.assertEmpty();
});

test('a thousand calls set up and cancelled leave nothing', async () => {
  const world = new World();
  const phone = world.party('outside', '203.0.113.5', 5080);
  world.party('inside', '10.0.0.11');
  for (let i = 0; i < 1000; i++) {
    const caller = new Caller(phone, `storm-${i}`, `t${i}`);
    const lines = caller.lines('INVITE');
    world.deliver(phone, [...lines, 'Content-Type: application/sdp', `Content-Length: ${phoneSdp.length}`, '', phoneSdp].join('\r\n'));
    await caller.cancel(lines);
    if (i % 100 === 99) await world.pass(1000);
  }
  assert.equal(phone.count(487) >= 1000, true);
  await world.assertEmpty();
});

/** The INVITE's own lines again: its branch is the last that the phone used for it. */
function sameBranch(address: string, caller: Caller, extra: readonly string[] = []): string[] {
  return caller
    .lines('INVITE', extra, 1)
    .map((line) => (line.startsWith('Via:') ? line.replace(/branch=[^;]*/, `branch=z9hG4bK${address}-1`) : line));
}
