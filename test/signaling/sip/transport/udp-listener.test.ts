import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage } from '../../../../signaling/sip/message/parse-message.ts';
import { replyTo } from '../../../../signaling/sip/message/reply.ts';
import type { Rig } from './transport-rig.ts';
import { requestText, startRig, udpPeer } from './transport-rig.ts';

const loopback = [
  { family: 4, address: '127.0.0.1', host: '127.0.0.1' },
  { family: 6, address: '::1', host: '[::1]' },
] as const;

for (const { family, address, host } of loopback) {
  test(`udp over IPv${family} delivers a request with received and rport and sends the response to its source`, async (t) => {
    const rig = await startRig([{ protocol: 'udp', address, port: 0 }]);
    t.after(() => rig.close());
    const peer = await udpPeer(address);
    t.after(() => peer.close());
    const listener = rig.listener('udp', family);
    peer.send(requestText({ via: 'SIP/2.0/UDP nat.example.com:7777;rport;branch=z9hG4bK1' }), listener);
    await rig.until(() => rig.messages.length === 1, 'the request');
    const { message, flow } = rig.messages[0]!;
    assert.ok(message.kind === 'request');
    assert.deepEqual(
      [flow.address, flow.port, flow.connection, flow.localHost, flow.localPort],
      [address, peer.port, 0, host, listener.port],
    );
    assert.equal(message.topVia.params.get('received'), address);
    assert.equal(message.topVia.params.get('rport'), String(peer.port));
    assert.equal(rig.transport.send(rig.transport.reply(message, flow), encodeMessage(replyTo(message, 200))), 'sent');
    await peer.reads(1);
    assert.match(
      peer.received[0]!,
      new RegExp(`^SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP nat.example.com:7777;rport=${peer.port};branch=z9hG4bK1;received=${address}\r\n`),
    );
  });
}

test('udp gives the same Flow object for every datagram of a peer', async (t) => {
  const { rig, peer } = await pair(t);
  for (const callId of ['a', 'b', 'c'])
    peer.send(requestText({ via: 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1', callId }), rig.listener('udp'));
  await rig.until(() => rig.messages.length === 3, 'three requests');
  assert.equal(rig.messages[0]!.flow, rig.messages[2]!.flow);
  assert.equal(rig.transport.route('outside', { protocol: 'udp', address: '127.0.0.1', port: peer.port }), rig.messages[0]!.flow);
});

test('udp sends responses without rport to the port of sent-by, from the same socket', async (t) => {
  const { rig, peer } = await pair(t);
  const other = await udpPeer();
  t.after(() => other.close());
  peer.send(requestText({ via: `SIP/2.0/UDP phone.example.com:${other.port};branch=z9hG4bK1` }), rig.listener('udp'));
  await rig.until(() => rig.messages.length === 1, 'the request');
  const { message, flow } = rig.messages[0]!;
  assert.ok(message.kind === 'request');
  const back = rig.transport.reply(message, flow);
  assert.deepEqual([back.address, back.port], ['127.0.0.1', other.port]);
  rig.transport.send(back, encodeMessage(replyTo(message, 486)));
  await other.reads(1);
  assert.match(other.received[0]!, /^SIP\/2.0 486 /);
});

test('udp ignores maddr in the way back', async (t) => {
  const { rig, peer } = await pair(t);
  peer.send(requestText({ via: 'SIP/2.0/UDP phone.example.com;maddr=192.0.2.66;branch=z9hG4bK1' }), rig.listener('udp'));
  await rig.until(() => rig.messages.length === 1, 'the request');
  const { message, flow } = rig.messages[0]!;
  assert.ok(message.kind === 'request');
  const back = rig.transport.reply(message, flow);
  assert.deepEqual([back.address, back.port], ['127.0.0.1', 5060]);
});

test('udp counts malformed datagrams and keepalives, answers neither, and logs them at most once a second', async (t) => {
  const { rig, peer } = await pair(t);
  for (let i = 0; i < 5; i++) peer.send('\x1b[31mNOT SIP\r\n\r\n', rig.listener('udp'));
  peer.send('\r\n\r\n', rig.listener('udp'));
  peer.send(requestText({ via: 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1' }), rig.listener('udp'));
  await rig.until(() => rig.messages.length === 1, 'the request behind them');
  assert.equal(rig.transport.counters.malformed, 5);
  assert.equal(rig.transport.counters.keepalives, 1);
  const malformed = () => rig.lines.filter((line) => line.event === 'malformed-message').map((line) => line.fields.count);
  assert.deepEqual(malformed(), [undefined]);
  rig.advance(1000);
  assert.deepEqual(malformed(), [undefined, 4]);
  assert.ok(!JSON.stringify(rig.lines).includes('\\u001b'), 'no escape sequence of a stranger in the log');
});

test('udp answers a bad request with a To-tag, never an ACK', async (t) => {
  const { rig, peer } = await pair(t);
  const broken = (method: string) =>
    requestText({ method, via: 'SIP/2.0/UDP phone.example.com;rport;branch=z9hG4bK1' }).replace('Call-ID: call-1\r\n', '');
  peer.send(broken('ACK'), rig.listener('udp'));
  peer.send(broken('INVITE'), rig.listener('udp'));
  peer.send(broken('INVITE'), rig.listener('udp'));
  await peer.reads(2);
  assert.match(peer.received[0]!, /^SIP\/2.0 400 /);
  assert.match(peer.received[0]!, /\r\nTo: <sip:bob@example.com>;tag=[\w-]{16}\r\n/);
  assert.equal(peer.received[0], peer.received[1], 'a retransmission gets the same answer');
  assert.equal(rig.transport.counters.badRequests, 2);
  assert.equal(rig.transport.counters.malformed, 1);
  assert.equal(rig.messages.length, 0);
});

test('udp answers a request above limits.messageBytes with 513 and drops such a response', async (t) => {
  const { rig, peer } = await pair(t, { messageBytes: 1500 });
  const via = 'SIP/2.0/UDP phone.example.com;rport;branch=z9hG4bK1';
  const big = requestText({ via, body: 'x'.repeat(2000) });
  peer.send(big.replace(/^OPTIONS .*/, 'SIP/2.0 200 OK'), rig.listener('udp'));
  peer.send(big, rig.listener('udp'));
  await peer.reads(1);
  assert.match(peer.received[0]!, /^SIP\/2.0 513 /);
  assert.equal(rig.transport.counters.oversize, 2);
  assert.equal(rig.messages.length, 0);
});

test('udp send never throws: port 0 is gone, a datagram that the kernel refuses fails its flow later', async (t) => {
  const { rig } = await pair(t);
  const flow = rig.transport.route('outside', { protocol: 'udp', address: '127.0.0.1', port: 9 })!;
  assert.equal(rig.transport.send({ ...flow, port: 0 }, Buffer.from('x')), 'gone');
  assert.equal(rig.transport.send(flow, Buffer.alloc(70_000)), 'sent');
  assert.equal(rig.failures.length, 0, 'not from within send');
  await rig.until(() => rig.failures.length === 1, 'the failure');
  assert.equal(rig.failures[0]!.flow, flow);
  assert.match(rig.failures[0]!.reason, /EMSGSIZE/);
  assert.equal(rig.transport.counters.sendRefused, 1);
});

test('udp send takes the bytes as they are at the call', async (t) => {
  const { rig, peer } = await pair(t);
  const flow = rig.transport.route('outside', { protocol: 'udp', address: '127.0.0.1', port: peer.port })!;
  const bytes = Buffer.from('first');
  rig.transport.send(flow, bytes);
  bytes.write('later');
  await peer.reads(1);
  assert.equal(peer.received[0], 'first');
});

test('a throw of the layer above costs its message only', async (t) => {
  const { rig, peer } = await pair(t);
  let first = true;
  rig.onMessage = () => {
    if (!first) return;
    first = false;
    throw new Error('broken invariant');
  };
  for (const callId of ['a', 'b']) peer.send(requestText({ via: 'SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1', callId }), rig.listener('udp'));
  await rig.until(() => rig.messages.length === 2, 'both messages');
  assert.equal(rig.transport.counters.upperFaults, 1);
  assert.ok(rig.lines.some((line) => line.event === 'message-handling-failed' && line.fields.reason === 'broken invariant'));
});

test('closed udp sends nothing', async (t) => {
  const { rig } = await pair(t);
  const flow = rig.transport.route('outside', { protocol: 'udp', address: '127.0.0.1', port: 9 })!;
  await rig.close();
  assert.equal(rig.transport.send(flow, Buffer.from('x')), 'gone');
  assert.equal(rig.transport.route('outside', { protocol: 'udp', address: '127.0.0.1', port: 9 }), undefined);
});

async function pair(
  t: { after(f: () => unknown): void },
  limits: { messageBytes?: number } = {},
): Promise<{ rig: Rig; peer: Awaited<ReturnType<typeof udpPeer>> }> {
  const rig = await startRig([{ protocol: 'udp', address: '127.0.0.1', port: 0 }], { limits });
  t.after(() => rig.close());
  const peer = await udpPeer();
  t.after(() => peer.close());
  return { rig, peer };
}
