import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, Callee, Caller, hangUp, joined, nodeSdp, phoneSdp } from './story.ts';
import { type Party, sdp, World, worldConfig } from './world.ts';

function cast(config = worldConfig()): { world: World; phone: Party; nodes: Party[]; caller: Caller } {
  const world = new World(config);
  const phone = world.party('outside', '203.0.113.5', 5080);
  const nodes = ['10.0.0.11', '10.0.0.12', '10.0.0.13'].map((address) => world.party('inside', address));
  return { world, phone, nodes, caller: new Caller(phone) };
}

test('calls take the nodes in turn', async () => {
  const { world, phone, nodes } = cast();
  for (let i = 0; i < 6; i++) await new Caller(phone, `c${i}`).request('INVITE', [], phoneSdp);
  assert.deepEqual(
    nodes.map((node) => node.count('INVITE')),
    [2, 2, 2],
  );
  await world.assertEmpty();
});

test('503 of a node sends the call to the next, which the caller does not notice', async () => {
  const { world, phone, nodes, caller } = cast();
  await caller.request('INVITE', [], phoneSdp);
  const [first, second] = [nodes[0]!, nodes[1]!];
  await new Callee(first, first.expect('INVITE')).answer(503, { lines: ['Retry-After: 300'] });
  first.expect('ACK');
  const invite = second.expect('INVITE');
  await new Callee(second, invite, 'n2').answer(200, { body: sdp('10.0.0.12', 7000) });
  joined(caller, phone.expect(200));
  assert.equal(phone.count(503), 0);
  await caller.ack();
  second.expect('ACK');
  await hangUp({ phone, node: second, caller });
  // The failed node is held off: the next calls go to the others.
  for (let i = 0; i < 4; i++) await new Caller(phone, `later-${i}`).request('INVITE', [], phoneSdp);
  assert.equal(first.count('INVITE'), 1);
  await world.assertEmpty();
});

test('a silent node is given up after responseMs; its late 200 is acknowledged and hung up', async () => {
  const { world, phone, nodes, caller } = cast();
  await caller.request('INVITE', [], phoneSdp);
  const [first, second] = [nodes[0]!, nodes[1]!];
  const late = new Callee(first, first.expect('INVITE'));
  await world.pass(2100);
  const invite = second.expect('INVITE');
  await late.answer(200, { body: nodeSdp });
  first.expect('ACK');
  await first.answer(first.expect('BYE'), 200);
  await new Callee(second, invite, 'n2').answer(200, { body: sdp('10.0.0.12', 7000) });
  joined(caller, phone.expect(200));
  await caller.ack();
  await hangUp({ phone, node: second, caller });
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.node, 'n2');
});

test('when all nodes fail the caller hears the last failure', async () => {
  const { world, phone, nodes, caller } = cast();
  await caller.request('INVITE', [], phoneSdp);
  for (const node of nodes) await new Callee(node, node.expect('INVITE')).answer(503);
  phone.expect(503);
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.reason, 'no-destination');
});

test('all nodes silent: the caller gets 504', async () => {
  const { world, phone, caller } = cast();
  await caller.request('INVITE', [], phoneSdp);
  await world.pass(6500);
  phone.expect(504);
  await world.assertEmpty();
});

test('a failure that is not in the failover codes goes to the caller at once', async () => {
  const { world, phone, nodes, caller } = cast();
  await caller.request('INVITE', [], phoneSdp);
  await new Callee(nodes[0]!, nodes[0]!.expect('INVITE')).answer(404);
  phone.expect(404);
  assert.equal(nodes[1]!.count('INVITE'), 0);
  await world.assertEmpty();
});

test('merge: after failover the caller still sees one dialog and one answer', async () => {
  const { world, phone, nodes, caller } = cast(worldConfig({ outside: { forks: 'merge' } }));
  await caller.request('INVITE', [], phoneSdp);
  const [first, second] = [nodes[0]!, nodes[1]!];
  const failing = new Callee(first, first.expect('INVITE'));
  await failing.answer(183, { body: nodeSdp });
  const early = phone.expect(183);
  await failing.answer(503);
  await new Callee(second, second.expect('INVITE'), 'n2').answer(200, { body: sdp('10.0.0.12', 7000) });
  const answer = phone.expect(200);
  assert.equal(answer.headers.get('to'), early.headers.get('to'));
  assert.equal(bodyOf(answer), bodyOf(early));
  joined(caller, answer);
  await caller.ack();
  second.expect('ACK');
  await hangUp({ phone, node: second, caller });
  await world.assertEmpty();
});

test('split: every dialog of the callee side has its own tag towards the caller, and the answered one wins', async () => {
  const { world, phone, nodes, caller } = cast();
  await caller.request('INVITE', [], phoneSdp);
  const node = nodes[0]!;
  const invite = node.expect('INVITE');
  const [left, right] = [new Callee(node, invite, 'left'), new Callee(node, invite, 'right')];
  await left.answer(183, { body: nodeSdp });
  await right.answer(180);
  const tags = [phone.expect(183), phone.expect(180)].map((response) => response.headers.get('to'));
  assert.notEqual(tags[0], tags[1]);
  await right.answer(200, { body: sdp('10.0.0.11', 6100) });
  const answer = phone.expect(200);
  assert.equal(answer.headers.get('to'), tags[1]);
  joined(caller, answer);
  await caller.ack();
  node.expect('ACK');
  // The other fork answers too late: it gets ACK and BYE, the caller nothing.
  await left.answer(200, { body: nodeSdp });
  node.expect('ACK');
  await node.answer(node.expect('BYE'), 200);
  assert.equal(phone.count(200), 1);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('302 is passed with contacts of ours, or followed', async () => {
  const passing = cast();
  await passing.caller.request('INVITE', [], phoneSdp);
  const redirect = { lines: ['Contact: <sip:bob@10.77.77.77:5060>;q=0.5', 'Contact: <sip:carl@10.0.0.12>;q=0.9'] };
  await new Callee(passing.nodes[0]!, passing.nodes[0]!.expect('INVITE')).answer(302, redirect);
  const moved = passing.phone.expect(302);
  assert.deepEqual(moved.headers.list('contact'), ['<sip:bob@198.51.100.1>;q=0.5', '<sip:carl@198.51.100.1>;q=0.9']);
  await passing.world.assertEmpty();

  const following = cast(worldConfig({ outside: { redirects: 'follow' } }));
  await following.caller.request('INVITE', [], phoneSdp);
  await new Callee(following.nodes[0]!, following.nodes[0]!.expect('INVITE')).answer(302, redirect);
  assert.match(following.nodes[1]!.expect('INVITE').uri, /^sip:carl@/);
  assert.equal(following.phone.count(302), 0);
  await following.world.assertEmpty();
});
