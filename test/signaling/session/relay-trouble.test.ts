// What the session engine does when the relay fails, breaks or is slow, and how it keeps the steps of a call in order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RelayFailure } from '../../../shared/relay/messages.ts';
import { audio, bench, flows, server, status, text } from './engine-fixture.ts';

for (const [failure, expected] of [
  ['no-ports', 503],
  ['draining', 503],
  ['worker-gone', 503],
  ['timeout', 503],
  ['unknown-interface', 488],
  ['bad-command', 500],
  ['unknown-session', 500],
] as const satisfies readonly (readonly [RelayFailure, number])[]) {
  test(`reserve failing with ${failure} refuses the first offer ${expected}, and the call never was`, async () => {
    const { offer, relay, engine } = bench();
    relay.failure = failure;
    assert.equal(status(await offer(audio())), expected);
    assert.equal(engine.size, 0);
    assert.equal(relay.open.size, 0);
    assert.equal(status(await offer(audio())), 200);
  });

  test(`apply failing with ${failure} refuses the answer ${expected}`, async () => {
    const { offer, answer, relay } = bench();
    await offer(audio());
    relay.failure = failure;
    assert.equal(status(await answer(server())), expected);
    assert.equal(relay.states.size, 0);
    assert.equal(status(await answer(server())), 200, 'the same answer again tries again');
    assert.equal(relay.states.size, 1);
  });
}

test('a first reserve that timed out is released, since it may have worked', async () => {
  const { offer, relay } = bench();
  relay.failure = 'timeout';
  await offer(audio());
  assert.deepEqual(relay.commands, ['reserve 2', 'release']);
});

test('no ports for a new line leaves the call as it was', async () => {
  const { offer, answer, relay, state } = bench();
  await offer(audio());
  await answer(server());
  const agreed = state();
  relay.failure = 'no-ports';
  assert.equal(status(await offer(audio({ version: 2, more: ['m=video 4002 RTP/AVP 96'] }))), 503);
  assert.equal(status(await offer(audio({ version: 3 }))), 200);
  await answer(server());
  assert.deepEqual(flows(state()), flows(agreed));
});

test('a relay that throws costs one step with 500, not the engine', async () => {
  const { offer, answer, relay, engine } = bench();
  relay.thrown = new Error('boom');
  assert.equal(status(await offer(audio())), 500);
  assert.equal(status(await offer(audio())), 200);
  relay.thrown = new Error('boom');
  assert.equal(status(await answer(server())), 500);
  relay.thrown = new Error('boom');
  assert.deepEqual(await engine.remove({ callId: 'c' }), { ends: [] });
});

test('remove waits for an offer on its way and frees what that reserved', async () => {
  const { offer, relay, engine } = bench();
  const gate = Promise.withResolvers<void>();
  relay.gate = gate.promise;
  const offered = offer(audio());
  const removed = engine.remove({ callId: 'c' });
  gate.resolve();
  assert.equal(status(await offered), 200);
  await removed;
  assert.deepEqual(relay.commands, ['reserve 2', 'release']);
  assert.equal(relay.open.size, 0);
  assert.equal(engine.size, 0);
});

test('an answer waits for its offer, and calls do not wait for each other', async () => {
  const { offer, answer, relay } = bench();
  const gate = Promise.withResolvers<void>();
  relay.gate = gate.promise;
  const order: string[] = [];
  const offered = offer(audio()).then((result) => order.push(`offer ${status(result)}`));
  const answered = answer(server()).then((result) => order.push(`answer ${status(result)}`));
  await new Promise(setImmediate);
  relay.gate = Promise.resolve();
  order.push(`other ${status(await offer(audio(), { callId: 'd' }))}`);
  gate.resolve();
  await Promise.all([offered, answered]);
  assert.deepEqual(order, ['other 200', 'offer 200', 'answer 200']);
});

test('negotiations that pile up on one call are refused, its end is not', async () => {
  const { offer, relay, engine } = bench();
  const gate = Promise.withResolvers<void>();
  relay.gate = gate.promise;
  const offers = Array.from({ length: 70 }, () => offer(audio()));
  const removed = engine.remove({ callId: 'c' });
  gate.resolve();
  const statuses = (await Promise.all(offers)).map(status);
  assert.deepEqual([statuses.filter((one) => one === 200).length, statuses.filter((one) => one === 500).length], [64, 6]);
  await removed;
  assert.equal(relay.open.size, 0);
});

test('calls are bounded', async () => {
  const { offer, engine } = bench({ calls: 2 });
  await offer(audio(), { callId: '1' });
  await offer(audio(), { callId: '2' });
  assert.equal(status(await offer(audio(), { callId: '3' })), 503);
  assert.equal(status(await offer(audio({ version: 2 }), { callId: '2', branch: 'b' })), 200);
  await engine.remove({ callId: '1' });
  assert.equal(status(await offer(audio(), { callId: '3' })), 200);
});

test('remove is idempotent and reports both sides by line', async () => {
  const { offer, answer, engine, relay } = bench();
  const video = (port: number): string[] => [`m=video ${port} RTP/AVP 96`];
  await offer(audio({ more: video(4002) }), { branch: 'x' });
  await answer(server({ more: video(16_002) }), { branch: 'x' });
  const told = (report: Awaited<ReturnType<typeof engine.remove>> | undefined) =>
    report?.ends.map((end) => `${end.side} ${end.tag} ${end.branch} ${end.line} ${end.media} ${end.report.packetsIn}`);
  const expected = ['offerer near  0 audio 100', 'answerer far x 0 audio 200', 'offerer near  1 video 300', 'answerer far x 1 video 400'];
  assert.deepEqual(told(await engine.query('c')), expected);
  assert.deepEqual(told(await engine.remove({ callId: 'c' })), expected);
  assert.deepEqual(await engine.remove({ callId: 'c' }), { ends: [] });
  assert.equal(await engine.query('c'), undefined);
  assert.deepEqual(
    relay.commands.filter((command) => command === 'release'),
    ['release'],
  );
});

test('rollback, removeBranch and remove of what is not there do nothing', async () => {
  const { rollback, engine, relay } = bench();
  await rollback();
  await engine.removeBranch({ callId: 'c', branch: 'x' });
  await engine.remove({ callId: 'c' });
  assert.deepEqual(relay.commands, []);
});

test('export is plain data, a copy, and enough to rebuild the session', async () => {
  const { wantedState } = await import('../../../signaling/session/session-state.ts');
  const { offer, answer, engine, state } = bench();
  assert.equal(engine.export('c'), undefined);
  await offer(audio(), { branch: 'a' });
  await offer(audio(), { branch: 'b' });
  await answer(server({ attributes: ['rtcp-mux'] }), { branch: 'a' });
  text(await answer(server({ port: 17_000 }), { branch: 'b' }));
  const record = engine.export('c');
  assert.ok(record !== undefined);
  const stored: typeof record = JSON.parse(JSON.stringify(record));
  assert.deepEqual(stored, record);
  assert.deepEqual(wantedState(stored, { timeoutMs: 60_000, holdTimeoutMs: 3_600_000 }), state());
  record.transports.length = 0;
  assert.notDeepEqual(engine.export('c'), record);
});
