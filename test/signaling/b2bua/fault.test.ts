import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../shared/log.ts';
import { Mailbox } from '../../../signaling/b2bua/mailbox.ts';
import { readRecord, settleCall } from '../../../signaling/b2bua/settle.ts';
import { hangUp, inviting, nodeSdp, phoneSdp, talking } from './story.ts';
import { World } from './world.ts';

test('Mailbox runs all that was posted in order, also while it waits for more than a flood', async () => {
  const seen: number[] = [];
  const mailbox = new Mailbox(() => assert.fail('nothing throws'));
  const { promise, resolve } = Promise.withResolvers<void>();
  mailbox.post(() => promise);
  for (let i = 0; i < 2000; i++) mailbox.post(() => void seen.push(i));
  assert.equal(
    mailbox.tryPost(() => assert.fail('turned away')),
    false,
  );
  resolve();
  await new Promise(setImmediate);
  assert.equal(seen.length, 2000);
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  );
  assert.equal(
    mailbox.tryPost(() => {}),
    true,
  );
});

test('Mailbox goes on when the handler of a fault throws too', async () => {
  const seen: string[] = [];
  const mailbox = new Mailbox(() => {
    seen.push('fault');
    throw new Error('and the handler as well');
  });
  mailbox.post(() => {
    throw new Error('at once');
  });
  mailbox.post(async () => {
    await Promise.resolve();
    throw new Error('later');
  });
  mailbox.post(() => void seen.push('next'));
  await new Promise(setImmediate);
  assert.deepEqual(seen, ['fault', 'fault', 'next']);
});

test('a flood of requests in one dialog while media is waited for is refused, and the call ends as ever', async () => {
  const { world, phone, node, caller } = await talking();
  const { apply } = world.relay;
  const { promise, resolve } = Promise.withResolvers<void>();
  world.relay.reserve = async () => {
    await promise;
    return { kind: 'failed', failure: 'timeout', message: 'slow' };
  };
  world.relay.apply = async (...args) => {
    await promise;
    return apply.apply(world.relay, args);
  };
  await caller.request('INVITE', [], `${phoneSdp}m=video 4008 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n`);
  for (let i = 0; i < 700; i++) await caller.request('INFO');
  assert.ok(phone.count(500) > 100, 'the flood is answered');
  resolve();
  await world.pass(1000);
  for (let info = node.find('INFO'); info !== undefined; info = node.find('INFO')) await node.answer(info, 200);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('a step that throws ends its call: BYE to both, no request without an answer, nothing left', async () => {
  const { world, phone, node, caller, callee } = await talking();
  const thrower = world.context.session;
  thrower.offer = () => {
    throw new Error('broken on purpose');
  };
  await caller.request('INVITE', [], phoneSdp);
  phone.expect(500);
  await phone.answer(phone.expect('BYE'), 200);
  await node.answer(node.expect('BYE'), 200);
  await callee.request('INFO');
  node.expect(481);
  await world.assertEmpty();
  assert.equal(world.cdrs[0]?.reason, 'internal-error');
});

test('a call whose end itself throws is let go of all the same', async () => {
  const { world, phone, node, caller } = await talking();
  const { sender } = world.context;
  const { send } = sender;
  sender.send = () => {
    throw new Error('broken on purpose');
  };
  await caller.request('BYE');
  phone.expect(200);
  sender.send = send;
  await world.assertEmpty();
  assert.equal(node.count('BYE'), 0);
});

test('a response that makes a step throw while it rings ends the call with 500', async () => {
  const { world, phone, node, callee } = await inviting();
  world.context.session.answer = () => {
    throw new Error('broken on purpose');
  };
  await callee.answer(200, { body: nodeSdp });
  phone.expect(500);
  node.expect('ACK');
  await node.answer(node.expect('BYE'), 200);
  await world.assertEmpty();
});

test('two who wait for the drain both hear of it', async () => {
  const story = await talking();
  const waiting = [story.world.b2bua.drain(), story.world.b2bua.drain()];
  await hangUp(story);
  await story.world.settle();
  await Promise.all(waiting);
  await story.world.assertEmpty();
});

test('records that are ours by version and damaged inside are dropped without a throw', async () => {
  const world = new World();
  for (const json of [
    '{"version":1}',
    '{"version":1,"legs":[1],"pending":[],"id":"x"}',
    '{"version":1,"legs":[],"pending":[null],"id":"x"}',
    '{"version":1,"legs":[{"flow":{}}],"pending":[{}],"caller":{}}',
  ]) {
    const record = readRecord(json, silentLog);
    let done = 0;
    if (record !== undefined)
      settleCall(
        world.context,
        record,
        () => {},
        () => done++,
      );
    assert.equal(record === undefined ? 1 : done, 1, json);
  }
  await world.assertEmpty();
});
