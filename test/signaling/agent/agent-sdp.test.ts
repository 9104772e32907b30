import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { answerDirection, audioFormat, type Direction, readSdp, telephoneEvent, writeSdp } from '../../../signaling/agent/agent-sdp.ts';

const look = { name: 'FreeSWITCH', originAddress: '192.0.2.2' };

test('writeSdp looks like FreeSWITCH', () => {
  const line = {
    kind: 'audio',
    port: 20_730,
    rtcpMux: false,
    protocol: 'RTP/AVP',
    direction: 'sendrecv',
    formats: [audioFormat('PCMU'), telephoneEvent],
  } as const;
  const sdp = writeSdp({ address: '127.0.0.11', sessionId: 1_795_194_852, version: 1_795_194_853, look, lines: [line] });
  assert.deepEqual(sdp.toString().split('\r\n'), [
    'v=0',
    'o=FreeSWITCH 1795194852 1795194853 IN IP4 192.0.2.2',
    's=FreeSWITCH',
    'c=IN IP4 127.0.0.11',
    't=0 0',
    'm=audio 20730 RTP/AVP 0 101',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=ptime:20',
    '',
  ]);
});

test('writeSdp and readSdp agree, IPv6 and refused lines too', () => {
  const audio = {
    kind: 'audio',
    port: 4000,
    rtcpMux: false,
    protocol: 'RTP/AVP',
    direction: 'sendonly',
    formats: [audioFormat('PCMA')],
  } as const;
  const video = { kind: 'video', port: 0, rtcpMux: false, protocol: 'RTP/AVP', direction: 'sendrecv', formats: [] } as const;
  const lines = readSdp(writeSdp({ address: '2001:db8::1', sessionId: 1, version: 1, look, lines: [audio, video] }));
  assert.deepEqual(lines?.[0], { ...audio, address: '2001:db8::1', rtcpPort: 4001 });
  assert.equal(lines?.[1]?.port, 0);
  assert.equal(lines?.length, 2);
});

const rtcp = [
  { name: 'the next port by default', attributes: '', rtcpPort: 4001 },
  { name: 'a=rtcp', attributes: 'a=rtcp:5005 IN IP4 192.0.2.1\r\n', rtcpPort: 5005 },
  { name: 'a=rtcp-mux', attributes: 'a=rtcp-mux\r\na=rtcp:5005\r\n', rtcpPort: 4000 },
];
for (const { name, attributes, rtcpPort } of rtcp) {
  test(`readSdp takes RTCP from ${name}`, () => {
    assert.equal(readSdp(Buffer.from(`v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n${attributes}`))?.[0]?.rtcpPort, rtcpPort);
  });
}

test('readSdp prefers what stands in the line to what stands in the session', () => {
  const text =
    'v=0\nc=IN IP4 192.0.2.1\na=sendonly\nm=audio 1 RTP/AVP 96\nc=IN IP4 192.0.2.9/127\na=inactive\na=rtpmap:96 opus/48000/2\na=fmtp:96 useinbandfec=1\n';
  const [line] = readSdp(Buffer.from(text))!;
  assert.equal(line?.address, '192.0.2.9');
  assert.equal(line?.direction, 'inactive');
  assert.deepEqual(line?.formats, [{ payloadType: 96, name: 'OPUS', clockRate: 48_000, fmtp: 'useinbandfec=1' }]);
});

test('readSdp throws at nothing', () => {
  assert.equal(readSdp(Buffer.from('hello')), undefined);
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      readSdp(Buffer.from(`m=${text}\r\na=rtpmap:${text}`));
    }),
    { seed: 2 },
  );
});

const answers: readonly (readonly [Direction, Direction, Direction])[] = [
  ['sendrecv', 'sendrecv', 'sendrecv'],
  ['sendonly', 'sendrecv', 'recvonly'],
  ['recvonly', 'sendrecv', 'sendonly'],
  ['inactive', 'sendrecv', 'inactive'],
  ['sendrecv', 'sendonly', 'sendonly'],
  ['sendonly', 'sendonly', 'inactive'],
];
for (const [theirs, wish, answer] of answers) {
  test(`answerDirection answers ${theirs} with ${answer} under the wish ${wish}`, () =>
    assert.equal(answerDirection(theirs, wish), answer));
}
