import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Callee, Caller, inviting, joined, nodeSdp, phoneSdp, talking } from './story.ts';
import { World, worldConfig } from './world.ts';

// Where messages go and what they are addressed as: dead connections, sips and tel, redirects that lead nowhere.

test('a connection that died is opened to where the party was, not to where its Contact points', async () => {
  const world = new World();
  const phone = world.party('outside', '203.0.113.5', 40_000, 'tcp');
  const node = world.party('inside', '10.0.0.11');
  const trap = world.party('outside', '10.9.9.9');
  const home = world.party('outside', '203.0.113.5', 5060);
  const caller = new Caller(phone);
  const contact = 'Contact: <sip:alice@10.9.9.9;transport=tcp>';
  await phone.send([...caller.lines('INVITE').filter((line) => !line.startsWith('Contact')), contact], phoneSdp);
  const callee = new Callee(node, node.expect('INVITE'));
  await callee.answer(200, { body: nodeSdp });
  joined(caller, phone.expect(200));
  await phone.send([...caller.lines('ACK').filter((line) => !line.startsWith('Contact')), contact]);
  node.expect('ACK');
  world.context.flows.isLive = () => false;
  await callee.request('BYE');
  assert.equal(trap.heard.length, 0, 'nobody is called at an address of the party’s choice');
  await home.answer(home.expect('BYE'), 200);
  await world.assertEmpty();
});

test('sips from outside is sip to a node that speaks sip, and Contact towards the caller stays sips', async () => {
  const world = new World();
  const phone = world.party('outside', '203.0.113.5', 5080);
  const node = world.party('inside', '10.0.0.11');
  const caller = new Caller(phone);
  await phone.send(
    caller.lines('INVITE').map((line) => line.replace('INVITE sip:', 'INVITE sips:')),
    phoneSdp,
  );
  const invite = node.expect('INVITE');
  assert.equal(invite.uri, 'sip:echo@10.0.0.11:5060');
  assert.equal(invite.headers.get('contact'), '<sip:weir@10.0.0.1:5060>');
  await new Callee(node, invite).answer(200, { body: nodeSdp });
  assert.equal(phone.expect(200).headers.get('contact'), '<sips:weir@198.51.100.1:5060>');
  world.b2bua.endAll('admin');
  await world.assertEmpty();
});

test('a tel number from outside is a user of the node (RFC 3261 section 19.1.6)', async () => {
  const world = new World();
  const phone = world.party('outside', '203.0.113.5', 5080);
  const node = world.party('inside', '10.0.0.11');
  const caller = new Caller(phone);
  await phone.send(
    caller.lines('INVITE').map((line) => line.replace('INVITE sip:echo@198.51.100.1', 'INVITE tel:+49-30-123;phone-context=x')),
    phoneSdp,
  );
  assert.equal(node.expect('INVITE').uri, 'sip:+4930123;phone-context=x@10.0.0.11:5060;user=phone');
  world.b2bua.endAll('admin');
  await world.assertEmpty();
});

test('a redirect to what is no telephone shows nothing of it outside', async () => {
  const { world, phone, callee } = await inviting();
  await callee.answer(302, { lines: ['Contact: <mailto:bob@10.77.77.77>, <http://10.77.77.77/>, <tel:+4930123>'] });
  assert.deepEqual(phone.expect(302).headers.list('contact'), ['<tel:+4930123>']);
  await world.assertEmpty();
});

test('follow: redirects that never end are passed on after some, and each way leaves its media', async () => {
  const config = worldConfig({ outside: { redirects: 'follow' } });
  const world = new World(config);
  const phone = world.party('outside', '203.0.113.5', 5080);
  const nodes = ['10.0.0.11', '10.0.0.12', '10.0.0.13'].map((address) => world.party('inside', address));
  await new Caller(phone).request('INVITE', [], phoneSdp);
  for (let i = 0; i < 10; i++) {
    for (const node of nodes) {
      const invite = node.find('INVITE');
      if (invite?.kind === 'request') await new Callee(node, invite, `n${i}`).answer(302, { lines: ['Contact: <sip:loop@198.51.100.1>'] });
    }
  }
  phone.expect(302);
  assert.equal(
    nodes.reduce((sum, node) => sum + node.count('INVITE'), 0),
    6,
  );
  await world.assertEmpty();
});

test('a request of the caller that comes between two destinations is told to come again', async () => {
  const config = worldConfig({ outside: { forks: 'merge' } });
  const { world, phone, caller, callee } = await inviting({ config });
  await callee.answer(183, { body: nodeSdp });
  joined(caller, phone.expect(183));
  await callee.answer(503);
  await caller.request('INFO');
  assert.ok(phone.expect(500).headers.has('retry-after'));
  world.b2bua.endAll('admin');
  await world.assertEmpty();
});

test('a node may speak in a dialog from another address of a network that its zone allows', async () => {
  const { world, phone, node, callee } = await talking({ config: worldConfig({ inside: { allow: ['10.0.0.0/24'] } }) });
  const other = world.party('inside', '10.0.0.99');
  await new Callee(other, callee.invite).request('BYE');
  other.expect(200);
  await phone.answer(phone.expect('BYE'), 200);
  assert.equal(node.count('BYE'), 0);
  await world.assertEmpty();
});

test('Contact *, a missing Contact, a huge CSeq and an RSeq out of range are taken without harm', async () => {
  const { world, phone, node } = await inviting();
  for (const [index, contact] of [
    [1, 'Contact: *'],
    [2, 'X-None: 1'],
  ] as const) {
    const caller = new Caller(phone, `odd-${index}`, `o${index}`);
    const lines = [
      ...caller.lines('INVITE').filter((line) => !/^(contact|cseq)/i.test(line)),
      contact,
      'CSeq: 2147483647 INVITE',
      'Supported: 100rel',
    ];
    await phone.send(lines, phoneSdp);
  }
  for (const each of [node, world.party('inside', '10.0.0.12'), world.party('inside', '10.0.0.13')]) {
    const invite = each.find('INVITE');
    if (invite?.kind !== 'request') continue;
    const callee = new Callee(each, invite);
    for (const rseq of ['4294967295', '0', '-1', '1e99', 'x', ''])
      await callee.answer(183, { lines: ['Require: 100rel', `RSeq: ${rseq}`] });
    await callee.answer(200, { body: nodeSdp });
  }
  world.b2bua.endAll('admin');
  await world.assertEmpty();
});
