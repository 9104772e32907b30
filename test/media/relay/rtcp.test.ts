// RTCP through the relay: where it goes, what is read from it, what is hidden in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pseudonym } from '../../../media/relay/pseudonym.ts';
import { seededRng } from '../../../shared/rng.ts';
import { decodeReports } from '../../../shared/rtp-packet.ts';
import type { Sent } from '../../support/memory-io.ts';
import { compound, descriptionBytes, goodbyeBytes, receiverReportBytes, rtpBytes, senderReportBytes } from '../../support/rtp-bytes.ts';
import { at, PlainCall, RelayWorld } from './relay-world.ts';

const callerRtcp = '198.51.100.7:4001';
const nodeRtcp = '10.0.0.5:6001';

function started(rtcp: 'pair' | 'mux' = 'pair'): { world: RelayWorld; call: PlainCall } {
  const world = new RelayWorld();
  const call = new PlainCall(world, 'call', rtcp);
  call.apply();
  return { world, call };
}

function toRtcp(call: PlainCall, source: string, side: 'caller' | 'node', bytes: Uint8Array): Sent[] {
  return call.world.deliver(source, { address: call[side].address, port: call[side].rtcpPort }, bytes);
}

test('relayRtcp passes reports to the RTCP port of the peer, from our own', () => {
  const { world, call } = started();
  const report = senderReportBytes(1, [1, 2]);
  const [sent, ...more] = toRtcp(call, callerRtcp, 'caller', report);
  assert.deepEqual([sent?.to, sent?.from, more.length], [nodeRtcp, call.node.rtcpPort, 0]);
  assert.deepEqual(sent?.bytes, report);
  assert.deepEqual(
    world.report('call').map((one) => [one.rtcpIn, one.rtcpOut, one.packetsIn]),
    [
      [1, 0, 0],
      [0, 1, 0],
    ],
  );
});

test('relayRtcp joins a peer with rtcp-mux to one without', () => {
  const { call } = started();
  call.apply({ rtcpMux: true, remoteRtcp: at('198.51.100.7', 4000).remote, armed: 2 });
  const [down] = call.world.deliver('198.51.100.7:4000', call.caller, receiverReportBytes(1));
  assert.deepEqual([down?.from, down?.to], [call.node.rtcpPort, nodeRtcp]);
  const [up] = toRtcp(call, nodeRtcp, 'node', receiverReportBytes(2));
  assert.deepEqual([up?.from, up?.to], [call.caller.port, '198.51.100.7:4000']);
});

test('relayRtcp sends nothing to a peer that takes no RTCP', () => {
  const { world, call } = started();
  call.apply({}, { remoteRtcp: null, armed: 2 });
  assert.deepEqual(toRtcp(call, callerRtcp, 'caller', receiverReportBytes(1)), []);
  assert.equal(world.report('call')[0]?.undeliverable, 1);
});

test('relayRtcp carries the reports on a one-way stream back to its sender', () => {
  const { call } = started();
  call.apply({}, {}, { streams: [{ from: 1, to: [2], codecs: [] }] });
  assert.equal(toRtcp(call, nodeRtcp, 'node', receiverReportBytes(2, [{ ssrc: 1 }]))[0]?.to, callerRtcp);
  assert.equal(toRtcp(call, callerRtcp, 'caller', senderReportBytes(1, [0, 0]))[0]?.to, nodeRtcp);
});

test('relayRtcp learns the RTCP port of a peer behind NAT, and no stranger ever becomes one', () => {
  const { world, call } = started();
  call.apply({ ...at('192.168.7.20', 4000), armed: 2 });
  world.pass(60_000);
  for (let i = 0; i < 3; i++)
    assert.deepEqual(toRtcp(call, '192.0.2.66:9', 'caller', receiverReportBytes(6)), [], 'RTCP is silent for seconds by nature');
  assert.deepEqual(toRtcp(call, nodeRtcp, 'node', receiverReportBytes(2)), []);
  toRtcp(call, '198.51.100.7:31001', 'caller', receiverReportBytes(1));
  assert.equal(toRtcp(call, nodeRtcp, 'node', receiverReportBytes(2))[0]?.to, '198.51.100.7:31001');
});

test('relayRtcp trusts the host that the RTP comes from', () => {
  const { world, call } = started();
  call.apply({ ...at('192.168.7.20', 4000), signalingAddress: null, armed: 2 });
  world.pass(2000);
  call.fromCaller('203.0.113.200:9000');
  toRtcp(call, '203.0.113.200:9001', 'caller', receiverReportBytes(1));
  assert.equal(toRtcp(call, nodeRtcp, 'node', receiverReportBytes(2))[0]?.to, '203.0.113.200:9001');
});

test('relayRtcp follows the rebinding of the reporter it knows', () => {
  const { world, call } = started();
  toRtcp(call, callerRtcp, 'caller', receiverReportBytes(77));
  world.pass(5000);
  assert.deepEqual(toRtcp(call, '198.51.100.7:5555', 'caller', receiverReportBytes(78)), []);
  assert.equal(toRtcp(call, '198.51.100.7:5555', 'caller', receiverReportBytes(77)).length, 1);
});

test('relayRtcp drops what is no RTCP on the RTCP port, and passes it as media on the RTP port', () => {
  const { world, call } = started();
  const cut = senderReportBytes(1, [1, 2]).subarray(0, 20);
  assert.deepEqual(toRtcp(call, callerRtcp, 'caller', cut), []);
  assert.deepEqual(toRtcp(call, callerRtcp, 'caller', rtpBytes()), []);
  assert.equal(world.report('call')[0]?.malformed, 2);
  assert.equal(world.deliver('198.51.100.7:4000', call.caller, cut)[0]?.to, '10.0.0.5:6000');
});

test('relayRtcp measures the round trip to each peer and keeps what it reports', () => {
  const { world, call } = started();
  for (let i = 0; i < 20; i++) call.fromCaller('198.51.100.7:4000', { sequence: i, timestamp: i * 160 });
  toRtcp(call, callerRtcp, 'caller', senderReportBytes(0x11223344, [0xaaaa1234, 0x5678bbbb]));
  world.pass(1060);
  const block = { ssrc: 0x11223344, lost: 3, jitter: 80, lsr: 0x12345678, dlsr: 65_536 };
  toRtcp(call, nodeRtcp, 'node', receiverReportBytes(2, [block]));
  const [caller, node] = world.report('call');
  assert.equal(node?.quality.roundTripMs, 60);
  assert.equal(node?.quality.peerLost, 3);
  assert.equal(caller?.quality.roundTripMs, 0);
  assert.equal(caller?.quality.peerLost, undefined);
});

test('relayRtcp hides who and where a peer is, and keeps length and structure', () => {
  const { call } = started();
  const secret = 'alice@10.77.77.77';
  const report = compound(
    senderReportBytes(1, [1, 2], [{ ssrc: 3 }]),
    descriptionBytes(1, [
      [1, secret],
      [6, 'SENTINEL phone 1.2'],
      [5, 'Room 5'],
    ]),
    descriptionBytes(2, [[1, secret]]),
    goodbyeBytes(1, `SENTINEL at 10.77.77.77 goes`),
  );
  const sent = toRtcp(call, callerRtcp, 'caller', report)[0]?.bytes ?? new Uint8Array();
  assert.equal(sent.length, report.length);
  assert.doesNotMatch(Buffer.from(sent).toString('latin1'), /10\.77|SENTINEL|Room|alice/);
  assert.deepEqual(sent.subarray(0, 52), report.subarray(0, 52), 'reports pass unchanged');
  const { reports, cname } = decodeReports(sent);
  assert.deepEqual([reports[0]?.ssrc, reports[0]?.blocks[0]?.ssrc, cname.length], [1, 3, secret.length], 'another reader still takes it');
  // One peer, one CNAME: receivers synchronise audio and video by it.
  assert.equal(Buffer.from(sent).indexOf(cname), 52 + 10);
});

test('Pseudonym differs between sessions and stays within the packet', () => {
  const masked = (seed: number, bytes: Uint8Array): string => {
    const copy = bytes.slice();
    new Pseudonym(seededRng(seed)).maskItems(copy, 0);
    return Buffer.from(copy).toString('latin1');
  };
  const item = descriptionBytes(1, [[1, 'alice@10.77.77.77']]);
  assert.equal(masked(1, item), masked(1, item));
  assert.notEqual(masked(1, item), masked(2, item));
  assert.match(masked(1, item).slice(10, 27), /^[A-Za-z0-9_-]{17}$/);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 80 }), (noise) => {
      const words = Math.floor(noise.length / 4);
      const bytes = Uint8Array.of(...noise.subarray(0, words * 4), 1, 2, 3, 4);
      bytes[2] = 0;
      bytes[3] = words - 1;
      new Pseudonym(seededRng(1)).maskItems(bytes, 0);
      new Pseudonym(seededRng(1)).maskReason(bytes, 0);
      assert.deepEqual([...bytes.subarray(words * 4)], [1, 2, 3, 4]);
    }),
    { seed: 65 },
  );
});

test('relayRtcp and relayMedia take any datagram on any port', () => {
  const { call } = started();
  const seeds = [senderReportBytes(1, [1, 2], [{ ssrc: 1 }]), descriptionBytes(1, [[1, 'x']]), rtpBytes(), receiverReportBytes(1)];
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.uint8Array({ maxLength: 100 }), fc.nat(40), fc.boolean(), (seed, noise, cut, rtcp) => {
      const bytes = Uint8Array.of(...seed.subarray(0, cut), ...noise);
      if (rtcp) toRtcp(call, callerRtcp, 'caller', bytes);
      else call.world.deliver('198.51.100.7:4000', call.caller, bytes);
      assert.equal(call.world.events('session-failed').length, 0);
    }),
    { seed: 15, numRuns: 2000 },
  );
});
