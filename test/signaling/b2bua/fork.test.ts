import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Callee, hangUp, inviting, joined, nodeSdp, phoneSdp } from './story.ts';
import { sdp, World, worldConfig } from './world.ts';

const merged = worldConfig({ outside: { forks: 'merge' } });

test('merge: the fork that rang first answers, and the caller talks to it', async () => {
  const { world, phone, node, caller, callee } = await inviting({ config: merged });
  const [first, second] = [new Callee(node, callee.invite, 'first'), new Callee(node, callee.invite, 'second')];
  await first.answer(180);
  await second.answer(180);
  await first.answer(200, { body: nodeSdp });
  joined(caller, phone.expect(200));
  await caller.ack();
  assert.equal(node.expect('ACK').to.params.get('tag'), 'first');
  await caller.request('INFO');
  await node.answer(node.expect('INFO'), 200);
  phone.expect(200);
  await caller.request('INVITE', [], phoneSdp);
  await node.answer(node.expect('INVITE'), 200, { body: nodeSdp });
  phone.expect(200);
  await caller.ack();
  node.expect('ACK');
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('merge: PRACK with an answer goes to the fork whose offer it answers', async () => {
  const { world, phone, node, caller, callee } = await inviting({ config: merged, extra: ['Supported: 100rel'], body: '' });
  const [first, second] = [new Callee(node, callee.invite, 'first'), new Callee(node, callee.invite, 'second')];
  await first.answer(183, { lines: ['Require: 100rel', 'RSeq: 1'], body: nodeSdp });
  await second.answer(180);
  const progress = phone.expect(183);
  joined(caller, progress);
  await caller.request('PRACK', [`RAck: ${progress.headers.get('rseq')} 1 INVITE`], phoneSdp);
  const prack = node.expect('PRACK');
  assert.equal(prack.to.params.get('tag'), 'first');
  assert.match(Buffer.from(prack.body).toString(), /10\.0\.0\.1\r\n/);
  await node.answer(prack, 200);
  phone.expect(200);
  await first.answer(200);
  phone.expect(200);
  await caller.ack('', 1);
  node.expect('ACK');
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('merge: the PRACK for a provisional of a destination that failed meanwhile is answered by Weir', async () => {
  const { world, phone, node, caller, callee } = await inviting({ config: merged, extra: ['Supported: 100rel'] });
  const next = world.party('inside', '10.0.0.12');
  await callee.answer(183, { lines: ['Require: 100rel', 'RSeq: 1'], body: nodeSdp });
  const progress = phone.expect(183);
  await callee.answer(503);
  joined(caller, progress);
  await caller.request('PRACK', [`RAck: ${progress.headers.get('rseq')} 1 INVITE`]);
  phone.expect(200);
  assert.equal(node.count('PRACK'), 0);
  await new Callee(next, next.expect('INVITE'), 'n2').answer(200, { body: sdp('10.0.0.12', 7000) });
  phone.expect(200);
  await caller.ack('', 1);
  next.expect('ACK');
  await hangUp({ phone, node: next, caller });
  await world.assertEmpty();
});

test('a peer of RFC 2543 that puts no tag in its 200 is a callee like any other', async () => {
  const { world, phone, node, caller, callee } = await inviting();
  await node.answer(callee.invite, 180);
  phone.expect(180);
  await node.answer(callee.invite, 200, { body: nodeSdp });
  joined(caller, phone.expect(200));
  await caller.ack();
  assert.equal(node.expect('ACK').to.params.has('tag'), false);
  await node.answer(callee.invite, 200, { body: nodeSdp });
  node.expect('ACK');
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('a caller of RFC 2543 without a From-tag is a caller like any other', async () => {
  const world = new World();
  const phone = world.party('outside', '203.0.113.5', 5080);
  const node = world.party('inside', '10.0.0.11');
  let to = '<sip:echo@198.51.100.1>';
  const lines = (method: string, sequence: number): string[] => [
    `${method} sip:echo@198.51.100.1 SIP/2.0`,
    `Via: ${phone.via()}`,
    'From: <sip:old@example.com>',
    `To: ${to}`,
    'Call-ID: old-1',
    `CSeq: ${sequence} ${method}`,
    `Contact: <sip:old@${phone.hostPort}>`,
  ];
  await phone.send(lines('INVITE', 1), phoneSdp);
  const callee = new Callee(node, node.expect('INVITE'));
  await callee.answer(200, { body: nodeSdp });
  to = phone.expect(200).headers.get('to') ?? '';
  await phone.send(lines('ACK', 1));
  node.expect('ACK');
  await callee.request('INFO');
  await phone.answer(phone.expect('INFO'), 200);
  node.expect(200);
  await phone.send(lines('BYE', 2));
  phone.expect(200);
  await node.answer(node.expect('BYE'), 200);
  await world.assertEmpty();
});

test('more forks than Weir follows: the 200 of one too many is acknowledged and hung up', async () => {
  const { world, phone, node, callee } = await inviting();
  for (let i = 0; i < 16; i++) await new Callee(node, callee.invite, `f${i}`).answer(180);
  await new Callee(node, callee.invite, 'f16').answer(200, { body: nodeSdp });
  phone.expect(502);
  assert.equal(node.expect('ACK').to.params.get('tag'), 'f16');
  await node.answer(node.expect('BYE'), 200);
  await world.assertEmpty();
});

test('the callee that answered is heard, whatever other forks rang or answered after it', async () => {
  for (const forks of ['split', 'merge']) {
    const { world, phone, node, caller, callee } = await inviting({ config: worldConfig({ outside: { forks } }) });
    const [first, second] = [new Callee(node, callee.invite, 'first'), new Callee(node, callee.invite, 'second')];
    await first.answer(180);
    await second.answer(180);
    await first.answer(200, { body: nodeSdp });
    joined(caller, phone.expect(200));
    await caller.ack();
    node.expect('ACK');
    await first.request('INFO');
    await phone.answer(phone.expect('INFO'), 200);
    await second.answer(200, { body: nodeSdp });
    await node.answer(node.expect('BYE'), 200);
    await first.request('BYE');
    await phone.answer(phone.expect('BYE'), 200);
    assert.equal(node.count(481), 0);
    await world.assertEmpty();
  }
});
