// Address families and zones of the two sides: what each is offered, and what moves when a side does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audio, bench, flows, inside, outside, ports, server, status, text } from './engine-fixture.ts';

test('families: each side gets its own, and what the peer speaks decides for its side', async () => {
  const { offer, answer, state } = bench();
  const six = { ...outside, family: 6 as const };
  const four = { ...inside, family: 4 as const };
  const sides = { near: six, far: four };
  const toFar = text(await offer(audio({ address: '2001:db8::7' }), sides));
  assert.match(toFar, /^o=- \d+ 1 IN IP4 10\.0\.0\.1\r$/m);
  assert.match(toFar, /^c=IN IP4 10\.0\.0\.1\r$/m);
  const toNear = text(await answer(server(), sides));
  assert.match(toNear, /^o=- \d+ 1 IN IP6 2001:db8:a::1\r$/m);
  assert.match(toNear, /^c=IN IP6 2001:db8:a::1\r$/m);
  assert.deepEqual(flows(state()), ['16000 > 4000', '4000 > 16000']);
});

test('a side that moves to the other family gets another port, the other side keeps its own', async () => {
  const { offer, answer, relay } = bench();
  const toFar = text(await offer(audio()));
  const toNear = text(await answer(server()));
  assert.deepEqual(ports(text(await offer(audio({ address: '2001:db8::7', version: 2 })))), ports(toFar));
  const moved = text(await answer(server()));
  assert.notDeepEqual(ports(moved), ports(toNear));
  assert.match(moved, /^c=IN IP6 2001:db8:a::1\r$/m);
  assert.equal(status(await offer(audio({ address: '2001:db8::7', version: 3 }))), 200);
  await answer(server());
  assert.deepEqual([...(relay.open.get('c')?.values() ?? [])].map((request) => `${request.interface} ${request.family}`).sort(), [
    'inside 4',
    'outside 6',
  ]);
});

test('lines of different families on one side each name their own address', async () => {
  const { offer } = bench();
  const sdp = text(await offer(audio({ more: ['m=video 4002 RTP/AVP 96', 'c=IN IP6 2001:db8::7'] })));
  assert.deepEqual(
    sdp.match(/^[cm]=.*/gm)?.map((line) => line.replace(/ \d{5} /, ' PORT ').trimEnd()),
    ['c=IN IP4 10.0.0.1', 'm=audio PORT RTP/AVP 0 101', 'm=video PORT RTP/AVP 96', 'c=IN IP6 fd00:a::1'],
  );
});

test('a session c= of the peer gets media c= lines beside it where our addresses differ', async () => {
  const { offer, answer } = bench();
  const far = { ...inside, family: 4 as const };
  await offer(audio({ more: ['m=video 4002 RTP/AVP 96', 'c=IN IP6 2001:db8::7'] }), { far });
  const sdp = text(await answer(server({ more: ['m=video 16002 RTP/AVP 96'] }), { far }));
  assert.deepEqual(
    sdp.match(/^[cm]=.*/gm)?.map((line) => line.replace(/ \d{5} /, ' PORT ').trimEnd()),
    ['c=IN IP4 203.0.113.1', 'm=audio PORT RTP/AVP 0 101', 'm=video PORT RTP/AVP 96', 'c=IN IP6 2001:db8:a::1'],
  );
});

test('a side that moves to another zone gets another port there', async () => {
  const { offer, answer, relay } = bench();
  await offer(audio());
  await answer(server());
  const near = { ...outside, zone: 'inside' };
  await offer(audio({ address: '10.0.0.9', version: 2 }), { near });
  assert.match(text(await answer(server(), { near })), /^c=IN IP4 10\.0\.0\.1\r$/m);
  assert.deepEqual(
    [...(relay.open.get('c')?.values() ?? [])].map((request) => request.interface),
    ['outside', 'inside', 'inside'],
    'the old one stays until the new agreement is final',
  );
});
