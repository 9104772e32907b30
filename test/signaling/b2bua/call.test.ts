import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, Caller, hangUp, inviting, joined, nodeSdp, phoneSdp, talking } from './story.ts';
import { sdp, World, worldConfig } from './world.ts';

test('a call enters from outside, is answered by a node, and ends when the caller hangs up', async () => {
  const { world, phone, node, caller, callee } = await inviting();
  assert.equal(callee.invite.uri, 'sip:echo@10.0.0.11:5060');
  assert.match(bodyOf(callee.invite), /c=IN IP4 10\.0\.0\.1\r\n/);
  await callee.answer(180);
  phone.expect(180);
  await callee.answer(200, { body: nodeSdp });
  const answer = phone.expect(200);
  assert.match(bodyOf(answer), /c=IN IP4 198\.51\.100\.1\r\n/);
  joined(caller, answer);
  await caller.ack();
  node.expect('ACK');
  assert.equal(world.records.size, 1);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.reason, 'caller-hangup');
  assert.equal(world.cdrs[0]?.node, 'n1');
});

test('the callee hangs up: the caller gets the BYE with the cause but without the words', async () => {
  const { world, phone, node, callee } = await talking();
  await callee.request('BYE', ['Reason: Q.850;cause=16;text="NORMAL_CLEARING on fs7"']);
  node.expect(200);
  const bye = phone.expect('BYE');
  assert.equal(bye.headers.get('reason'), 'Q.850;cause=16');
  await phone.answer(bye, 200);
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.reason, 'callee-hangup');
});

test('both hang up at once: both get 200', async () => {
  const { world, phone, node, caller, callee } = await talking();
  await caller.request('BYE');
  await callee.request('BYE');
  phone.expect(200);
  node.expect(200);
  await node.answer(node.heard.find((message) => message.kind === 'request' && message.method === 'BYE')!, 481);
  await world.assertEmpty();
});

test('an INVITE without SDP: the offer comes in the 200 and its answer goes in the ACK', async () => {
  const { world, phone, node, caller, callee } = await inviting({ body: '' });
  assert.equal(callee.invite.body.length, 0);
  await callee.answer(200, { body: nodeSdp });
  const offer = phone.expect(200);
  assert.match(bodyOf(offer), /c=IN IP4 198\.51\.100\.1/);
  joined(caller, offer);
  await caller.ack(phoneSdp);
  assert.match(bodyOf(node.expect('ACK')), /c=IN IP4 10\.0\.0\.1\r\n/);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('the 200 is repeated to the caller until its ACK, and a repeated 200 of the callee gets the ACK again', async () => {
  const { world, phone, node, caller, callee } = await inviting();
  await callee.answer(200, { body: nodeSdp });
  await world.pass(3600);
  assert.equal(phone.count(200), 4, 'at 0, 0.5, 1.5 and 3.5 s');
  joined(caller, phone.expect(200));
  await callee.answer(200, { body: nodeSdp });
  assert.equal(node.count('ACK'), 0, 'nothing to acknowledge with yet');
  await caller.ack();
  assert.equal(node.count('ACK'), 1);
  await callee.answer(200, { body: nodeSdp });
  assert.equal(node.count('ACK'), 2);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('a caller that never acknowledges is hung up, and so is the callee', async () => {
  const { world, phone, node, callee } = await inviting();
  await callee.answer(200, { body: nodeSdp });
  await world.pass(33_000);
  node.expect('ACK');
  node.expect('BYE');
  phone.expect('BYE');
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.reason, 'ack-timeout');
});

test('the node refuses: the caller gets the status without what the node wrote beside it', async () => {
  const { world, phone, callee } = await inviting();
  await callee.answer(486, { lines: ['Server: FreeSWITCH', 'Warning: 399 fs7 "busy"', 'X-Node: fs7', 'Retry-After: 12 (fs7 is tired)'] });
  const busy = phone.expect(486);
  assert.equal(busy.reason, 'Busy Here');
  assert.equal(busy.headers.get('retry-after'), '12');
  for (const name of ['server', 'warning', 'x-node']) assert.equal(busy.headers.has(name), false, name);
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.reason, 'rejected');
  assert.equal(world.cdrs[0]?.status, 486);
});

test('nobody answers: the call ends after ringMs and the callee is cancelled', async () => {
  const { world, phone, node, callee } = await inviting();
  await callee.answer(180);
  await world.pass(181_000);
  phone.expect(408);
  node.expect('CANCEL');
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.reason, 'ring-timeout');
});

test('media that dies ends the call on both sides', async () => {
  const { world, phone, node } = await talking();
  const [session] = world.relay.sessions.keys();
  world.b2bua.mediaLost(session ?? '', 'media-timeout');
  await world.settle();
  await phone.answer(phone.expect('BYE'), 200);
  await node.answer(node.expect('BYE'), 200);
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.reason, 'media-timeout');
});

test('no media ports: the caller gets 503 and no node is bothered', async () => {
  const world = new World();
  const phone = world.party('outside', '203.0.113.5', 5080);
  const node = world.party('inside', '10.0.0.11');
  world.relay.failNext = 'no-ports';
  await new Caller(phone).request('INVITE', [], phoneSdp);
  phone.expect(503);
  assert.equal(node.count('INVITE'), 0);
  await world.assertEmpty();
});

test('requests from networks that are not allowed are answered 403 once and leave nothing behind', async () => {
  const world = new World();
  const stranger = world.party('outside', '192.0.2.99', 5080);
  await new Caller(stranger).request('INVITE', [], phoneSdp);
  stranger.expect(403);
  assert.equal(world.b2bua.calls, 0);
  await world.pass(40_000);
  assert.equal(stranger.count(403), 1);
  await world.assertEmpty();
});

test('too many hops, unknown extensions for proxies, unknown schemes and methods without a dialog are refused', async () => {
  const world = new World();
  const phone = world.party('outside', '203.0.113.5', 5080);
  const cases: readonly (readonly [readonly string[], number])[] = [
    [['INVITE sip:a@198.51.100.1 SIP/2.0', 'CSeq: 1 INVITE', 'Max-Forwards: 0'], 483],
    [['INVITE sip:a@198.51.100.1 SIP/2.0', 'CSeq: 1 INVITE', 'Proxy-Require: foo'], 420],
    [['INVITE mailto:a@198.51.100.1 SIP/2.0', 'CSeq: 1 INVITE'], 416],
    [['INVITE sip:a@198.51.100.1 SIP/2.0', 'CSeq: 1 INVITE', 'Route: <sip:10.0.0.99;lr>'], 403],
    [['BYE sip:a@198.51.100.1 SIP/2.0', 'CSeq: 1 BYE'], 481],
    [['REGISTER sip:198.51.100.1 SIP/2.0', 'CSeq: 1 REGISTER'], 405],
  ];
  for (const [index, [[start = '', ...lines], status]] of cases.entries()) {
    const common = [`Via: ${phone.via()}`, `From: <sip:a@b>;tag=${index}`, 'To: <sip:a@c>', `Call-ID: refused-${index}`];
    await phone.send([start, ...common, ...lines]);
    assert.ok(phone.find(status), `${start} ${lines.join(' ')} wants ${status}`);
  }
  await world.assertEmpty();
});

test('calls beyond the limits get 503 with Retry-After, and the count comes back', async () => {
  const world = new World(worldConfig({ root: { limits: { calls: 2, callsPerSecond: 3 } } }));
  const phone = world.party('outside', '203.0.113.5', 5080);
  for (const id of ['c1', 'c2', 'c3']) await new Caller(phone, id).request('INVITE', [], phoneSdp);
  assert.equal(world.b2bua.calls, 2);
  assert.equal(phone.expect(503).headers.get('retry-after'), '10');
  await world.assertEmpty();
});

test('a draining Weir takes no new call and is done when the last one ends', async () => {
  const story = await talking();
  const drained = story.world.b2bua.drain();
  await new Caller(story.phone, 'another').request('INVITE', [], phoneSdp);
  assert.equal(story.phone.expect(503).headers.get('retry-after'), '30');
  await hangUp(story);
  await story.world.settle();
  await drained;
  await story.world.assertEmpty();
});

test('a call from inside goes to its Request-URI, seen from outside as a call of ours', async () => {
  const world = new World();
  const node = world.party('inside', '10.0.0.11');
  const carrier = world.party('outside', '203.0.113.77');
  await node.send(
    [
      'INVITE sip:+4930123@203.0.113.77 SIP/2.0',
      `Via: ${node.via()}`,
      'From: "Office" <sip:200@10.0.0.11>;tag=f1',
      'To: <sip:+4930123@203.0.113.77>',
      'Call-ID: out-1',
      'CSeq: 1 INVITE',
      'Contact: <sip:mod_sofia@10.0.0.11:5060>',
      'Route: <sip:10.0.0.1;lr>',
      'Remote-Party-ID: "Office" <sip:200@10.0.0.11>;party=calling',
      'User-Agent: FreeSWITCH',
    ],
    sdp('10.0.0.11', 6000),
  );
  const invite = carrier.expect('INVITE');
  assert.equal(invite.uri, 'sip:+4930123@203.0.113.77');
  assert.match(invite.headers.get('from') ?? '', /^"Office" <sip:200@198\.51\.100\.1>;tag=/);
  assert.equal(carrier.texts.join('').includes('10.0.0.'), false, 'no inside address outside');
  await carrier.answer(invite, 486, { tag: 'c' });
  node.expect(486);
  await world.assertEmpty();
});
