import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../shared/log.ts';
import { readRecord, settleCall } from '../../../signaling/b2bua/settle.ts';
import { encodeMessage } from '../../../signaling/sip/message/parse-message.ts';
import { inviting, talking } from './story.ts';
import { type Party, World } from './world.ts';

/** What a new process does with the records of one that was killed; its parties are the old ones. */
async function afterCrash(
  records: ReadonlyMap<string, string>,
  protocol: 'udp' | 'tcp' = 'udp',
): Promise<{ world: World; phone: Party; node: Party; settled: string[] }> {
  const world = new World(undefined, 99);
  const phone = world.party('outside', '203.0.113.5', 5080, protocol);
  const node = world.party('inside', '10.0.0.11');
  const settled: string[] = [];
  for (const [id, json] of records) {
    const record = readRecord(json, silentLog);
    assert.ok(record);
    settleCall(
      world.context,
      record,
      (flow, message) => world.send(flow, encodeMessage(message)),
      () => settled.push(id),
    );
  }
  await world.settle();
  return { world, phone, node, settled };
}

test('an answered call of a killed process: both sides get a BYE in their own dialog with a higher CSeq', async () => {
  const { world: old, caller, callee } = await talking();
  const { world, phone, node, settled } = await afterCrash(old.records);
  const outward = phone.expect('BYE');
  assert.equal(outward.callId, 'call-1');
  assert.equal(outward.to.params.get('tag'), 'a1');
  assert.equal(outward.from.params.get('tag'), /;tag=(.*)$/.exec(caller.to)?.[1]);
  assert.match(outward.headers.get('reason') ?? '', /Q\.850;cause=41/);
  const inward = node.expect('BYE');
  assert.equal(inward.callId, callee.invite.callId);
  assert.ok(inward.cseq.sequence > callee.invite.cseq.sequence);
  await phone.answer(outward, 200);
  assert.equal(settled.length, 0, 'one side is still to answer');
  await node.answer(inward, 200);
  assert.equal(settled.length, 1);
  await world.assertEmpty();
});

test('a side that is gone too is given up after the transaction timeout', async () => {
  const { world: old } = await talking();
  const { world, phone, settled } = await afterCrash(old.records);
  await phone.answer(phone.expect('BYE'), 481);
  await world.pass(40_000);
  assert.equal(settled.length, 1);
  await world.assertEmpty();
});

test('a call that rang: the callee gets a CANCEL that matches its INVITE, the caller a final response that matches its own', async () => {
  const { world: old, phone: oldPhone, callee } = await inviting();
  await callee.answer(180);
  oldPhone.expect(180);
  const { world, phone, node, settled } = await afterCrash(old.records);
  const cancel = node.expect('CANCEL');
  assert.equal(cancel.uri, callee.invite.uri);
  assert.equal(cancel.topVia.params.get('branch'), callee.invite.topVia.params.get('branch'));
  assert.equal(cancel.cseq.sequence, callee.invite.cseq.sequence);
  assert.equal(cancel.callId, callee.invite.callId);
  const failure = phone.expect(500);
  assert.equal(failure.callId, 'call-1');
  assert.equal(failure.cseq.method, 'INVITE');
  assert.ok(failure.topVia.params.get('branch')?.endsWith('-1'));
  assert.equal(settled.length, 1);
  await world.assertEmpty();
});

/** As if the phone had come by a connection that it opened from port 40001. */
function overTcp(records: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const seen = (protocol: string, port: number): string => `"protocol":"${protocol}","address":"203.0.113.5","port":${port}`;
  return new Map([...records].map(([id, json]) => [id, json.replaceAll(seen('udp', 5080), seen('tcp', 40_001))]));
}

test('a party whose connection died with the process is reached where it listens', async () => {
  const { world: old } = await talking();
  const { world, phone, node } = await afterCrash(overTcp(old.records), 'tcp');
  await phone.answer(phone.expect('BYE'), 200);
  await node.answer(node.expect('BYE'), 200);
  await world.assertEmpty();
  const { world: ringing, callee } = await inviting();
  await callee.answer(180);
  const { phone: waiting } = await afterCrash(overTcp(ringing.records), 'tcp');
  waiting.expect(500);
});

test('records of another version, damaged ones and ones with addresses that are none are dropped without a throw', async () => {
  for (const json of ['', '{', 'null', '[]', '{"version":99}', '"x"']) assert.equal(readRecord(json, silentLog), undefined, json);
  const { world: old } = await talking();
  const broken = new Map([...old.records].map(([id, json]) => [id, json.replaceAll('203.0.113.5', 'not.an.address')]));
  const { settled, node, world } = await afterCrash(broken);
  await node.answer(node.expect('BYE'), 200);
  assert.equal(settled.length, 1);
  await world.assertEmpty();
});
