import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hangUp, inviting, joined, nodeSdp, phoneSdp, type Story } from './story.ts';

function timeoutOf({ world }: Pick<Story, 'world'>): number | undefined {
  return [...world.relay.sessions.values()][0]?.state?.timeoutMs;
}

test('silence while it rings means nothing, and counts from the answer on', async () => {
  const story = await inviting();
  const { world, phone, node, caller, callee } = story;
  await callee.answer(183, { body: nodeSdp });
  phone.expect(183);
  assert.equal(timeoutOf(story), 0, 'early media may be silent');
  const [session = ''] = world.relay.sessions.keys();
  world.b2bua.mediaLost(session, 'media-timeout');
  await world.settle();
  assert.equal(world.b2bua.calls, 1, 'a timeout that was on its way is ignored');
  await callee.answer(200, { body: nodeSdp });
  joined(caller, phone.expect(200));
  assert.equal(timeoutOf(story), 60_000);
  await caller.ack();
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('silence counts after a 200 without SDP too, and where the early answer was reliable', async () => {
  for (const lines of [[], ['Require: 100rel', 'RSeq: 1']]) {
    const story = await inviting({ extra: ['Supported: 100rel'] });
    const { world, phone, caller, callee } = story;
    await callee.answer(183, { lines, body: nodeSdp });
    const progress = phone.expect(183);
    assert.equal(timeoutOf(story), 0);
    joined(caller, progress);
    if (lines.length > 0) {
      await caller.request('PRACK', [`RAck: ${progress.headers.get('rseq')} 1 INVITE`]);
      await story.node.answer(story.node.expect('PRACK'), 200);
    }
    await callee.answer(200);
    phone.expect(200);
    assert.equal(timeoutOf(story), 60_000);
    world.b2bua.endAll('admin');
    await world.assertEmpty();
  }
});

test('silence counts once a late offer is answered', async () => {
  const story = await inviting({ body: '' });
  const { world, phone, caller, callee } = story;
  await callee.answer(200, { body: nodeSdp });
  joined(caller, phone.expect(200));
  await caller.ack(phoneSdp);
  assert.equal(timeoutOf(story), 60_000);
  world.b2bua.endAll('admin');
  await world.assertEmpty();
});

test('a media worker that dies while it rings ends the call', async () => {
  const { world, phone, node, callee } = await inviting();
  await callee.answer(183, { body: nodeSdp });
  const [session = ''] = world.relay.sessions.keys();
  world.b2bua.mediaLost(session, 'media-failed');
  await world.settle();
  phone.expect(500);
  node.expect('CANCEL');
  await world.assertEmpty();
});
