// Strangers on the media ports of a call: what they send goes nowhere, and nothing comes to them, before, while and after the
// parties talk.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { callRaw, openPeers, type Place, type RawPeers } from '../support/raw-call.ts';
import { nodeSsrc, phoneSsrc, say, talks } from '../support/raw-talk.ts';
import { compound, descriptionBytes, rtpBytes, senderReportBytes } from '../support/rtp-bytes.ts';
import { siteConfig } from '../support/site.ts';
import { type Arrived, UdpPeer } from '../support/udp-peer.ts';
import { WeirProcess } from '../support/weir-process.ts';

const outside = '127.30.61.1';
const inside = '127.30.61.2';
/** A small range, so that every port of it can be hit often. */
const ports = { min: 20_000, max: 20_099 };
/** What the stranger says; looked for in all that the parties hear. */
const strange = new Uint8Array(160).fill(0xee);

interface Scene {
  readonly weir: WeirProcess;
  readonly peers: RawPeers;
  readonly stranger: UdpPeer;
}

async function open(t: TestContext): Promise<Scene> {
  const config = siteConfig({ outside, inside, nodes: ['sip:127.30.61.20:5060'], media: { ports } });
  const weir = await WeirProcess.start({ config });
  const peers = await openPeers('127.30.61.10', '127.30.61.20');
  const stranger = await UdpPeer.bind('127.30.61.66');
  t.after(async () => {
    stranger.close();
    peers.close();
    await weir.stop();
  });
  return { weir, peers, stranger };
}

/** Each media port of both sides gets RTP with the party's own SSRC and next numbers, and RTCP. */
async function spray(stranger: UdpPeer, sequence: number): Promise<void> {
  const rtcp = compound(senderReportBytes(phoneSsrc, [1, 1]), descriptionBytes(phoneSsrc, [[1, 'strange']]));
  const sends: Promise<void>[] = [];
  for (let port = ports.min; port <= ports.max; port++) {
    for (const [address, ssrc] of [
      [outside, phoneSsrc],
      [inside, nodeSsrc],
    ] as const) {
      sends.push(stranger.send(rtpBytes({ sequence, timestamp: sequence * 160, ssrc, payload: strange }), { address, port }));
      sends.push(stranger.send(rtcp, { address, port }));
    }
  }
  await Promise.all(sends);
}

/** Nothing but what the other party said, from where the party was told. */
function assertClean(arrived: readonly Arrived[], count: number, from: Place): void {
  assert.equal(arrived.length, count);
  for (const { bytes, address, port } of arrived) {
    assert.deepEqual({ address, port }, from);
    assert.ok(!Buffer.from(bytes).includes(strange.subarray(0, 16)), 'the words of the stranger');
  }
}

test('weir neither relays nor answers a stranger who sprays all media ports while a call stands', async (t) => {
  const { weir, peers, stranger } = await open(t);
  const call = await callRaw(peers, outside);
  const { inward, outward } = talks(peers, call);
  const heardInside: Arrived[] = [];
  const heardOutside: Arrived[] = [];
  // Before anybody has spoken, when a port does not know its peer yet.
  await spray(stranger, 1);
  for (let round = 0; round < 5; round++) {
    const first = round * 10 + 1;
    heardInside.push(...(await say(inward, first, first + 9)));
    await spray(stranger, first + 10);
    heardOutside.push(...(await say(outward, first, first + 9)));
    await spray(stranger, first + 10);
  }
  assertClean(heardInside, 50, call.nodeTarget);
  assertClean(heardOutside, 50, call.phoneTarget);
  await call.hangUp();
  const cdr = await weir.cdr(/Call-ID: (\S+)/.exec(call.sent)?.[1] ?? '');
  for (const media of cdr.media) {
    assert.deepEqual([media.packets_in, media.packets_out], [50, 50], media.party);
    // 11 sprays, RTP and perhaps RTCP counted.
    assert.ok(media.rejected >= 11, `${media.party}: ${media.rejected} rejected`);
  }
  assert.deepEqual(cdr.media.map((media) => media.from).sort(), [
    `${peers.phone.address}:${peers.phoneMedia.port}`,
    `${peers.node.address}:${peers.nodeMedia.port}`,
  ]);
  // Neither while it stood nor afterwards: the BYE is over, and what was to be sent is sent.
  await spray(stranger, 100);
  const next = await callRaw(peers, outside);
  assertClean(await say(talks(peers, next).inward, 1, 10), 10, next.nodeTarget);
  await next.hangUp();
  assert.equal(stranger.received, 0);
});

test('weir does not let a stranger speak to the node before the phone does', async (t) => {
  const { peers, stranger } = await open(t);
  const call = await callRaw(peers, outside);
  const { inward, outward } = talks(peers, call);
  for (let sequence = 1; sequence <= 20; sequence++) {
    await stranger.send(rtpBytes({ sequence, payload: strange, ssrc: 7 }), call.phoneTarget);
  }
  // The phone is silent so far: what is for it goes where its SDP says.
  assertClean(await say(outward, 1, 10), 10, call.phoneTarget);
  assertClean(await say(inward, 1, 10), 10, call.nodeTarget);
  await call.hangUp();
  assert.equal(stranger.received, 0);
});
