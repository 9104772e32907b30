// Where peers really are, told as stories on a session: who is heard, who gets the media.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rtpBytes } from '../../support/rtp-bytes.ts';
import { at, endpoint, inside, outside, PlainCall, RelayWorld, targets } from './relay-world.ts';

const caller = '198.51.100.7:4000';
const node = '10.0.0.5:6000';
const attacker = '192.0.2.66:7777';

function answered(
  caller: Parameters<PlainCall['apply']>[0] = {},
  other: Parameters<PlainCall['apply']>[1] = {},
): { world: RelayWorld; call: PlainCall } {
  const world = new RelayWorld();
  const call = new PlainCall(world);
  call.apply(caller, other);
  return { world, call };
}

/** A phone behind NAT: private SDP address, SIP and media from the NAT's public one. */
const behindNat = { ...at('192.168.7.20', 4000), signalingAddress: '198.51.100.7' };

test('SourceLearning locks the signalled address with its first packet and rejects all others from then on', () => {
  const { world, call } = answered();
  call.fromCaller(caller);
  for (let i = 0; i < 50; i++) assert.deepEqual(call.fromCaller(attacker, { sequence: i }), []);
  assert.deepEqual(call.fromCaller('192.0.2.66:4000'), [], 'the same port on another host');
  assert.deepEqual(targets(call.fromNode(node)), [caller]);
  assert.equal(world.report('call')[0]?.rejectedSource, 51);
  assert.equal(world.report('call')[0]?.packetsIn, 1);
});

test('RTP bleed: an attacker that sprays before, during and after set-up receives nothing and is not heard', () => {
  const world = new RelayWorld();
  const call = new PlainCall(world);
  const spray = (): void => {
    for (let i = 0; i < 20; i++) {
      assert.deepEqual(call.fromCaller(attacker, { sequence: i }), []);
      assert.deepEqual(call.fromNode(attacker, { sequence: i }), []);
    }
  };
  spray();
  // Ringing: only the caller is known, for longer than the silence timer.
  call.apply({}, { remote: null, remoteRtcp: null, signalingAddress: null });
  spray();
  world.pass(30_000);
  spray();
  call.apply();
  spray();
  for (let i = 0; i < 500; i++) {
    assert.deepEqual(targets(call.fromCaller(caller, { sequence: i })), [node]);
    assert.deepEqual(targets(call.fromNode(node, { sequence: i })), [caller]);
    spray();
    world.pass(20);
  }
});

test('SourceLearning in a silent call never sends the media of the other side to a stranger', () => {
  const { world, call } = answered();
  world.pass(10_000);
  // Nobody spoke since the answer, so the stranger is heard, but the signalled address keeps the media.
  assert.deepEqual(targets(call.fromCaller(attacker)), [node]);
  assert.deepEqual(targets(call.fromNode(node)), [caller]);
  // And its time ends with the first packet of the real peer.
  assert.deepEqual(targets(call.fromCaller(caller)), [node]);
  assert.deepEqual(call.fromCaller(attacker), []);
});

test('SourceLearning finds a peer behind NAT by the address of its SIP, in one packet', () => {
  const { world, call } = answered(behindNat);
  // A private address is no target for an interface on the internet.
  assert.deepEqual(call.fromNode(node), []);
  assert.deepEqual(targets(call.fromCaller('198.51.100.7:31000')), [node]);
  assert.deepEqual(targets(call.fromNode(node)), ['198.51.100.7:31000']);
  assert.deepEqual(world.events('source-learned')[1], {
    kind: 'source-learned',
    session: 'call',
    transport: 1,
    address: '198.51.100.7',
    port: 31_000,
  });
});

test('SourceLearning race: a sprayer never wins against a peer behind NAT, whoever is first', () => {
  const { world, call } = answered(behindNat);
  for (let i = 0; i < 60; i++) {
    assert.deepEqual(call.fromCaller(attacker, { sequence: i }), [], 'within the silence timer');
    world.pass(20);
  }
  assert.deepEqual(targets(call.fromCaller('198.51.100.7:31000')), [node]);
  world.pass(5000);
  assert.deepEqual(call.fromCaller(attacker), []);
  assert.deepEqual(targets(call.fromNode(node)), ['198.51.100.7:31000']);
});

test('SourceLearning takes a peer of no rank after silence when the signalled address cannot be reached, until a better one comes', () => {
  const { world, call } = answered(behindNat);
  world.pass(1999);
  assert.deepEqual(call.fromCaller('203.0.113.200:9000'), []);
  world.pass(1);
  assert.deepEqual(world.deliver('203.0.113.200:9000', call.caller, Buffer.from('garbage that is no RTP')), []);
  assert.deepEqual(targets(call.fromCaller('203.0.113.200:9000')), [node]);
  assert.deepEqual(targets(call.fromNode(node)), ['203.0.113.200:9000']);
  assert.deepEqual(targets(call.fromCaller('198.51.100.7:31000')), [node]);
  assert.deepEqual(call.fromCaller('203.0.113.200:9000'), []);
  assert.deepEqual(targets(call.fromNode(node)), ['198.51.100.7:31000']);
});

test('SourceLearning believes no stranger in place of a peer that has not said where it is', () => {
  const world = new RelayWorld();
  const [, , branch] = world.reserve('call', [{ id: 1 }, { id: 2, interface: 'inside' }, { id: 3, interface: 'inside' }]);
  const transports = [endpoint({ id: 1, ...at('198.51.100.7', 4000) }), endpoint({ id: 2, ...at('10.0.0.5', 6000) }), endpoint({ id: 3 })];
  world.apply('call', { transports, streams: [{ from: 3, to: [1], codecs: [] }] });
  world.pass(10_000);
  assert.deepEqual(world.deliver('10.6.6.6:6666', branch!, rtpBytes()), []);
});

test('SourceLearning lets the exact address win over another port of the same host', () => {
  const { call } = answered();
  assert.deepEqual(targets(call.fromCaller('198.51.100.7:4444')), [node]);
  assert.deepEqual(targets(call.fromNode(node)), ['198.51.100.7:4444']);
  assert.deepEqual(targets(call.fromCaller(caller)), [node]);
  assert.deepEqual(targets(call.fromNode(node)), [caller]);
  assert.deepEqual(call.fromCaller('198.51.100.7:4444'), []);
});

test('SourceLearning follows a re-INVITE to the new address at once and hears the old one no longer than the grace', () => {
  const { world, call } = answered();
  call.fromCaller(caller);
  call.apply({ ...at('198.51.100.9', 4100), signalingAddress: '198.51.100.9', armed: 2 });
  assert.deepEqual(targets(call.fromNode(node)), ['198.51.100.9:4100'], 'the first packet already goes to the new address');
  world.pass(499);
  assert.deepEqual(targets(call.fromCaller(caller)), [node], 'packets in flight');
  assert.deepEqual(targets(call.fromNode(node)), ['198.51.100.9:4100'], 'which do not draw the media back');
  world.pass(1);
  assert.deepEqual(call.fromCaller(caller), []);
  assert.deepEqual(targets(call.fromCaller('198.51.100.9:4100')), [node]);
});

test('SourceLearning ends the grace with the first packet from the new address', () => {
  const { call } = answered();
  call.fromCaller(caller);
  call.apply({ ...at('198.51.100.9', 4100), signalingAddress: '198.51.100.9', armed: 2 });
  call.fromCaller('198.51.100.9:4100');
  assert.deepEqual(call.fromCaller(caller), []);
});

test('SourceLearning follows a phone behind NAT that re-INVITEs from another port of the same NAT', () => {
  const { call } = answered(behindNat);
  call.fromCaller('198.51.100.7:31000');
  call.apply({ ...at('192.168.7.20', 4002), signalingAddress: '198.51.100.7', armed: 2 });
  assert.deepEqual(targets(call.fromNode(node)), ['198.51.100.7:31000'], 'the old mapping is the best guess');
  assert.deepEqual(targets(call.fromCaller('198.51.100.7:31000')), [node]);
  assert.deepEqual(targets(call.fromCaller('198.51.100.7:31002')), [node]);
  assert.deepEqual(targets(call.fromNode(node)), ['198.51.100.7:31002']);
  assert.deepEqual(call.fromCaller('198.51.100.7:31000'), []);
});

test('SourceLearning keeps a peer that is re-announced where it was', () => {
  const { call } = answered(behindNat);
  call.fromCaller('198.51.100.7:31000');
  call.apply({ ...behindNat, armed: 2 });
  assert.deepEqual(targets(call.fromNode(node)), ['198.51.100.7:31000'], 'no gap while nothing is learned again');
  assert.deepEqual(targets(call.fromCaller('198.51.100.7:31000')), [node]);
});

test('SourceLearning does not start anew when signalling repeats itself', () => {
  const { call } = answered();
  call.fromCaller('198.51.100.7:4444');
  call.apply();
  assert.deepEqual(targets(call.fromNode(node)), ['198.51.100.7:4444']);
  assert.deepEqual(call.fromCaller('198.51.100.7:4445'), []);
});

test('SourceLearning follows a NAT rebinding: same host, stream goes on, old port silent', () => {
  const { world, call } = answered(behindNat);
  call.fromCaller('198.51.100.7:31000', { sequence: 100 });
  world.pass(20);
  assert.deepEqual(call.fromCaller('198.51.100.7:40000', { sequence: 101 }), [], 'the old port was just heard');
  world.pass(200);
  assert.deepEqual(call.fromCaller('198.51.100.7:40000', { sequence: 9000 }), [], 'no continuation');
  assert.deepEqual(call.fromCaller('198.51.100.7:40000', { sequence: 101, ssrc: 5 }), [], 'another source');
  assert.deepEqual(call.fromCaller('192.0.2.66:40000', { sequence: 101 }), [], 'another host');
  assert.deepEqual(targets(call.fromCaller('198.51.100.7:40000', { sequence: 111 })), [node]);
  assert.deepEqual(targets(call.fromNode(node)), ['198.51.100.7:40000']);
});

test('SourceLearning switched off: sends to the signalled address and hears nobody else', () => {
  const { world, call } = answered({ learning: 'signalled' });
  assert.deepEqual(call.fromCaller('198.51.100.7:4444'), []);
  assert.deepEqual(targets(call.fromCaller(caller)), [node]);
  world.pass(60_000);
  assert.deepEqual(call.fromCaller(attacker), []);
  assert.deepEqual(targets(call.fromNode(node)), [caller]);
});

test('SourceLearning with acceptFrom any hears everybody and still sends to the signalled address', () => {
  const { world, call } = answered({ learning: 'signalled', acceptFrom: 'any' });
  for (const source of [attacker, caller, '203.0.113.99:1']) assert.deepEqual(targets(call.fromCaller(source)), [node], source);
  assert.deepEqual(targets(call.fromNode(node)), [caller]);
  assert.equal(world.report('call')[0]?.rejectedSource, 0);
});

test('Component never takes packets from our own ports: a call routed into itself falls silent', () => {
  const world = new RelayWorld();
  const call = new PlainCall(world);
  const loop = { ...at(call.node.address, call.node.port), signalingAddress: call.node.address };
  call.apply({ acceptFrom: 'any' }, { ...loop, acceptFrom: 'any' });
  assert.deepEqual(call.fromCaller(caller), [], 'our own port is no target');
  assert.deepEqual(call.fromNode(`${call.node.address}:${call.node.port}`), [], 'nor a source');
  assert.equal(world.report('call')[1]?.rejectedSource, 1);
});

test('Component sends nothing to what no peer can be, and to denied networks only after a packet from there', () => {
  const cases: readonly (readonly [address: string, port: number, afterPacket: boolean])[] = [
    ['0.0.0.0', 4000, false],
    ['224.0.0.5', 4000, false],
    ['255.255.255.255', 4000, false],
    ['203.0.113.1', 5060, false],
    ['127.0.0.1', 4000, true],
    ['169.254.169.254', 4000, true],
    ['192.168.1.1', 4000, true],
  ];
  for (const [address, port, afterPacket] of cases) {
    const { call } = answered({ ...at(address, port), signalingAddress: null });
    assert.deepEqual(call.fromNode(node), [], `${address} before`);
    call.fromCaller(`${address}:${port}`);
    assert.deepEqual(targets(call.fromNode(node)), afterPacket ? [`${address}:${port}`] : [], `${address} after`);
  }
});

test('Component of a loopback interface serves loopback peers, as the demo needs', () => {
  const local = { address: '127.0.0.1', advertised: '127.0.0.1' };
  const world = new RelayWorld({
    interfaces: [
      { ...outside, ...local },
      { ...inside, ...local, address: '127.0.0.2', advertised: '127.0.0.2' },
    ],
  });
  const call = new PlainCall(world);
  call.apply({ ...at('127.0.0.1', 4000), signalingAddress: '127.0.0.1' }, { ...at('127.0.0.1', 6000), signalingAddress: '127.0.0.1' });
  assert.deepEqual(targets(call.fromNode('127.0.0.1:6000')), ['127.0.0.1:4000']);
});

test('SourceLearning takes keepalives and T.38 of a ranked peer as proof of its address', () => {
  const { world, call } = answered(behindNat);
  world.deliver('198.51.100.7:31000', call.caller, new Uint8Array(0));
  assert.deepEqual(targets(call.fromNode(node)), ['198.51.100.7:31000']);
});

test('source-learned is told once per source, also for the signalled one', () => {
  const { world, call } = answered();
  for (let i = 0; i < 10; i++) call.fromCaller(caller, { sequence: i });
  call.fromNode(node);
  assert.equal(world.events('source-learned').length, 2);
});

test('learned destinations are forgotten when the call ends', () => {
  const { world, call } = answered(behindNat);
  for (let i = 0; i < 4; i++) {
    call.apply({ ...at('192.168.7.20', 4000 + i), signalingAddress: '198.51.100.7', armed: i });
    call.fromCaller(`198.51.100.7:${31_000 + i}`);
    world.deliver(`198.51.100.7:${32_000 + i}`, { address: call.caller.address, port: call.caller.rtcpPort }, rtpBytes());
  }
  world.release('call');
  assert.equal(world.io.destinations, 0);
});
