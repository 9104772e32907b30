import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Callee, Caller, nodeSdp, phoneSdp } from './story.ts';
import { type Party, World, worldConfig } from './world.ts';

// Peers that begin and never end: every kind of half-open call is freed by its timers.
const config = worldConfig({ root: { limits: { calls: 10_000, callsPerSecond: 10_000 } } });

function cast(): { world: World; phone: Party; nodes: Party[] } {
  const world = new World(config);
  const phone = world.party('outside', '203.0.113.5', 5080);
  return { world, phone, nodes: ['10.0.0.11', '10.0.0.12', '10.0.0.13'].map((address) => world.party('inside', address)) };
}

test('2,000 INVITEs that no node ever answers: timers free all', async () => {
  const { world, phone } = cast();
  for (let i = 0; i < 2000; i++) world.deliver(phone, inviteText(phone, i));
  await world.settle();
  assert.equal(world.b2bua.calls, 2000);
  await world.assertEmpty();
  assert.equal(world.cdrs.filter((cdr) => cdr.reason === 'no-destination').length, 2000);
});

test('2,000 calls that ring for ever, and whose callers never acknowledge the failure: timers free all', async () => {
  const { world, phone, nodes } = cast();
  for (let i = 0; i < 2000; i++) world.deliver(phone, inviteText(phone, i));
  await world.settle();
  for (const node of nodes) {
    for (let invite = node.find('INVITE'); invite !== undefined; invite = node.find('INVITE')) {
      if (invite.kind === 'request') world.deliver(node, provisional(invite.headers.getAll('via'), invite.headers));
    }
  }
  await world.settle();
  assert.equal(world.b2bua.calls, 2000);
  await world.assertEmpty();
  assert.equal(world.cdrs.filter((cdr) => cdr.reason === 'ring-timeout').length, 2000);
});

test('200 answered calls whose callers never acknowledge: timers free all, every node gets its BYE', async () => {
  const { world, phone, nodes } = cast();
  for (let i = 0; i < 200; i++) {
    await new Caller(phone, `c${i}`, `t${i}`).request('INVITE', [], phoneSdp);
    const node = nodes[i % 3]!;
    await new Callee(node, node.expect('INVITE'), `n${i}`).answer(200, { body: nodeSdp });
  }
  await world.assertEmpty();
  assert.ok(
    nodes.every(
      (node) =>
        new Set(node.heard.filter((message) => message.kind === 'request' && message.method === 'BYE').map((bye) => bye.callId)).size >= 66,
    ),
  );
});

function inviteText(phone: Party, index: number): string {
  const lines = new Caller(phone, `half-${index}`, `t${index}`).lines('INVITE');
  return [...lines, 'Content-Type: application/sdp', `Content-Length: ${phoneSdp.length}`, '', phoneSdp].join('\r\n');
}

function provisional(vias: readonly string[], headers: { get(name: string): string | undefined }): string {
  const lines = vias.map((via) => `Via: ${via}`);
  return [
    'SIP/2.0 180 Ringing',
    ...lines,
    `From: ${headers.get('from')}`,
    `To: ${headers.get('to')};tag=r`,
    `Call-ID: ${headers.get('call-id')}`,
    `CSeq: ${headers.get('cseq')}`,
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}
