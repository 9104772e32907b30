import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { after, type TestContext, test } from 'node:test';
import { seededRng } from '../../../shared/rng.ts';
import { decodeReports, decodeRtp, encodeRtp, type RtpPacket } from '../../../shared/rtp-packet.ts';
import type { StreamAgreement } from '../../../signaling/agent/rtp-stream.ts';
import { RtpStream } from '../../../signaling/agent/rtp-stream.ts';
import { until } from '../../support/until.ts';

const opened: RtpStream[] = [];
after(() => {
  for (const stream of opened) stream.close();
});

async function open(address: string): Promise<RtpStream> {
  const stream = await RtpStream.open({ address, rng: seededRng(opened.length + 1) });
  opened.push(stream);
  return stream;
}

/** A bare socket that is closed whatever the test does. */
async function listen(t: TestContext): Promise<Socket> {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.bind(0, '127.20.1.9');
  await once(socket, 'listening');
  return socket;
}

function towards(address: string, port: number, change: Partial<StreamAgreement> = {}): StreamAgreement {
  const agreed = { codec: 'PCMU', payloadType: 0, eventPayloadType: 101, direction: 'sendrecv' } as const;
  return { address, port, rtcpPort: port + 1, ...agreed, ...change };
}

function hears(stream: RtpStream, packets: number): Promise<void> {
  return until(
    (listener) => stream.observe(listener),
    () => stream.statistics().received.packets >= packets,
    `${packets} packets`,
  );
}

for (const { codec, payloadType, addresses } of [
  { codec: 'PCMU', payloadType: 0, addresses: ['127.20.1.1', '127.20.1.2'] },
  { codec: 'PCMA', payloadType: 8, addresses: ['::1', '::1'] },
] as const) {
  test(`RtpStream hears its own tone and digits from an echo, ${codec} over ${addresses[0]}`, async () => {
    const [near, far] = [await open(addresses[0]), await open(addresses[1])];
    near.direct(towards(addresses[1], far.port, { codec, payloadType }));
    far.direct(towards(addresses[0], near.port, { codec, payloadType }));
    far.play({ kind: 'echo' });
    near.dial('15#');
    near.play({ kind: 'tone', hz: 1000 });
    await hears(near, 60);
    const heard = near.statistics();
    assert.ok(Math.abs(heard.tones[0]!.hz - 1000) < 3);
    assert.equal(heard.digits, '15#');
    assert.equal(far.statistics().digits, '15#');
    assert.equal(heard.received.lost, 0);
    assert.equal(heard.strangePayloads, 0);
    assert.deepEqual(heard.sources, [`${addresses[1]}:${far.port}`]);
  });
}

test('RtpStream reports its sending and tells the round trip from the answer', async () => {
  const [near, far] = [await open('127.20.1.1'), await open('127.20.1.2')];
  near.direct(towards('127.20.1.2', far.port));
  far.direct(towards('127.20.1.1', near.port));
  near.play({ kind: 'tone', hz: 440 });
  const answered = (): boolean => near.statistics().far !== undefined && near.statistics().rtcpReceived >= 2;
  await until((listener) => near.observe(listener), answered, 'two reports');
  const { roundTripMs, far: said } = near.statistics();
  assert.ok(roundTripMs >= 0 && roundTripMs < 500);
  assert.equal(said?.lost, 0);
});

test('RtpStream sends nothing while on hold, and goes on in the same sequence', async (t) => {
  const listener = await listen(t);
  const stream = await open('127.20.1.1');
  const { port } = listener.address();
  stream.direct(towards('127.20.1.9', port));
  stream.play({ kind: 'tone', hz: 440 });
  const [first] = await once(listener, 'message');
  stream.direct(towards('127.20.1.9', port, { direction: 'recvonly' }));
  const sent = stream.statistics().packetsSent;
  for (let got = 1; got < sent; got++) await once(listener, 'message');
  stream.direct(towards('127.20.1.9', port, { direction: 'sendonly' }));
  const [second] = await once(listener, 'message');
  assert.equal(decodeRtp(second)!.sequenceNumber, (decodeRtp(first)!.sequenceNumber + sent) & 0xffff);
  assert.equal(decodeRtp(second)!.ssrc, decodeRtp(first)!.ssrc);
});

test('RtpStream goes on in its sequence when it echoes after a tone', async (t) => {
  const listener = await listen(t);
  const stream = await open('127.20.1.1');
  stream.direct(towards('127.20.1.9', listener.address().port));
  stream.play({ kind: 'tone', hz: 440 });
  const [tone] = await once(listener, 'message');
  stream.play({ kind: 'echo' });
  const sent = stream.statistics().packetsSent;
  for (let got = 1; got < sent; got++) await once(listener, 'message');
  const echoed: (RtpPacket | undefined)[] = [];
  for (const sequenceNumber of [7, 9]) {
    const packet = {
      payloadType: 0,
      sequenceNumber,
      timestamp: sequenceNumber * 160,
      ssrc: 5,
      marker: false,
      payload: Buffer.from('hello'),
    };
    listener.send(encodeRtp(packet), stream.port, '127.20.1.1');
    const [bytes] = await once(listener, 'message');
    echoed.push(decodeRtp(bytes));
  }
  const last = decodeRtp(tone)!.sequenceNumber + sent - 1;
  assert.deepEqual(
    echoed.map((packet) => packet?.sequenceNumber),
    [(last + 1) & 0xffff, (last + 3) & 0xffff],
  );
  assert.equal(echoed[1]!.timestamp - echoed[0]!.timestamp, 320);
  assert.deepEqual(
    echoed.map((packet) => packet?.ssrc),
    [decodeRtp(tone)!.ssrc, decodeRtp(tone)!.ssrc],
  );
  assert.equal(Buffer.from(echoed[0]!.payload).toString(), 'hello');
});

test('RtpStream shares one port for RTP and RTCP when that was agreed on (RFC 5761)', async (t) => {
  const peer = await listen(t);
  const { port } = peer.address();
  const stream = await open('127.20.1.1');
  stream.direct(towards('127.20.1.9', port, { rtcpPort: port }));
  const [report, from] = await once(peer, 'message');
  assert.notEqual(decodeReports(report).cname, '');
  assert.equal(from.port, stream.port);
  peer.send(report, stream.port, '127.20.1.1');
  await until(
    (listener) => stream.observe(listener),
    () => stream.statistics().rtcpReceived > 0,
    'RTCP on the port of RTP',
  );
  assert.deepEqual(stream.statistics().sources, []);
});

test('RtpStream close says BYE in RTCP', async (t) => {
  const listener = await listen(t);
  const stream = await open('127.20.1.1');
  stream.direct(towards('127.20.1.1', stream.port, { rtcpPort: listener.address().port, address: '127.20.1.9' }));
  stream.play({ kind: 'tone', hz: 440 });
  stream.close();
  const [bytes] = await once(listener, 'message');
  assert.equal(decodeReports(bytes).left.length, 1);
});

test('RtpStream opens even ports of its own, each with the odd one after it', async () => {
  const streams = [await open('127.20.1.3'), await open('127.20.1.3'), await open('127.20.1.3')];
  for (const stream of streams) assert.equal(stream.port % 2, 0);
  assert.equal(new Set(streams.map((stream) => stream.port)).size, 3);
});
