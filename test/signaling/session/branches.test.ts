// Far sides of one call: forks, failover, and forks of a fork that we see only by their tags.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audio, bench, flows, ports, server, status, text, transport } from './engine-fixture.ts';

const a = { branch: 'a', to: 'fa' };
const b = { branch: 'b', to: 'fb' };

test('each branch has far ports of its own, the near side one set for all', async () => {
  const { offer, answer, relay } = bench();
  const toA = ports(text(await offer(audio(), a)));
  const toB = ports(text(await offer(audio(), b)));
  assert.notDeepEqual(toA, toB);
  assert.deepEqual(relay.commands, ['reserve 2', 'reserve 1']);
  const near = ports(text(await answer(server(), a)));
  assert.deepEqual(ports(text(await answer(server({ port: 17_000 }), b))), near);
});

test('the near side hears every branch that answered, and is heard by the last one', async () => {
  const { offer, answer, state } = bench();
  await offer(audio(), a);
  await offer(audio(), b);
  await answer(server(), a);
  assert.deepEqual(flows(state()), ['16000 > 4000', '4000 > 16000']);
  await answer(server({ port: 17_000 }), b);
  assert.deepEqual(flows(state()), ['16000 > 4000', '17000 > 4000', '4000 > 17000']);
  await answer(server(), a);
  assert.deepEqual(flows(state()), ['16000 > 4000', '17000 > 4000', '4000 > 16000'], 'a repeated answer makes its branch the active one');
});

test('ports of an open branch survive the answer of another', async () => {
  const { offer, answer, relay, state } = bench();
  const video = ['m=video 4002 RTP/AVP 96'];
  await offer(audio({ more: video }), a);
  await offer(audio({ more: video }), b);
  await answer(server({ more: ['m=video 0 RTP/AVP 96'] }), a);
  assert.equal(relay.open.get('c')?.size, 5, 'near audio and video, a’s audio, b’s audio and video');
  assert.notEqual(ports(text(await answer(server({ port: 17_000, more: ['m=video 17002 RTP/AVP 96'] }), b)))[1], 0);
  assert.ok(flows(state()).includes('17002 > 4002'));
});

test('removeBranch frees a losing branch and leaves the winner alone', async () => {
  const { offer, answer, engine, relay, state } = bench();
  await offer(audio(), a);
  await offer(audio(), b);
  await answer(server(), a);
  const report = await engine.removeBranch({ callId: 'c', branch: 'b' });
  assert.deepEqual(report.ends, [], 'it never had media');
  assert.equal(relay.open.get('c')?.size, 2);
  assert.deepEqual(flows(state()), ['16000 > 4000', '4000 > 16000']);
  await engine.removeBranch({ callId: 'c', branch: 'b' });
  assert.equal(relay.commands.filter((command) => command === 'apply').length, 2, 'idempotent');
});

test('when the active branch goes, the one that answered before it takes over', async () => {
  const { offer, answer, engine, state } = bench();
  await offer(audio(), a);
  await offer(audio(), b);
  await answer(server(), a);
  await answer(server({ port: 17_000 }), b);
  const report = await engine.removeBranch({ callId: 'c', branch: 'b' });
  assert.deepEqual(
    report.ends.map((end) => [end.side, end.tag, end.branch, end.line, end.media]),
    [['answerer', 'fb', 'b', 0, 'audio']],
  );
  assert.deepEqual(flows(state()), ['16000 > 4000', '4000 > 16000']);
});

test('failover behind an early answer keeps the ports the near side knows', async () => {
  const { offer, answer, engine, state, relay } = bench();
  await offer(audio(), a);
  const shown = ports(text(await answer(server(), a)));
  await engine.removeBranch({ callId: 'c', branch: 'a' });
  assert.equal(relay.open.get('c')?.size, 1);
  assert.deepEqual(state().streams, []);
  await offer(audio(), b);
  assert.deepEqual(ports(text(await answer(server({ port: 17_000 }), b))), shown);
  assert.deepEqual(flows(state()), ['17000 > 4000', '4000 > 17000']);
  assert.equal(transport(state(), 4000).armed, 1);
});

test('removing the only branch before any answer frees everything, and the next one starts anew', async () => {
  const { offer, answer, engine, relay, state } = bench();
  await offer(audio(), a);
  await engine.removeBranch({ callId: 'c', branch: 'a' });
  assert.equal(relay.open.get('c'), undefined);
  await offer(audio(), b);
  await answer(server(), b);
  assert.deepEqual(flows(state()), ['16000 > 4000', '4000 > 16000']);
});

test('a branch in the middle of a re-offer is not disturbed by another branch', async () => {
  const { offer, answer, engine, state } = bench();
  await offer(audio(), a);
  await offer(audio(), b);
  await answer(server(), a);
  await offer(audio({ port: 5000, version: 2 }), a);
  await engine.removeBranch({ callId: 'c', branch: 'b' });
  await answer(server(), a);
  assert.deepEqual(flows(state()), ['16000 > 5000', '5000 > 16000']);
});

test('another tag on one branch takes over its far side, and the first can come back', async () => {
  const { offer, answer, state } = bench();
  await offer(audio());
  const first = text(await answer(server(), { to: 'f1' }));
  await answer(server({ port: 17_000 }), { to: 'f2' });
  assert.deepEqual(flows(state()), ['17000 > 4000', '4000 > 17000']);
  assert.equal(text(await answer(server(), { to: 'f1' })), first);
  assert.deepEqual(flows(state()), ['16000 > 4000', '4000 > 16000']);
  assert.equal(status(await offer(server({ version: 2 }), { by: 'f2' })), 200, 'every party that answered may offer');
});

test('a line that one tag rejected is dead for the other tags of that offer', async () => {
  const { offer, answer } = bench();
  const video = (port: number): string[] => [`m=video ${port} RTP/AVP 96`];
  await offer(audio({ more: video(4002) }));
  const live = text(await answer(server({ more: video(16_002) }), { to: 'f1' }));
  assert.notEqual(ports(live)[1], 0);
  assert.equal(ports(text(await answer(server({ port: 17_000, more: video(0) }), { to: 'f2' })))[1], 0);
  assert.equal(ports(text(await answer(server({ more: video(16_002) }), { to: 'f1' })))[1], 0, 'its ports are gone');
});

test('offers of strangers are refused, branches are bounded', async () => {
  const { offer, answer } = bench();
  await offer(audio(), a);
  assert.equal(status(await offer(server(), { by: 'stranger', branch: 'a' })), 481);
  assert.equal(status(await offer(server(), { by: 'fa', branch: 'a' })), 481, 'not before it answered');
  await answer(server(), a);
  assert.equal(status(await offer(server({ version: 2 }), { by: 'fa', branch: 'b' })), 481, 'not on another branch');
  assert.equal(status(await answer(server(), { branch: 'x' })), 481);
  for (let index = 1; index < 32; index++) assert.equal(status(await offer(audio(), { branch: `x${index}` })), 200);
  assert.equal(status(await offer(audio(), { branch: 'one too many' })), 503);
});

test('names of branches and tags from the prototype are names like others', async () => {
  const { offer, answer, engine, state } = bench();
  await offer(audio(), { branch: '__proto__', by: 'near' });
  await answer(server(), { branch: '__proto__', to: 'constructor' });
  assert.deepEqual(flows(state()), ['16000 > 4000', '4000 > 16000']);
  assert.equal((await engine.query('__proto__'))?.ends, undefined);
});

test('a branch whose early answer came to nothing hands the near side back', async () => {
  const { offer, answer, rollback, state } = bench();
  await offer(audio(), a);
  await offer(audio(), b);
  await answer(server(), a);
  await answer(server({ port: 17_000 }), b);
  await rollback({ branch: 'b' });
  assert.deepEqual(flows(state()), ['16000 > 4000', '4000 > 16000']);
});

test('answers that alternate between branches leave one mark each', async () => {
  const { offer, answer, engine } = bench();
  await offer(audio(), a);
  await offer(audio(), b);
  for (const branch of [a, b, a, b, a]) await answer(server({ port: branch === a ? 16_000 : 17_000 }), branch);
  assert.deepEqual(engine.export('c')?.answered, ['b', 'a']);
});

test('when another party starts over, nothing of the first near side serves it', async () => {
  const { offer, answer, engine, relay } = bench();
  await offer(server(), { by: 'far', branch: 'a' });
  await answer(audio(), { by: 'far', branch: 'a', to: 'near' });
  await engine.removeBranch({ callId: 'c', branch: 'a' });
  assert.equal(relay.open.get('c')?.size, 1);
  const toFar = text(await offer(audio(), { branch: 'b' }));
  assert.match(toFar, /^c=IN IP4 10\.0\.0\.1\r$/m);
  assert.match(text(await answer(server(), { branch: 'b' })), /^c=IN IP4 203\.0\.113\.1\r$/m);
  assert.equal(relay.open.get('c')?.size, 2);
});
