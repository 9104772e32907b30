import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Callee, Caller, joined, nodeSdp, phoneSdp, talking } from './story.ts';
import { type Party, World, worldConfig } from './world.ts';

// Requests outside of calls on their way to the pool: from node to node, and back to the node that challenged.

function cast(config = worldConfig()): { world: World; phone: Party; nodes: [Party, Party, Party] } {
  const world = new World(config);
  return {
    world,
    phone: world.party('outside', '203.0.113.5', 5080),
    nodes: [world.party('inside', '10.0.0.11'), world.party('inside', '10.0.0.12'), world.party('inside', '10.0.0.13')],
  };
}

function lines(
  phone: Party,
  method: string,
  options: { callId?: string; sequence?: number; extra?: readonly string[]; to?: string } = {},
): string[] {
  const { callId = `${method}-1`, sequence = 1, extra = [], to = '<sip:bob@198.51.100.1>' } = options;
  return [
    `${method} sip:bob@198.51.100.1 SIP/2.0`,
    `Via: ${phone.via()}`,
    'From: <sip:alice@example.com>;tag=a',
    `To: ${to}`,
    `Call-ID: ${callId}`,
    `CSeq: ${sequence} ${method}`,
    `Contact: <sip:alice@${phone.hostPort}>`,
    'Event: dialog',
    ...extra,
  ];
}

test('503 of a node sends MESSAGE, OPTIONS, PUBLISH and SUBSCRIBE to the next', async () => {
  for (const method of ['MESSAGE', 'OPTIONS', 'PUBLISH', 'SUBSCRIBE']) {
    const { world, phone, nodes } = cast();
    await phone.send(lines(phone, method));
    await nodes[0].answer(nodes[0].expect(method), 503, { tag: 'x', lines: ['Retry-After: 300'] });
    await nodes[1].answer(nodes[1].expect(method), 200, { tag: 'y', lines: ['Expires: 60'] });
    phone.expect(200);
    assert.equal(phone.count(503), 0);
    await world.assertEmpty();
  }
});

test('when all nodes refuse a request its sender hears the last refusal', async () => {
  for (const method of ['MESSAGE', 'SUBSCRIBE']) {
    const { world, phone, nodes } = cast();
    await phone.send(lines(phone, method));
    for (const node of nodes) await node.answer(node.expect(method), 503, { tag: 'x', lines: ['Retry-After: 7'] });
    assert.equal(phone.expect(503).headers.get('retry-after'), '7');
    await world.assertEmpty();
  }
});

test('a silent node delays a SUBSCRIBE by seconds, and nobody is asked once the sender has given up', async () => {
  const { world, phone, nodes } = cast();
  await phone.send(lines(phone, 'SUBSCRIBE'));
  await world.pass(8100);
  await nodes[1].answer(nodes[1].expect('SUBSCRIBE'), 200, { tag: 'y', lines: ['Expires: 60'] });
  phone.expect(200);
  await world.assertEmpty();

  for (const method of ['SUBSCRIBE', 'MESSAGE']) {
    const slow = cast(worldConfig({ pool: { failover: { responseMs: 10_000 } } }));
    await slow.phone.send(lines(slow.phone, method));
    await slow.world.pass(33_000);
    assert.equal(slow.nodes[1].count(method), 0, 'after 64*T1 the sender cannot be answered any more');
    await slow.world.assertEmpty();
  }
});

test('the answer to a challenge goes to the node that challenged', async () => {
  const { world, phone, nodes } = cast();
  const caller = new Caller(phone);
  await caller.request('INVITE', [], phoneSdp);
  const [first] = nodes;
  await new Callee(first, first.expect('INVITE')).answer(401, { lines: ['WWW-Authenticate: Digest realm="x", nonce="1"'] });
  phone.expect(401);
  await phone.send(caller.lines('INVITE', ['Authorization: Digest realm="x", nonce="1"'], 2), phoneSdp);
  const callee = new Callee(first, first.expect('INVITE'));
  await callee.answer(200, { body: nodeSdp });
  joined(caller, phone.expect(200));
  await phone.send(caller.lines('ACK', [], 2));
  first.expect('ACK');
  for (const method of ['MESSAGE', 'SUBSCRIBE']) {
    await phone.send(lines(phone, method));
    const node = nodes.find((each) => each.find(method) !== undefined) ?? first;
    await node.answer(node.heard.findLast((message) => message.kind === 'request' && message.method === method)!, 407, { tag: 'z' });
    phone.expect(407);
    await phone.send(lines(phone, method, { sequence: 2 }));
    await node.answer(node.expect(method), 200, { tag: 'z', lines: ['Expires: 60'] });
    phone.expect(200);
  }
  await phone.send(caller.lines('BYE', [], 3));
  await first.answer(first.expect('BYE'), 200);
  await world.assertEmpty();
});

test('INVITE within the dialog of a subscription is refused', async () => {
  const { world, phone, nodes } = cast();
  await phone.send(lines(phone, 'SUBSCRIBE'));
  await nodes[0].answer(nodes[0].expect('SUBSCRIBE'), 200, { tag: 'n', lines: ['Expires: 60'] });
  const to = phone.expect(200).headers.get('to') ?? '';
  await phone.send(lines(phone, 'INVITE', { callId: 'SUBSCRIBE-1', sequence: 2, to }));
  phone.expect(405);
  assert.equal(nodes[0].count('INVITE'), 0);
  await world.assertEmpty();
});

test('more NOTIFYs than are kept before the 200 of their SUBSCRIBE are told to come again', async () => {
  const { world, phone, nodes } = cast();
  const [node] = nodes;
  await phone.send(lines(phone, 'SUBSCRIBE'));
  const subscribe = node.expect('SUBSCRIBE');
  for (let i = 1; i <= 12; i++) {
    await node.send([
      'NOTIFY sip:weir@10.0.0.1 SIP/2.0',
      `Via: ${node.via()}`,
      `From: ${subscribe.headers.get('to')};tag=n`,
      `To: ${subscribe.headers.get('from')}`,
      `Call-ID: ${subscribe.callId}`,
      `CSeq: ${i} NOTIFY`,
      'Contact: <sip:node@10.0.0.11>',
      'Event: dialog',
      'Subscription-State: active;expires=60',
    ]);
  }
  assert.equal(node.count(500), 4);
  await node.answer(subscribe, 200, { tag: 'n', lines: ['Expires: 60'] });
  for (let i = 0; i < 8; i++) await phone.answer(phone.expect('NOTIFY'), 200);
  assert.equal(node.count(200), 8);
  await world.assertEmpty();
});

test('a hundred REFERs in one call keep no more than a few of their numbers', async () => {
  const { world, phone, node, caller, callee } = await talking();
  for (let i = 0; i < 100; i++) {
    await caller.request('REFER', ['Refer-To: <sip:9@198.51.100.1>', 'Refer-Sub: false']);
    await node.answer(node.expect('REFER'), 202, { lines: ['Refer-Sub: false'] });
    phone.expect(202);
  }
  const ours = /;tag=(.*)$/.exec(caller.to)?.[1] ?? '';
  const theirs = callee.invite.from.params.get('tag') ?? '';
  const legs = [world.context.dialogs.find('call-1', ours, 'a1'), world.context.dialogs.find(callee.invite.callId, theirs, 'n1')];
  assert.ok(legs.every((leg) => leg !== undefined && leg.referIds.size <= 16));
  assert.ok(
    legs.every((leg) => leg?.reports === 0),
    'nobody reports where Refer-Sub says so (RFC 4488)',
  );
  world.b2bua.endAll('admin');
  await world.assertEmpty();
});
