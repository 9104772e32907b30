// A phone with SRTP (werift's, not ours) and a server with RTP, joined by the session engine over a real media worker on each of the
// packet backends, on loopback addresses of its own: media both ways, RTCP, garbage, replays, the watchdog.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { RtpPacket, SrtcpSession, SrtpSession } from 'werift';
import { errorMessage } from '../../shared/errors.ts';
import { silentLog } from '../../shared/log.ts';
import { systemRng } from '../../shared/rng.ts';
import { configSchema, type MediaConfig } from '../../signaling/config/schema.ts';
import { SessionEngine, type SidePolicy } from '../../signaling/session/session-engine.ts';
import { WorkerPool } from '../../signaling/workers/worker-pool.ts';
import { receiverReportBytes, rtpBytes, senderReportBytes } from '../support/rtp-bytes.ts';
import { UdpPeer } from '../support/udp-peer.ts';

const suite = 'AES_CM_128_HMAC_SHA1_80';
const profile = 1;
const limit = { timeout: 30_000 };
const addresses = { outside: '127.10.80.1', inside: '127.10.80.2', phone: '127.10.81.1', server: '127.10.81.2' };
let nextRange = 24_000;

interface Scene {
  readonly engine: SessionEngine;
  readonly events: EventEmitter;
  readonly phone: UdpPeer;
  readonly phoneRtcp: UdpPeer;
  readonly server: UdpPeer;
  readonly serverRtcp: UdpPeer;
}

/** undefined where that backend is not to be had. */
async function start(context: TestContext, io: MediaConfig['io'], timeoutMs = 60_000): Promise<Scene | undefined> {
  const ports = { min: nextRange, max: nextRange + 199 };
  nextRange += 200;
  const events = new EventEmitter();
  const pool = new WorkerPool({
    media: configSchema.shape.media.parse({ workers: 1, io, ports }),
    zones: (['outside', 'inside'] as const).map((name) => ({ name, media: [{ address: addresses[name] }], listeners: [] })),
    log: silentLog,
    onEvent: (event) => events.emit(event.kind, event),
    onSessionsLost: () => {},
  });
  context.after(() => pool.close());
  try {
    await pool.start();
  } catch (thrown) {
    if (!/Cannot use the packet I\/O/.test(errorMessage(thrown))) throw thrown;
    context.skip(errorMessage(thrown));
    return undefined;
  }
  const limits = { timeoutMs, holdTimeoutMs: timeoutMs, calls: 10 };
  const engine = new SessionEngine({ relay: pool, rng: systemRng(), randomBytes, log: silentLog, limits });
  const { phone, server } = addresses;
  const peers = await Promise.all([phone, phone, server, server].map((address) => UdpPeer.bind(address)));
  context.after(() => {
    for (const peer of peers) peer.close();
  });
  return { engine, events, phone: peers[0]!, phoneRtcp: peers[1]!, server: peers[2]!, serverRtcp: peers[3]! };
}

interface Call {
  readonly rtp: SrtpSession;
  readonly rtcp: SrtcpSession;
  /** Where phone and server send to. */
  readonly atPhone: { readonly address: string; readonly port: number };
  readonly atServer: { readonly address: string; readonly port: number };
}

const masterKey = Buffer.alloc(30, 0x5a);

async function connect({ engine, phone, phoneRtcp, server, serverRtcp }: Scene): Promise<Call> {
  const offer = describe(phone, phoneRtcp, 'RTP/SAVP', [`crypto:7 ${suite} inline:${masterKey.toString('base64')}`]);
  const sides = { callId: 'call', fromTag: 'phone', from: policy('outside'), to: policy('inside') };
  const shown = read(await engine.offer({ ...sides, sdp: offer }));
  assert.ok(shown.text.includes('RTP/AVP ') && !shown.text.includes('crypto'));
  const answered = read(await engine.answer({ ...sides, toTag: 'server', sdp: describe(server, serverRtcp, 'RTP/AVP', []) }));
  const remoteKey = Buffer.from(/a=crypto:7 \S+ inline:(\S+)/.exec(answered.text)?.[1] ?? '', 'base64');
  const keys = {
    localMasterKey: masterKey.subarray(0, 16),
    localMasterSalt: masterKey.subarray(16),
    remoteMasterKey: remoteKey.subarray(0, 16),
    remoteMasterSalt: remoteKey.subarray(16),
  };
  return {
    rtp: new SrtpSession({ keys, profile }),
    rtcp: new SrtcpSession({ keys, profile }),
    atPhone: { address: addresses.outside, port: answered.port },
    atServer: { address: addresses.inside, port: shown.port },
  };
}

function policy(zone: 'outside' | 'inside'): SidePolicy {
  const signalingAddress = zone === 'outside' ? addresses.phone : addresses.server;
  return { zone, family: 4, signalingAddress, learning: 'ranked', acceptFrom: 'learned', dscp: 0, srtp: 'accept' };
}

function describe(peer: UdpPeer, rtcp: UdpPeer, protocol: string, attributes: readonly string[]): Uint8Array {
  const lines = [
    'v=0',
    `o=- 1 1 IN IP4 ${peer.address}`,
    's=-',
    `c=IN IP4 ${peer.address}`,
    't=0 0',
    `m=audio ${peer.port} ${protocol} 8`,
    'a=rtpmap:8 PCMA/8000',
    `a=rtcp:${rtcp.port}`,
    ...attributes.map((value) => `a=${value}`),
  ];
  return Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
}

function read(result: Awaited<ReturnType<SessionEngine['offer']>>): { text: string; port: number } {
  assert.ok(result.kind === 'sdp', result.kind === 'refused' ? result.reason : '');
  const text = Buffer.from(result.sdp).toString('latin1');
  return { text, port: Number(/m=audio (\d+)/.exec(text)?.[1]) };
}

function protectedBytes(rtp: SrtpSession, plain: Uint8Array): Buffer {
  const packet = RtpPacket.deSerialize(Buffer.from(plain));
  return rtp.encrypt(packet.payload, packet.header);
}

for (const io of ['dgram', 'epoll', 'uring'] as const) {
  test(`an SRTP phone and an RTP server talk over ${io}; garbage and replays go nowhere`, limit, async (context) => {
    const scene = await start(context, io);
    if (scene === undefined) return;
    const { phone, phoneRtcp, server, serverRtcp, engine } = scene;
    const { rtp, rtcp, atPhone, atServer } = await connect(scene);
    const captured: Buffer[] = [];
    const talk = async (index: number): Promise<void> => {
      const sequence = index & 0xffff;
      const plain = rtpBytes({ sequence, ssrc: 1, payload: new Uint8Array(160).fill(index) });
      const sealed = protectedBytes(rtp, plain);
      captured.push(sealed);
      await phone.send(sealed, atPhone);
      assert.deepEqual(Uint8Array.from((await server.next()).bytes), plain);
      const reply = rtpBytes({ sequence, ssrc: 2 });
      await server.send(reply, atServer);
      assert.deepEqual(Uint8Array.from(rtp.decrypt(Buffer.from((await phone.next()).bytes))), reply);
    };
    for (let index = 65_520; index < 65_560; index++) await talk(index);

    const report = senderReportBytes(1, [7, 8]);
    await phoneRtcp.send(rtcp.encrypt(Buffer.from(report)), { address: atPhone.address, port: atPhone.port + 1 });
    assert.deepEqual(Uint8Array.from((await serverRtcp.next()).bytes), report);
    const answer = receiverReportBytes(2, [{ ssrc: 1, lost: 1 }]);
    await serverRtcp.send(answer, { address: atServer.address, port: atServer.port + 1 });
    assert.deepEqual(Uint8Array.from(rtcp.decrypt(Buffer.from((await phoneRtcp.next()).bytes))), answer);

    // Right source, wrong bytes: as it came before, in clear, with a tag of nobody, and what is no RTP.
    const forged = protectedBytes(rtp, rtpBytes({ sequence: 30_000, ssrc: 1 }));
    forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1;
    for (const bytes of [...captured, ...captured, forged, rtpBytes({ sequence: 30_001, ssrc: 1 }), Buffer.from('hello, hello')]) {
      await phone.send(bytes, atPhone);
    }
    for (let index = 65_560; index < 65_570; index++) await talk(index);
    const [atOffer, atAnswer] = (await engine.remove({ callId: 'call' })).ends.map((end) => end.report);
    assert.deepEqual([atOffer?.packetsIn, atOffer?.packetsOut, atAnswer?.packetsIn, atAnswer?.packetsOut], [50, 50, 50, 50]);
    assert.deepEqual([atOffer?.rtcpIn, atOffer?.rtcpOut, atOffer?.unauthenticated, atOffer?.malformed], [1, 1, 82, 1]);
    assert.deepEqual(atOffer?.learned, { address: addresses.phone, port: phone.port });
  });
}

test('garbage from the right source does not keep a silent SRTP call alive', limit, async (context) => {
  const scene = await start(context, 'auto', 300);
  if (scene === undefined) return;
  const told = once(scene.events, 'media-timeout');
  const { atPhone } = await connect(scene);
  let silent = false;
  void told.then(() => {
    silent = true;
  });
  let sent = 0;
  for (; !silent; sent++) {
    await scene.phone.send(rtpBytes({ sequence: sent, ssrc: 1 }), atPhone);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const [end] = (await scene.engine.remove({ callId: 'call' })).ends;
  assert.deepEqual([end?.report.packetsIn, end?.report.learned], [0, null]);
  assert.ok((end?.report.unauthenticated ?? 0) > 0);
  assert.equal(scene.server.received, 0);
});
