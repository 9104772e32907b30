// SRTP through the relay: what is opened, what is not even looked at, what leaves how, and what keys do over time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formerKeys } from '../../../media/relay/limits.ts';
import type { Protection, SrtpKeys, TransportState } from '../../../shared/relay/session-state.ts';
import { compound, descriptionBytes, receiverReportBytes, rtpBytes, senderReportBytes } from '../../support/rtp-bytes.ts';
import { SrtpPeer, srtpKeys } from '../../support/srtp-peer.ts';
import { at, endpoint, PlainCall, pcma, RelayWorld, targets } from './relay-world.ts';

const caller = '198.51.100.7:4000';
const callerRtcp = '198.51.100.7:4001';
const node = '10.0.0.5:6000';
const nodeRtcp = '10.0.0.5:6001';

function protection(local: SrtpKeys, remote: SrtpKeys): { protection: Protection } {
  return { protection: { kind: 'sdes', local, remote } };
}

interface SecureCall {
  readonly world: RelayWorld;
  readonly call: PlainCall;
  readonly phone: SrtpPeer;
}

const [ours, theirs] = [srtpKeys('AES_CM_128_HMAC_SHA1_80', 1), srtpKeys('AES_CM_128_HMAC_SHA1_80', 2)];

/** The caller speaks SRTP, the node does not. */
function started(state: Partial<TransportState> = {}, timeoutMs?: number): SecureCall {
  const world = new RelayWorld();
  const call = new PlainCall(world);
  call.apply({ ...protection(ours, theirs), ...state }, {}, timeoutMs === undefined ? {} : { timeoutMs });
  return { world, call, phone: new SrtpPeer({ local: theirs, remote: ours }) };
}

function toRtcp(call: PlainCall, source: string, side: 'caller' | 'node', bytes: Uint8Array): ReturnType<RelayWorld['deliver']> {
  return call.world.deliver(source, { address: call[side].address, port: call[side].rtcpPort }, bytes);
}

test('relayPacket bridges SRTP and RTP both ways', () => {
  const { world, call, phone } = started();
  for (let sequence = 65_530; sequence < 65_545; sequence++) {
    const plain = rtpBytes({ sequence: sequence & 0xffff });
    const [inwards] = world.deliver(caller, call.caller, phone.protect(plain));
    assert.deepEqual([inwards?.to, inwards?.bytes], [node, plain]);
    const [outwards] = world.deliver(node, call.node, plain);
    assert.equal(outwards?.to, caller);
    assert.notDeepEqual(outwards?.bytes, plain);
    assert.deepEqual(phone.open(outwards?.bytes), plain);
  }
  const [one, other] = world.release('call');
  assert.deepEqual([one?.packetsIn, one?.bytesIn, one?.packetsOut, one?.bytesOut], [15, 15 * 172, 15, 15 * 182]);
  assert.deepEqual([other?.packetsIn, other?.packetsOut, one?.unauthenticated, one?.undeliverable], [15, 15, 0, 0]);
  assert.equal(one?.quality.codec, 'PCMA');
});

test('relayPacket encrypts SRTP anew towards SRTP, whatever the suites', () => {
  const world = new RelayWorld();
  const call = new PlainCall(world);
  const inner = { local: srtpKeys('AEAD_AES_256_GCM', 3), remote: srtpKeys('AEAD_AES_256_GCM', 4) };
  call.apply(protection(ours, theirs), protection(inner.local, inner.remote));
  const phone = new SrtpPeer({ local: theirs, remote: ours });
  const server = new SrtpPeer({ local: inner.remote, remote: inner.local });
  const plain = rtpBytes({ sequence: 9 });
  const [inwards] = world.deliver(caller, call.caller, phone.protect(plain));
  assert.deepEqual(server.open(inwards?.bytes), plain);
  const [outwards] = world.deliver(node, call.node, server.protect(plain));
  assert.deepEqual(phone.open(outwards?.bytes), plain);
});

test('relayPacket does not learn from, count, relay or live on packets that are not authentic', () => {
  const { world, call, phone } = started({}, 10_000);
  const forged = phone.protect(rtpBytes({ sequence: 1 }));
  forged[20] = (forged[20] ?? 0) ^ 1;
  for (let i = 0; i < 20; i++) {
    world.pass(1000);
    assert.deepEqual(world.deliver(caller, call.caller, i % 2 === 0 ? forged : rtpBytes({ sequence: i })), []);
  }
  assert.equal(world.events('media-timeout').length, 1, 'the watchdog was not fed');
  const [report] = world.report('call');
  assert.deepEqual([report?.packetsIn, report?.unauthenticated, report?.rejectedSource, report?.learned], [0, 20, 0, null]);
  assert.equal(world.events('source-learned').length, 0);
  assert.equal(world.deliver(caller, call.caller, phone.protect(rtpBytes({ sequence: 2 }))).length, 1, 'the call lives');
});

test('relayPacket locks onto the source that has the key, not onto the one that came first', () => {
  // Behind NAT: the signalled address never sends.
  const { world, call, phone } = started({ ...at('192.168.1.9', 4000) });
  assert.deepEqual(world.deliver('198.51.100.7:6666', call.caller, rtpBytes()), []);
  assert.deepEqual(targets(world.deliver('198.51.100.7:31000', call.caller, phone.protect(rtpBytes()))), [node]);
  assert.deepEqual(world.report('call')[0]?.learned, { address: '198.51.100.7', port: 31_000 });
  assert.deepEqual(targets(world.deliver(node, call.node, rtpBytes())), ['198.51.100.7:31000']);
});

test('relayPacket spends no cryptography on strangers', () => {
  const { world, call, phone } = started();
  const valid = phone.protect(rtpBytes({ sequence: 1 }));
  assert.deepEqual(world.deliver('203.0.113.66:4000', call.caller, valid), []);
  const [report] = world.report('call');
  assert.deepEqual([report?.rejectedSource, report?.unauthenticated], [1, 0]);
  assert.equal(world.deliver(caller, call.caller, valid).length, 1, 'it was not taken for a replay');
});

test('relayPacket relays no replay, neither at once nor later', () => {
  const { world, call, phone } = started();
  const captured: Uint8Array[] = [];
  for (let sequence = 100; sequence < 300; sequence++) {
    const bytes = phone.protect(rtpBytes({ sequence }));
    captured.push(bytes);
    assert.equal(world.deliver(caller, call.caller, bytes).length, 1);
    world.pass(20);
  }
  for (const bytes of captured) assert.deepEqual(world.deliver(caller, call.caller, bytes), []);
  assert.equal(world.report('call')[0]?.unauthenticated, 200);
  const report = phone.protectRtcp(senderReportBytes(1, [1, 2]));
  assert.equal(toRtcp(call, callerRtcp, 'caller', report).length, 1);
  assert.equal(toRtcp(call, callerRtcp, 'caller', report).length, 0);
});

test('relayPacket drops STUN, DTLS and ZRTP on an SRTP transport, and sends none to one', () => {
  const { world, call, phone } = started();
  const others = [
    Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, ...new Uint8Array(12)),
    Uint8Array.of(22, 0xfe, 0xfd, ...new Uint8Array(30)),
    Uint8Array.of(0x10, 0, 0, 1, 0x5a, 0x52, 0x54, 0x50, ...new Uint8Array(20)),
    Uint8Array.of(0x80, 200, 0, 9, ...new Uint8Array(20)),
  ];
  for (const bytes of others) {
    assert.deepEqual(world.deliver(caller, call.caller, bytes), []);
    assert.deepEqual(world.deliver(node, call.node, bytes), []);
  }
  const [one, other] = world.report('call');
  assert.deepEqual([one?.malformed, one?.unauthenticated, one?.packetsIn], [3, 1, 0]);
  assert.deepEqual([other?.undeliverable, other?.packetsOut], [4, 0]);
  assert.equal(world.deliver(caller, call.caller, phone.protect(rtpBytes())).length, 1);
});

test('relayRtcp bridges SRTCP and RTCP both ways, and reads it on the way', () => {
  const { world, call, phone } = started();
  const report = compound(senderReportBytes(1, [1, 2]), descriptionBytes(1, [[1, 'phone@192.168.1.9']]));
  const [inwards] = toRtcp(call, callerRtcp, 'caller', phone.protectRtcp(report));
  assert.deepEqual([inwards?.to, inwards?.bytes.length], [nodeRtcp, report.length]);
  assert.deepEqual(inwards?.bytes.slice(0, 28), report.slice(0, 28));
  assert.ok(!Buffer.from(inwards?.bytes ?? []).includes('192.168'), 'the name is masked');
  world.pass(50);
  // The node answers the report 30 ms later: the round trip to the node is 20 ms.
  const answer = receiverReportBytes(2, [{ ssrc: 1, lost: 5, lsr: 0x0001_0000, dlsr: Math.round(0.03 * 65_536) }]);
  const [outwards] = toRtcp(call, nodeRtcp, 'node', answer);
  assert.equal(outwards?.to, callerRtcp);
  assert.deepEqual(phone.openRtcp(outwards?.bytes), answer);
  const [one, other] = world.report('call');
  assert.deepEqual([one?.rtcpIn, one?.rtcpOut, other?.rtcpIn, other?.rtcpOut], [1, 1, 1, 1]);
  assert.equal(Math.round(other?.quality.roundTripMs ?? 0), 20);
});

test('relayRtcp opens SRTCP on the RTP port under rtcp-mux', () => {
  const { world, call, phone } = started({ rtcpMux: true, remoteRtcp: at('198.51.100.7', 4000).remote });
  const report = receiverReportBytes(1, [{ ssrc: 2 }]);
  assert.deepEqual(world.deliver(caller, call.caller, phone.protectRtcp(report))[0]?.bytes, report);
  const [outwards] = toRtcp(call, nodeRtcp, 'node', report);
  assert.deepEqual([outwards?.to, outwards?.from], [caller, call.caller.port]);
  assert.deepEqual(phone.openRtcp(outwards?.bytes), report);
  assert.deepEqual(world.deliver(caller, call.caller, report), [], 'in clear it is refused');
  assert.equal(world.report('call')[0]?.unauthenticated, 1);
});

test('relayPacket gives each of several destinations its own encryption', () => {
  const world = new RelayWorld();
  const [from] = world.reserve('call', [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }]);
  const keys = [3, 4].map((id) => ({
    local: srtpKeys('AES_CM_128_HMAC_SHA1_80', id),
    remote: srtpKeys('AES_CM_128_HMAC_SHA1_80', id + 10),
  }));
  const transports = [1, 2, 3, 4].map((id) => {
    const own = keys[id - 3];
    return endpoint({ id, ...at('198.51.100.7', 4000 + id * 10), ...(own === undefined ? {} : protection(own.local, own.remote)) });
  });
  for (const to of [
    [2, 3, 4],
    [3, 4, 2],
    [3, 4],
  ]) {
    world.apply('call', { transports, streams: [{ from: 1, to, codecs: [pcma] }] });
    const plain = rtpBytes({ sequence: 10 * (to[0] ?? 0) + to.length });
    const sent = world.deliver('198.51.100.7:4010', from!, plain);
    assert.deepEqual(
      targets(sent),
      to.map((id) => `198.51.100.7:${4000 + id * 10}`),
    );
    const opened = sent.map((one, index) => {
      const own = keys[(to[index] ?? 0) - 3];
      return own === undefined ? one.bytes : new SrtpPeer({ local: own.remote, remote: own.local }).open(one.bytes);
    });
    for (const bytes of opened) assert.deepEqual(bytes, plain);
  }
});

test('an apply with the same keys keeps rollovers and replays, one with new keys begins anew', () => {
  const { world, call, phone } = started();
  const passes = (sequence: number, peer: SrtpPeer = phone): void => {
    const plain = rtpBytes({ sequence });
    assert.deepEqual(world.deliver(caller, call.caller, peer.protect(plain))[0]?.bytes, plain);
    assert.deepEqual(peer.open(world.deliver(node, call.node, plain)[0]?.bytes), plain);
  };
  const first = phone.protect(rtpBytes({ sequence: 65_533 }));
  world.deliver(caller, call.caller, first);
  for (const sequence of [65_534, 65_535, 0, 1]) passes(sequence);
  call.apply({ ...protection(ours, theirs), armed: 2 });
  passes(2);
  assert.deepEqual(world.deliver(caller, call.caller, first), [], 'still a replay');

  const renewed = { local: srtpKeys('AES_CM_128_HMAC_SHA1_80', 7), remote: srtpKeys('AES_CM_128_HMAC_SHA1_80', 8) };
  call.apply({ ...protection(renewed.local, renewed.remote), armed: 3 });
  assert.deepEqual(world.deliver(caller, call.caller, phone.protect(rtpBytes({ sequence: 3 }))), [], 'the old key is out of use');
  const other = new SrtpPeer({ local: renewed.remote, remote: renewed.local });
  // Both begin with rollover 0; the node's stream goes on where it was, and may even go back.
  passes(4, other);

  call.apply({ ...protection(ours, theirs), armed: 4 });
  assert.deepEqual(world.deliver(caller, call.caller, first), [], 'the old key is known with all it opened');
  passes(5);
});

test('an apply may change one key alone', () => {
  const { world, call, phone } = started();
  const plain = (sequence: number): Uint8Array => rtpBytes({ sequence });
  for (const sequence of [65_535, 0]) phone.open(world.deliver(node, call.node, plain(sequence))[0]?.bytes);
  const remote = srtpKeys('AES_CM_128_HMAC_SHA1_80', 9);
  call.apply({ ...protection(ours, remote), armed: 2 });
  const renewed = new SrtpPeer({ local: remote, remote: ours });
  assert.equal(world.deliver(caller, call.caller, renewed.protect(plain(1))).length, 1);
  assert.deepEqual(phone.open(world.deliver(node, call.node, plain(1))[0]?.bytes), plain(1), 'what we send keeps its rollover');
});

test('an apply from SRTP to RTP and back takes effect at once', () => {
  const { world, call, phone } = started();
  call.apply({ protection: { kind: 'plain' }, armed: 2 });
  assert.deepEqual(world.deliver(node, call.node, rtpBytes({ sequence: 1 }))[0]?.bytes, rtpBytes({ sequence: 1 }));
  call.apply({ ...protection(ours, theirs), armed: 3 });
  assert.deepEqual(phone.open(world.deliver(node, call.node, rtpBytes({ sequence: 2 }))[0]?.bytes), rtpBytes({ sequence: 2 }));
});

test('an apply with keys that cannot be used is refused, changes nothing and tells no key', () => {
  const { world, call, phone } = started();
  const bad: readonly (readonly [SrtpKeys, SrtpKeys, RegExp])[] = [
    [{ suite: 'AES_CM_512', keySalt: 'QUFBQQ==' }, theirs, /local key: suite AES_CM_512 is unknown/],
    [ours, { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: 'QUFBQQ==' }, /remote key: key and salt have 4 bytes/],
    [{ ...ours, suite: 'AES_CM_128_HMAC_SHA1_32' }, theirs, /local key: the key is in use with another suite/],
  ];
  for (const [local, remote, message] of bad) {
    const transports = [endpoint({ id: 1, ...at('198.51.100.9', 9), ...protection(local, remote) }), endpoint({ id: 2 })];
    const reply = world.command({ kind: 'apply', session: 'call', revision: 1000, state: { transports, streams: [], timeoutMs: 0 } });
    assert.ok(reply?.kind === 'failed');
    assert.match(reply.message, message);
    assert.ok(!reply.message.includes(local.keySalt) && !reply.message.includes(remote.keySalt));
  }
  assert.equal(world.deliver(caller, call.caller, phone.protect(rtpBytes())).length, 1);
});

test('a key that went out of memory may not come back', () => {
  const { world, call } = started();
  for (let seed = 20; seed < 20 + formerKeys + 1; seed++) call.apply(protection(srtpKeys('AES_CM_128_HMAC_SHA1_80', seed), theirs));
  assert.throws(() => call.apply(protection({ ...ours, keySalt: ours.keySalt.replace(/=+$/, '') }, theirs)), /in use before/);
  call.apply(protection(srtpKeys('AES_CM_128_HMAC_SHA1_80', 21), theirs));
  world.release('call');
});

test('a source that goes back is not sent under the same key', () => {
  const { world, call, phone } = started();
  assert.equal(world.deliver(node, call.node, rtpBytes({ sequence: 5000 })).length, 1);
  assert.deepEqual(world.deliver(node, call.node, rtpBytes({ sequence: 5000, payload: new Uint8Array(160) })), []);
  assert.deepEqual(world.deliver(node, call.node, rtpBytes({ sequence: 4000 })), []);
  assert.equal(world.report('call')[1]?.undeliverable, 2);
  assert.deepEqual(phone.open(world.deliver(node, call.node, rtpBytes({ sequence: 5001 }))[0]?.bytes), rtpBytes({ sequence: 5001 }));
});

test('SRTP that passes is relayed as it came, SRTCP too', () => {
  const world = new RelayWorld();
  const call = new PlainCall(world);
  call.apply({ protection: { kind: 'pass' } }, { protection: { kind: 'pass' } });
  const phone = new SrtpPeer({ local: theirs, remote: ours });
  const media = phone.protect(rtpBytes());
  assert.deepEqual(world.deliver(caller, call.caller, media)[0]?.bytes, media);
  const report = phone.protectRtcp(compound(senderReportBytes(1, [1, 2]), descriptionBytes(1, [[1, 'x']])));
  assert.deepEqual(toRtcp(call, callerRtcp, 'caller', report)[0]?.bytes, report);
  assert.deepEqual(toRtcp(call, callerRtcp, 'caller', Uint8Array.of(0x80, 200, 0)), []);
  call.apply(
    { protection: { kind: 'pass' }, rtcpMux: true, remoteRtcp: at('198.51.100.7', 4000).remote, armed: 2 },
    { protection: { kind: 'pass' } },
  );
  const muxed = phone.protectRtcp(receiverReportBytes(1));
  assert.deepEqual(world.deliver(caller, call.caller, muxed)[0]?.bytes, muxed);
  const [one] = world.report('call');
  assert.deepEqual([one?.packetsIn, one?.rtcpIn, one?.malformed], [1, 2, 1]);
});
