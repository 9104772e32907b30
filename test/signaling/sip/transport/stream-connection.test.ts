import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { encodeMessage } from '../../../../signaling/sip/message/parse-message.ts';
import { replyTo } from '../../../../signaling/sip/message/reply.ts';
import { transportLimits } from '../../../../signaling/sip/transport/limits.ts';
import type { TransportLimits } from '../../../../signaling/sip/transport/transport-options.ts';
import { Client, connectTcp, type Rig, refusedTcp, requestText, startRig } from './transport-rig.ts';

interface Context {
  after(f: () => unknown): void;
}

async function tcpRig(t: Context, limits: Partial<TransportLimits> = {}, trusted: readonly string[] = []): Promise<Rig> {
  const rig = await startRig([{ protocol: 'tcp', address: '127.0.0.1', port: 0 }], { limits, trusted });
  t.after(() => rig.close());
  return rig;
}

async function client(t: Context, rig: Rig): Promise<Client> {
  const one = await connectTcp(rig.listener('tcp'));
  t.after(() => one.socket.destroy());
  return one;
}

/** A SIP server of somebody else's: keeps what comes. */
async function foreignServer(t: Context): Promise<{ port: number; clients: Client[]; accepted(count: number): Promise<void> }> {
  const clients: Client[] = [];
  const server = createServer((socket) => clients.push(new Client(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const one of clients) one.socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    port: address.port,
    clients,
    accepted: async (count) => {
      while (clients.length < count) await once(server, 'connection');
    },
  };
}

test('a message cut at every byte arrives once and whole', async (t) => {
  const rig = await tcpRig(t);
  const text = requestText({ body: 'v=0\r\n' });
  const [one, prober] = [await client(t, rig), await client(t, rig)];
  for (let cut = 1; cut < text.length; cut++) {
    one.write(text.slice(0, cut));
    // The pong of another connection comes after the server has read the first part.
    await prober.ping();
    one.write(text.slice(cut));
    await rig.until(() => rig.messages.length === cut, `message ${cut}`);
  }
  const { message } = rig.messages.at(-1)!;
  assert.equal(Buffer.from(message.body).toString(), 'v=0\r\n');
  assert.equal(new Set(rig.messages.map(({ flow }) => flow)).size, 1);
});

test('two messages and keepalives in one segment arrive in order and the ping gets one pong', async (t) => {
  const rig = await tcpRig(t);
  const one = await client(t, rig);
  one.write(`\r\n\r\n${requestText({ callId: 'a', body: 'body-a' })}${requestText({ callId: 'b' })}\r\n\r\n`);
  await rig.until(() => rig.messages.length === 2, 'two messages');
  assert.deepEqual(
    rig.messages.map(({ message }) => message.callId),
    ['a', 'b'],
  );
  await one.reads('\r\n');
  assert.match(one.received, /^(\r\n){1,2}$/);
});

test('tcp requests get received, and responses go back on the same connection', async (t) => {
  const rig = await tcpRig(t);
  const one = await client(t, rig);
  one.write(requestText({ via: 'SIP/2.0/TCP 10.1.2.3:5060;received=6.6.6.6;branch=z9hG4bK1, SIP/2.0/UDP next;branch=z9hG4bK2' }));
  await rig.until(() => rig.messages.length === 1, 'the request');
  const { message, flow } = rig.messages[0]!;
  assert.ok(message.kind === 'request');
  assert.equal(
    message.headers.get('via'),
    'SIP/2.0/TCP 10.1.2.3:5060;received=127.0.0.1;branch=z9hG4bK1, SIP/2.0/UDP next;branch=z9hG4bK2',
  );
  assert.equal(rig.transport.reply(message, flow), flow);
  rig.transport.send(flow, encodeMessage(replyTo(message, 200)));
  await one.reads('SIP/2.0 200 OK');
});

test('when the connection of a request is gone its response opens one to the port of sent-by', async (t) => {
  const rig = await tcpRig(t);
  const foreign = await foreignServer(t);
  const one = await client(t, rig);
  one.write(requestText({ via: `SIP/2.0/TCP elsewhere.example.com:${foreign.port};branch=z9hG4bK1` }));
  await rig.until(() => rig.messages.length === 1, 'the request');
  one.socket.destroy();
  await rig.until(() => rig.failures.length === 1, 'the failure');
  const { message, flow } = rig.messages[0]!;
  assert.equal(rig.failures[0]!.flow, flow);
  assert.ok(message.kind === 'request');
  assert.equal(rig.transport.send(flow, Buffer.from('x')), 'gone');
  const back = rig.transport.reply(message, flow);
  assert.deepEqual([back.address, back.port, back.listener], ['127.0.0.1', foreign.port, flow.listener]);
  assert.equal(rig.transport.send(back, encodeMessage(replyTo(message, 200))), 'sent');
  await foreign.accepted(1);
  await foreign.clients[0]!.reads('SIP/2.0 200 OK');
});

test('route reuses connections it opened and connections it accepted', async (t) => {
  const rig = await tcpRig(t);
  const foreign = await foreignServer(t);
  const target = { protocol: 'tcp', address: '127.0.0.1', port: foreign.port } as const;
  const flow = rig.transport.route('outside', target)!;
  assert.equal(rig.transport.send(flow, Buffer.from(requestText({ callId: 'early' }))), 'sent', 'queued until connected');
  assert.equal(rig.transport.route('outside', target), flow);
  await foreign.accepted(1);
  await foreign.clients[0]!.reads('early');
  assert.equal(rig.transport.route('outside', target), flow);
  foreign.clients[0]!.write(requestText({ callId: 'on-opened' }));
  await rig.until(() => rig.messages.length === 1, 'a request on the connection we opened');
  assert.equal(rig.messages[0]!.flow, flow);

  const one = await client(t, rig);
  one.write(requestText());
  await rig.until(() => rig.messages.length === 2, 'a request on an accepted connection');
  assert.equal(rig.transport.route('outside', { protocol: 'tcp', address: '127.0.0.1', port: one.localPort }), rig.messages[1]!.flow);
  assert.equal(rig.transport.counters.opened, 1);
});

test('route opens a new connection after the old one has closed', async (t) => {
  const rig = await tcpRig(t);
  const foreign = await foreignServer(t);
  const target = { protocol: 'tcp', address: '127.0.0.1', port: foreign.port } as const;
  const first = rig.transport.route('outside', target)!;
  await foreign.accepted(1);
  foreign.clients[0]!.socket.destroy();
  await rig.until(() => rig.failures.length === 1, 'the failure');
  assert.equal(rig.failures[0]!.flow, first);
  const second = rig.transport.route('outside', target)!;
  assert.notEqual(second.connection, first.connection);
  await foreign.accepted(2);
});

test('route does not hand out a connection that is being closed', async (t) => {
  const rig = await tcpRig(t);
  const foreign = await foreignServer(t);
  const target = { protocol: 'tcp', address: '127.0.0.1', port: foreign.port } as const;
  const first = rig.transport.route('outside', target)!;
  rig.transport.disconnect(first, 'test');
  const second = rig.transport.route('outside', target)!;
  assert.notEqual(second.connection, first.connection);
  await rig.until(() => rig.failures.length === 1, 'the end of the first');
  assert.equal(rig.transport.route('outside', target), second, 'the end of the first leaves the second');
});

test('a refused connect fails its flow, later and once', async (t) => {
  const rig = await tcpRig(t);
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const address = closed.address();
  assert.ok(address !== null && typeof address === 'object');
  closed.close();
  await once(closed, 'close');
  const flow = rig.transport.route('outside', { protocol: 'tcp', address: '127.0.0.1', port: address.port })!;
  assert.equal(rig.transport.send(flow, Buffer.from('x')), 'sent');
  assert.equal(rig.failures.length, 0);
  await rig.until(() => rig.failures.length === 1, 'the failure');
  assert.equal(rig.failures[0]!.flow, flow);
  assert.match(rig.failures[0]!.reason, /ECONNREFUSED/);
  assert.equal(rig.transport.counters.connectFailed, 1);
  assert.equal(rig.transport.counters.connections, 0);
  assert.equal(rig.transport.send(flow, Buffer.from('x')), 'gone');
});

test('a connect that nobody answers fails after its time', async (t) => {
  const rig = await tcpRig(t);
  // A listening socket with a full backlog cannot be had portably; the clock simply runs before the handshake can end.
  const foreign = await foreignServer(t);
  const flow = rig.transport.route('outside', { protocol: 'tcp', address: '127.0.0.1', port: foreign.port })!;
  rig.advance(transportLimits.connectMs);
  await rig.until(() => rig.failures.length === 1, 'the failure');
  assert.deepEqual(rig.failures[0], { flow, reason: 'timeout: connect' });
});

test('a connection without a first message is closed in time; pings do not help, nobody is told', async (t) => {
  const rig = await tcpRig(t);
  const one = await client(t, rig);
  await one.ping();
  rig.advance(9999);
  await one.ping();
  rig.advance(1);
  await one.closes();
  assert.equal(rig.transport.counters.timeouts, 1);
  assert.equal(rig.failures.length, 0);
});

test('a message that drips byte by byte is cut off, one after another is not', async (t) => {
  const rig = await tcpRig(t);
  const one = await client(t, rig);
  for (const callId of ['a', 'b', 'c']) {
    one.write(requestText({ callId }).slice(0, 30));
    await (await client(t, rig)).ping();
    rig.advance(transportLimits.messageMs - 1);
    one.write(requestText({ callId }).slice(30));
    await rig.until(() => rig.messages.at(-1)?.message.callId === callId, callId);
  }
  for (const byte of requestText({ callId: 'd' }).slice(0, 10)) {
    one.write(byte);
    await (await client(t, rig)).ping();
    rig.advance(transportLimits.messageMs / 10);
  }
  await one.closes();
  assert.equal(rig.failures[0]?.reason, 'timeout: message did not end');
});

test('an idle connection is closed, a kept-alive one is not', async (t) => {
  const rig = await tcpRig(t, { connectionIdleMs: 60_000 });
  const [idle, alive] = [await client(t, rig), await client(t, rig)];
  for (const one of [idle, alive]) one.write(requestText());
  await rig.until(() => rig.messages.length === 2, 'both first messages');
  rig.advance(59_999);
  // Nothing is sent back to these: what comes in is activity enough.
  alive.write(requestText({ callId: 'again' }));
  await rig.until(() => rig.messages.length === 3, 'its second message');
  rig.advance(1);
  await idle.closes();
  assert.equal(rig.failures[0]?.reason, 'timeout: idle');
  await alive.ping();
  assert.equal(alive.closed, false);
});

test('a peer that does not read is closed when its queue is full, and memory stays bounded', async (t) => {
  const rig = await tcpRig(t);
  const one = await client(t, rig);
  one.write(requestText());
  await rig.until(() => rig.messages.length === 1, 'the request');
  one.socket.pause();
  const { flow } = rig.messages[0]!;
  const notify = Buffer.alloc(10_000, 0x61);
  let sent = 0;
  while (rig.transport.send(flow, notify) === 'sent') {
    sent++;
    assert.ok(sent < 10_000, 'the queue must end');
    if (sent % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(rig.transport.counters.sendFull, 1);
  assert.equal(rig.transport.send(flow, notify), 'gone');
  await rig.until(() => rig.failures.length === 1, 'the failure');
  assert.equal(rig.failures[0]!.reason, 'slow reader');
});

test('one source may hold so many connections, a trusted one more, and a closed one makes room', async (t) => {
  const rig = await startRig(
    [
      { protocol: 'tcp', address: '127.0.0.1', port: 0 },
      { protocol: 'tcp', address: '::1', port: 0 },
    ],
    { limits: { connectionsPerSource: 2 }, trusted: ['::1/128'] },
  );
  t.after(() => rig.close());
  const [first, second] = [await client(t, rig), await client(t, rig)];
  await Promise.all([first.ping(), second.ping()]);
  await refusedTcp(rig.listener('tcp'));
  assert.equal(rig.transport.counters.refusedSource, 1);
  assert.equal(rig.transport.counters.connections, 2);
  for (let i = 0; i < 3; i++) {
    const trusted = await connectTcp({ port: rig.listener('tcp', 6).port, address: '::1' });
    t.after(() => trusted.socket.destroy());
    await trusted.ping();
  }
  first.write(requestText());
  await rig.until(() => rig.messages.length === 1, 'a request');
  first.socket.destroy();
  await rig.until(() => rig.failures.length === 1, 'its end');
  await (await client(t, rig)).ping();
});

test('strangers cannot take the connections reserved for trusted peers', async (t) => {
  const rig = await startRig(
    [
      { protocol: 'tcp', address: '127.0.0.1', port: 0 },
      { protocol: 'tcp', address: '::1', port: 0 },
    ],
    { limits: { connections: 10, connectionsPerSource: 10 }, trusted: ['::1/128'] },
  );
  t.after(() => rig.close());
  for (let i = 0; i < 9; i++) await (await client(t, rig)).ping();
  await refusedTcp(rig.listener('tcp'));
  assert.equal(rig.transport.counters.refusedTotal, 1);
  const trusted = await connectTcp({ port: rig.listener('tcp', 6).port, address: '::1' });
  t.after(() => trusted.socket.destroy());
  await trusted.ping();
});

test('a broken frame is answered 400 and the connection closes after it', async (t) => {
  const rig = await tcpRig(t);
  for (const length of ['-1', '5x', '99999999999999999999', '5\r\nContent-Length: 6']) {
    const one = await client(t, rig);
    one.write(requestText().replace('Content-Length: 0', `Content-Length: ${length}`));
    one.write('more of it');
    await one.closes();
    assert.match(
      one.received,
      /^SIP\/2.0 4(00|13) [^\r]*\r\nVia: SIP\/2.0\/TCP client.example.com;branch=z9hG4bKabc;received=127.0.0.1\r\n/,
      length,
    );
  }
  assert.equal(rig.transport.counters.brokenFrames, 4);
  assert.equal(rig.messages.length, 0);
});

test('a bad request on a stream is answered and the connection goes on', async (t) => {
  const rig = await tcpRig(t);
  const one = await client(t, rig);
  one.write(requestText().replace('Call-ID: call-1\r\n', '') + requestText({ callId: 'good' }));
  await one.reads('SIP/2.0 400');
  await rig.until(() => rig.messages.length === 1, 'the good one');
});

test('disconnect cuts a connection', async (t) => {
  const rig = await tcpRig(t);
  const one = await client(t, rig);
  one.write(requestText());
  await rig.until(() => rig.messages.length === 1, 'the request');
  rig.transport.disconnect(rig.messages[0]!.flow, 'flood');
  await one.closes();
  await rig.until(() => rig.failures[0]?.reason === 'flood', 'the failure');
});
