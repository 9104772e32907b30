import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { startRig, udpPeer } from './transport-rig.ts';

const zones = [
  {
    name: 'outside',
    listeners: [
      { protocol: 'udp', address: '127.0.0.1', port: 0, advertised: '192.0.2.1' },
      { protocol: 'udp', address: '127.0.0.2', port: 0 },
      { protocol: 'udp', address: '::1', port: 0 },
      { protocol: 'tcp', address: '127.0.0.1', port: 0, advertised: 'sip.example.com:5070' },
      { protocol: 'tcp', address: '127.0.0.2', port: 0 },
    ],
  },
  { name: 'inside', listeners: [{ protocol: 'udp', address: '127.0.0.3', port: 0, advertised: '2001:db8::1' }] },
] as const;

test('listeners tells real ports, unique names and advertised addresses', async (t) => {
  const rig = await startRig([], { zones });
  t.after(() => rig.close());
  const infos = rig.transport.listeners();
  assert.equal(infos.length, 6);
  assert.ok(infos.every((info) => info.port > 0));
  assert.equal(new Set(infos.map((info) => info.name)).size, 6);
  const [first, second, third, tcp] = infos;
  assert.equal(first!.name, `outside-udp-127.0.0.1:${first!.port}`);
  assert.equal(first!.advertised, `192.0.2.1:${first!.port}`);
  assert.equal(second!.advertised, `127.0.0.2:${second!.port}`);
  assert.equal(third!.name, `outside-udp-[::1]:${third!.port}`);
  assert.equal(tcp!.advertised, 'sip.example.com:5070');
  assert.equal(infos[5]!.advertised, `[2001:db8::1]:${infos[5]!.port}`);
});

test('route picks the listener by zone, protocol, family and then by the preferred address or name', async (t) => {
  const rig = await startRig([], { zones });
  t.after(() => rig.close());
  const names = rig.transport.listeners().map((info) => info.name);
  const route = (zone: string, protocol: 'udp' | 'tcp' | 'tls', address: string, preferred?: string) =>
    rig.transport.route(zone, { protocol, address, port: 5060 }, preferred)?.listener;
  assert.equal(route('outside', 'udp', '127.0.0.9'), names[0]);
  assert.equal(route('outside', 'udp', '127.0.0.9', '127.0.0.2'), names[1]);
  assert.equal(route('outside', 'udp', '127.0.0.9', names[1]), names[1]);
  assert.equal(route('outside', 'udp', '127.0.0.9', '10.9.9.9'), names[0]);
  assert.equal(route('outside', 'udp', '::1', '127.0.0.2'), names[2]);
  assert.equal(route('inside', 'udp', '127.0.0.9'), names[5]);
  assert.equal(route('inside', 'udp', '::1'), undefined);
  assert.equal(route('outside', 'tls', '127.0.0.9'), undefined);
  assert.equal(route('nowhere', 'udp', '127.0.0.9'), undefined);
  assert.equal(route('outside', 'udp', 'localhost'), undefined);
  assert.equal(rig.transport.route('outside', { protocol: 'udp', address: '127.0.0.9', port: 0 }), undefined);
  assert.equal(rig.transport.route('outside', { protocol: 'udp', address: '127.0.0.9', port: 65_536 }), undefined);
});

test('a flow carries the advertised address and leaves from the listener', async (t) => {
  const rig = await startRig([], { zones });
  t.after(() => rig.close());
  const peer = await udpPeer();
  t.after(() => peer.close());
  const flow = rig.transport.route('outside', { protocol: 'udp', address: '127.0.0.1', port: peer.port }, '127.0.0.2')!;
  assert.deepEqual([flow.localHost, flow.localPort], ['127.0.0.2', rig.transport.listeners()[1]!.port]);
  const arrival = once(peer.socket, 'message');
  rig.transport.send(flow, Buffer.from('x'));
  const [, from] = await arrival;
  assert.deepEqual([from.address, from.port], ['127.0.0.2', flow.localPort]);
});

test('streamSibling is a tcp flow to the same place from the same address, none where the zone has no tcp', async (t) => {
  const rig = await startRig([], { zones });
  t.after(() => rig.close());
  const target = { protocol: 'udp', address: '127.0.0.1', port: rig.transport.listeners()[3]!.port } as const;
  const sibling = rig.transport.streamSibling(rig.transport.route('outside', target, '127.0.0.2')!)!;
  assert.equal(sibling.listener, rig.transport.listeners()[4]!.name);
  assert.deepEqual([sibling.protocol, sibling.address, sibling.port], ['tcp', target.address, target.port]);
  assert.equal(rig.transport.streamSibling(sibling), sibling);
  assert.equal(rig.transport.streamSibling(rig.transport.route('inside', target)!), undefined);
});

test('isLive follows the connection of a flow', async (t) => {
  const rig = await startRig([], { zones });
  t.after(() => rig.close());
  const port = rig.transport.listeners()[3]!.port;
  const flow = rig.transport.route('outside', { protocol: 'tcp', address: '127.0.0.1', port })!;
  assert.equal(rig.transport.isLive(flow), true);
  rig.transport.disconnect(flow, 'test');
  assert.equal(rig.transport.isLive(flow), false);
});

test('limits.connections also bounds what we open', async (t) => {
  const rig = await startRig([], { zones, limits: { connections: 1 } });
  t.after(() => rig.close());
  const to = (port: number) => rig.transport.route('outside', { protocol: 'tcp', address: '127.0.0.1', port });
  assert.ok(to(9) !== undefined);
  assert.equal(to(10), undefined);
  assert.equal(rig.transport.counters.refusedTotal, 1);
});

for (const protocol of ['udp', 'tcp'] as const) {
  test(`start names the ${protocol} listener that cannot be bound and lets go of the others`, async (t) => {
    const holder = await startRig([{ protocol, address: '127.0.0.1', port: 0 }]);
    t.after(() => holder.close());
    const taken = holder.listener(protocol).port;
    const free = createSocket('udp4').bind(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address();
    free.close();
    await once(free, 'close');
    const listeners = [
      { protocol: 'udp', address: '127.0.0.1', port },
      { protocol, address: '127.0.0.1', port: taken },
    ] as const;
    await assert.rejects(startRig(listeners), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'listen-failed');
      assert.match(error.message, new RegExp(`Cannot listen on ${protocol} 127.0.0.1:${taken} of zone "outside": .*EADDRINUSE`));
      return true;
    });
    const again = await startRig([listeners[0]]);
    await again.close();
  });
}

test('start refuses an advertised address that is none', async () => {
  for (const advertised of ['sip.example.com:0', 'a b', '[::1', 'host:70000']) {
    await assert.rejects(startRig([{ protocol: 'udp', address: '127.0.0.1', port: 0, advertised }]), { code: 'bad-listener' });
  }
});

test('close ends everything without telling the layer above', async () => {
  const rig = await startRig([], { zones });
  const port = rig.transport.listeners()[3]!.port;
  const flow = rig.transport.route('outside', { protocol: 'tcp', address: '127.0.0.1', port })!;
  rig.transport.send(flow, Buffer.from('x'));
  await rig.close();
  await rig.close();
  assert.deepEqual(rig.failures, []);
  assert.deepEqual(rig.transport.listeners(), []);
});
