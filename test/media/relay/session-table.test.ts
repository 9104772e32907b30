// The life of sessions in a worker: commands and their replies, what packets do, what ends a session.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rtpBytes } from '../../support/rtp-bytes.ts';
import { at, endpoint, inside, outside, PlainCall, pcma, RelayWorld, targets } from './relay-world.ts';

const caller = '198.51.100.7:4000';
const node = '10.0.0.5:6000';

function started(): { world: RelayWorld; call: PlainCall } {
  const world = new RelayWorld();
  const call = new PlainCall(world);
  call.apply();
  return { world, call };
}

function failure(reply: unknown): unknown {
  return typeof reply === 'object' && reply !== null && 'failure' in reply ? reply.failure : reply;
}

test('relayPacket forwards both ways and counts each side', () => {
  const { world, call } = started();
  for (let i = 0; i < 30; i++) {
    assert.deepEqual(targets(call.fromCaller(caller, { sequence: i, timestamp: i * 160 })), [node]);
    if (i < 20) assert.deepEqual(targets(call.fromNode(node, { sequence: i, timestamp: i * 160 })), [caller]);
    world.pass(20);
  }
  const [one, other] = world.release('call');
  assert.deepEqual([one?.packetsIn, one?.bytesIn, one?.packetsOut, one?.bytesOut], [30, 30 * 172, 20, 20 * 172]);
  assert.deepEqual([other?.packetsIn, other?.packetsOut], [20, 30]);
  assert.deepEqual(one?.learned, { address: '198.51.100.7', port: 4000 });
  assert.equal(one?.quality.codec, 'PCMA');
});

test('relayPacket sends the very bytes that came, from the port that was told to the receiver', () => {
  const { call } = started();
  const packet = rtpBytes({ payloadType: 8, payload: Uint8Array.from({ length: 333 }, (_, i) => i) });
  const [sent] = call.world.deliver(caller, call.caller, packet);
  assert.deepEqual(sent?.bytes, packet);
  assert.equal(sent?.from, call.node.port);
});

test('relayPacket passes whatever runs over UDP: T.38, ZRTP, STUN, unknown payloads', () => {
  const { world, call } = started();
  const packets = [
    Uint8Array.of(0, 3, 1, 6, 0, 0, 0),
    Uint8Array.of(0x80, 1, 1),
    Uint8Array.of(0x10, 0, 0, 1, 0x5a, 0x52, 0x54, 0x50, 1, 2, 3, 4, 5),
    Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...new Uint8Array(12)),
    rtpBytes({ payloadType: 77, payload: new Uint8Array(0) }),
  ];
  for (const packet of packets) assert.deepEqual(world.deliver(caller, call.caller, packet)[0]?.bytes, packet);
  assert.equal(world.report('call')[0]?.packetsIn, packets.length);
  assert.deepEqual(world.deliver(caller, call.caller, new Uint8Array(0)), []);
  assert.equal(world.report('call')[0]?.malformed, 1);
});

test('relayPacket sends a stream with several destinations to each of them', () => {
  const world = new RelayWorld();
  const [from] = world.reserve('call', [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }]);
  const transports = [1, 2, 3, 4].map((id) => endpoint({ id, ...at('198.51.100.7', 4000 + id * 10) }));
  world.apply('call', { transports, streams: [{ from: 1, to: [2, 3, 4], codecs: [pcma] }] });
  assert.deepEqual(targets(world.deliver('198.51.100.7:4010', from!, rtpBytes())), [
    '198.51.100.7:4020',
    '198.51.100.7:4030',
    '198.51.100.7:4040',
  ]);
});

test('relayPacket chooses the line of a bundled transport by payload type', () => {
  const world = new RelayWorld();
  const [bundle] = world.reserve('call', [{ id: 1, rtcp: 'mux' }, { id: 2 }, { id: 3 }]);
  const transports = [1, 2, 3].map((id) => endpoint({ id, ...at('198.51.100.7', 4000 + id * 10) }));
  const streams = [
    { from: 1, to: [2], codecs: [pcma] },
    { from: 1, to: [3], codecs: [{ payloadType: 96, name: 'VP8', clockRate: 90_000 }] },
  ];
  world.apply('call', { transports, streams });
  const sent = (payloadType: number): string[] => targets(world.deliver('198.51.100.7:4010', bundle!, rtpBytes({ payloadType })));
  assert.deepEqual([sent(8), sent(96), sent(101)], [['198.51.100.7:4020'], ['198.51.100.7:4030'], ['198.51.100.7:4020']]);
});

test('relayPacket joins IPv6 and IPv4', () => {
  const world = new RelayWorld({ interfaces: [{ ...outside, family: 6, address: '2001:db8::1', advertised: '2001:db8::1' }, inside] });
  const [six, four] = world.reserve('call', [
    { id: 1, family: 6 },
    { id: 2, interface: 'inside' },
  ]);
  assert.equal(six?.address, '2001:db8::1');
  const behindNat = { ...at('fd00::7', 4000), signalingAddress: '2001:db8:9::7' };
  world.apply('call', { transports: [endpoint({ id: 1, ...behindNat }), endpoint({ id: 2, ...at('10.0.0.5', 6000) })] });
  assert.deepEqual(world.deliver('10.0.0.5:6000', four!, rtpBytes()), []);
  assert.deepEqual(world.deliver('2001:db8:9::8:31000', six!, rtpBytes()), [], 'a neighbour in the same network');
  assert.deepEqual(targets(world.deliver('2001:db8:9::7:31000', six!, rtpBytes())), [node]);
  assert.deepEqual(targets(world.deliver('10.0.0.5:6000', four!, rtpBytes())), ['2001:db8:9::7:31000']);
  assert.deepEqual(world.report('call')[0]?.learned, { address: '2001:db8:9::7', port: 31_000 });
});

test('relayPacket counts what leads nowhere', () => {
  const { world, call } = started();
  call.apply({}, {}, { streams: [] });
  assert.deepEqual(call.fromCaller(caller), []);
  call.apply({}, { ...at('0.0.0.0', 6000), signalingAddress: null, armed: 2 });
  assert.deepEqual(call.fromCaller(caller), []);
  assert.deepEqual([world.report('call')[0]?.undeliverable, world.report('call')[0]?.packetsIn], [2, 2]);
});

test('relayPacket drops the excess of a flooding peer and leaves other calls alone', () => {
  const { world, call } = started();
  const normal = new PlainCall(world, 'normal');
  normal.apply();
  let flooded = 0;
  for (let i = 0; i < 10_000; i++) {
    flooded += call.fromCaller(caller, { sequence: i }).length;
    if (i % 100 === 0) assert.equal(normal.fromCaller(caller, { sequence: i / 100 }).length, 1);
    world.pass(0.2);
  }
  assert.ok(flooded > 2400 && flooded < 2600, `${flooded} in two seconds`);
  assert.equal(world.report('call')[0]?.overRate, 10_000 - flooded);
  assert.equal(world.report('normal')[0]?.overRate, 0);
});

test('Session tells once that no packet was taken for the time allowed, and again after a pause in the silence', () => {
  const { world, call } = started();
  world.pass(59_000);
  call.fromCaller(caller);
  world.pass(59_999);
  assert.equal(world.events('media-timeout').length, 0);
  world.pass(1);
  assert.deepEqual(world.events('media-timeout'), [{ kind: 'media-timeout', session: 'call', silentMs: 60_000 }]);
  world.pass(600_000);
  assert.equal(world.events('media-timeout').length, 1);
  call.fromNode(node);
  world.pass(120_000);
  assert.equal(world.events('media-timeout').length, 2);
});

test('Session is not kept alive by packets of strangers', () => {
  const { world, call } = started();
  call.fromCaller(caller);
  call.fromNode(node);
  for (let i = 0; i < 61; i++) {
    call.fromCaller('192.0.2.66:9', { sequence: i });
    world.pass(1000);
  }
  assert.equal(world.events('media-timeout').length, 1);
});

test('Session counts a changed timeout from the change: resuming from hold is no timeout', () => {
  const { world, call } = started();
  call.apply({}, {}, { timeoutMs: 0 });
  world.pass(3_600_000);
  assert.equal(world.events('media-timeout').length, 0);
  call.apply();
  world.pass(59_999);
  assert.equal(world.events('media-timeout').length, 0);
  call.apply();
  world.pass(1);
  assert.deepEqual(
    world.events('media-timeout'),
    [{ kind: 'media-timeout', session: 'call', silentMs: 60_000 }],
    'a repeated state does not refresh it',
  );
});

test('SessionTable ignores what is not newer than the last state', () => {
  const { world, call } = started();
  const state = { transports: [endpoint({ id: 1 }), endpoint({ id: 2 })], streams: [], timeoutMs: 0 };
  assert.equal(world.command({ kind: 'apply', session: 'call', revision: 1, state })?.kind, 'ok');
  assert.deepEqual(targets(call.fromCaller(caller)), [node]);
});

test('SessionTable.apply changes nothing when the state is wrong', () => {
  const { world, call } = started();
  const good = endpoint({ id: 1 });
  const sdes = { kind: 'sdes' as const, local: { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: 'a' }, remote: { suite: 'x', keySalt: 'b' } };
  const wrong = [
    { transports: [good, endpoint({ id: 3 })], streams: [] },
    { transports: [good, good], streams: [] },
    { transports: [good], streams: [{ from: 1, to: [2], codecs: [] }] },
    { transports: [good, endpoint({ id: 2, protection: sdes })], streams: [] },
  ];
  for (const state of wrong) {
    assert.equal(
      failure(world.command({ kind: 'apply', session: 'call', revision: 50, state: { ...state, timeoutMs: 0 } })),
      'bad-command',
    );
    assert.deepEqual(targets(call.fromCaller(caller)), [node]);
  }
});

test('SessionTable.apply closes what the state does not name, and the final report still has it', () => {
  const { world, call } = started();
  call.fromNode(node);
  const added = world.reserve('call', [{ id: 3, interface: 'inside' }])[0];
  const transports = [endpoint({ id: 1, ...at('198.51.100.7', 4000) }), endpoint({ id: 3, ...at('10.0.0.6', 7000) })];
  world.apply('call', { transports });
  assert.deepEqual(targets(call.fromCaller(caller)), ['10.0.0.6:7000']);
  assert.deepEqual(call.fromNode(node), [], 'the port rests');
  assert.deepEqual(targets(world.deliver('10.0.0.6:7000', added!, rtpBytes())), [caller]);
  const final = world.release('call');
  assert.deepEqual(
    final.map((one) => [one.id, one.packetsIn]),
    [
      [2, 1],
      [1, 1],
      [3, 1],
    ],
  );
});

test('SessionTable.release frees everything, and unknown sessions have an empty report', () => {
  const { world, call } = started();
  call.fromCaller(caller);
  world.release('call');
  assert.deepEqual(call.fromCaller(caller), []);
  assert.deepEqual(world.release('call'), []);
  assert.equal(failure(world.command({ kind: 'query', session: 'call' })), 'unknown-session');
  assert.equal(world.io.destinations, 0);
  assert.equal(world.timers.size, 2, 'only the ports of both addresses rest');
  world.pass(10_000);
  assert.equal(world.timers.size, 0);
  assert.deepEqual(
    world.ports.map((ports) => ports.used),
    [0, 0],
  );
});

test('A freed port does not bleed: packets of the last call never reach the next one on it', () => {
  const world = new RelayWorld({ min: 20_000, max: 20_001 });
  const first = new PlainCall(world, 'first');
  first.apply();
  first.fromCaller(caller);
  world.release('first');
  for (let i = 0; i < 500; i++) {
    assert.deepEqual(first.fromCaller(caller, { sequence: i }), []);
    const reply = world.command({
      kind: 'reserve',
      session: 'next',
      transports: [{ id: 1, interface: 'outside', family: 4, rtcp: 'pair' }],
    });
    assert.equal(failure(reply), 'no-ports');
    world.pass(20);
  }
  world.pass(2500);
  const second = new PlainCall(world, 'second');
  assert.equal(second.caller.port, first.caller.port);
});

test('SessionTable.reserve opens all ports or none', () => {
  const world = new RelayWorld({ min: 20_000, max: 20_003 });
  const requests = [1, 2, 3].map((id) => ({ id, interface: 'outside', family: 4, rtcp: 'pair' }));
  const reply = world.command({ kind: 'reserve', session: 'call', transports: requests });
  assert.equal(failure(reply), 'no-ports');
  assert.equal(world.table.size, 0);
  assert.deepEqual(
    world.ports.map((ports) => ports.used),
    [0, 0],
  );
});

test('SessionTable.reserve for a living session that fails leaves the session as it was', () => {
  const { world, call } = started();
  assert.equal(
    failure(world.command({ kind: 'reserve', session: 'call', transports: [{ id: 1, interface: 'outside', family: 4, rtcp: 'pair' }] })),
    'bad-command',
  );
  assert.equal(
    failure(world.command({ kind: 'reserve', session: 'call', transports: [{ id: 9, interface: 'outside', family: 6, rtcp: 'pair' }] })),
    'unknown-interface',
  );
  assert.deepEqual(targets(call.fromCaller(caller)), [node]);
});

test('SessionTable: a session released while its ports are being opened leaves nothing behind', () => {
  const world = new RelayWorld();
  world.io.hold = true;
  assert.equal(
    world.command({ kind: 'reserve', session: 'call', transports: [{ id: 1, interface: 'outside', family: 4, rtcp: 'pair' }] }),
    undefined,
  );
  const ref = world.lastRef;
  world.release('call');
  world.io.proceed();
  assert.equal(failure(world.replyTo(ref)), 'unknown-session');
  world.pass(10_000);
  assert.deepEqual(
    world.ports.map((ports) => ports.used),
    [0, 0],
  );
  assert.equal(world.table.size, 0);
});

test('SessionTable: an exception in the path of a packet ends that session and no other', () => {
  const { world, call } = started();
  const other = new PlainCall(world, 'other');
  other.apply();
  world.io.failure = new Error('broken on purpose');
  call.fromCaller(caller);
  world.io.failure = undefined;
  assert.deepEqual(world.events('session-failed'), [{ kind: 'session-failed', session: 'call', message: 'broken on purpose' }]);
  assert.deepEqual(call.fromCaller(caller), []);
  assert.deepEqual(targets(other.fromCaller(caller)), [node]);
  assert.deepEqual(world.release('call'), []);
});

test('SessionTable: an exception while a state is applied fails the command and ends the session', () => {
  const { world, call } = started();
  const original = world.io.destination;
  world.io.destination = () => {
    throw new Error('broken on purpose');
  };
  const state = { transports: [endpoint({ id: 1, ...at('198.51.100.8', 4) }), endpoint({ id: 2 })], streams: [], timeoutMs: 0 };
  assert.equal(failure(world.command({ kind: 'apply', session: call.session, revision: 90, state })), 'bad-command');
  world.io.destination = original;
  assert.equal(world.events('session-failed').length, 1);
  assert.equal(world.table.size, 0);
});

test('SessionTable.drain takes no new sessions and ends with the last one', () => {
  const { world } = started();
  assert.equal(world.command({ kind: 'drain' })?.kind, 'ok');
  assert.equal(failure(world.command({ kind: 'reserve', session: 'next', transports: [] })), 'draining');
  assert.equal(world.reserve('call', [{ id: 3 }]).length, 1, 'a living call may still change');
  assert.equal(world.drained, false);
  world.release('call');
  assert.equal(world.drained, true);
});

test('Session sets the DSCP of both sockets when it changes', () => {
  const { world, call } = started();
  call.apply({ dscp: 46 });
  assert.deepEqual([...world.io.dscp.values()], [46, 46]);
  assert.equal(world.io.dscp.get(world.io.socketOf(call.caller.address, call.caller.rtcpPort)), 46);
});
