// origin, connection, media line, a=rtcp, direction, rtpmap: what they read, write and refuse.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatConnection, parseConnection } from '../../../signaling/sdp/connection.ts';
import { directionOf, setDirection, withoutReceiving } from '../../../signaling/sdp/direction.ts';
import { sdpLimits } from '../../../signaling/sdp/limits.ts';
import { formatMediaLine, parseMediaLine } from '../../../signaling/sdp/media-line.ts';
import { formatOrigin, parseOrigin } from '../../../signaling/sdp/origin.ts';
import { formatRtcpAttribute, parseRtcpAttribute } from '../../../signaling/sdp/rtcp-attribute.ts';
import { codecsOf, parseRtpmap } from '../../../signaling/sdp/rtpmap.ts';

test('parseOrigin and formatOrigin are inverse', () => {
  for (const value of [
    '- 1 2 IN IP4 192.0.2.1',
    'jdoe 3724394400 3724394405 IN IP6 2001:db8::1',
    '- 18446744073709551615 0 IN IP4 host.example',
  ]) {
    const origin = parseOrigin(value);
    assert.ok(origin !== undefined, value);
    assert.equal(formatOrigin(origin), value);
  }
});

test('parseOrigin refuses missing, extra and non-numeric words', () => {
  for (const value of [
    '',
    '- 1 2 IN IP4',
    '- 1 2 IN IP4 a b',
    '- x 2 IN IP4 a',
    '- 1 -2 IN IP4 a',
    '- 1 2 IN IP5 a',
    '- 1 2 XX IP4 a',
    '1 2 IN IP4 a',
  ]) {
    assert.equal(parseOrigin(value), undefined, value);
  }
});

test('parseConnection reads address and family, drops what is for multicast', () => {
  assert.deepEqual(parseConnection('IN IP4 192.0.2.1'), { family: 4, address: '192.0.2.1' });
  assert.deepEqual(parseConnection('IN IP6 ::1 '), { family: 6, address: '::1' });
  assert.deepEqual(parseConnection('IN IP4 224.2.1.1/127/3'), { family: 4, address: '224.2.1.1' });
  assert.equal(formatConnection({ family: 6, address: '::1' }), 'IN IP6 ::1');
  for (const value of ['', 'IN IP4', 'IN IP4  1.2.3.4', 'IN IP4 1.2.3.4 x', 'TN RFC2543 +1', 'in ip4 1.2.3.4']) {
    assert.equal(parseConnection(value), undefined, value);
  }
});

test('parseMediaLine and formatMediaLine are inverse', () => {
  for (const value of [
    'audio 49170 RTP/AVP 0 8 101',
    'video 49170/2 RTP/AVPF 96',
    'image 0 udptl t38',
    'message 2855 TCP/MSRP *',
    'application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'audio 65535 RTP/AVP',
  ]) {
    const line = parseMediaLine(value);
    assert.ok(line !== undefined, value);
    assert.equal(formatMediaLine(line), value);
  }
  assert.deepEqual(parseMediaLine('audio  5000/2   RTP/AVP 0 '), {
    media: 'audio',
    port: 5000,
    count: 2,
    protocol: 'RTP/AVP',
    formats: ['0'],
  });
});

test('parseMediaLine refuses bad ports and too many formats', () => {
  for (const value of [
    '',
    'audio',
    'audio 5000',
    'audio x RTP/AVP 0',
    'audio 65536 RTP/AVP 0',
    'audio -1 RTP/AVP 0',
    'audio 5000/0 RTP/AVP 0',
    'audio 5000/ RTP/AVP 0',
    'audio 1e3 RTP/AVP 0',
    'audio 000005 RTP/AVP 0',
  ]) {
    assert.equal(parseMediaLine(value), undefined, value);
  }
  const formats = Array.from({ length: sdpLimits.formats + 1 }, (_, index) => index);
  assert.equal(parseMediaLine(`audio 5 RTP/AVP ${formats.join(' ')}`), undefined);
  assert.equal(parseMediaLine(`audio 5 RTP/AVP ${formats.slice(1).join(' ')}`)?.formats.length, sdpLimits.formats);
});

test('parseRtcpAttribute and formatRtcpAttribute are inverse', () => {
  for (const value of ['53020', '53020 IN IP4 126.16.64.4', '53020 IN IP6 2001:db8::1', '0', '9 IN IP4 0.0.0.0']) {
    const rtcp = parseRtcpAttribute(value);
    assert.ok(rtcp !== undefined, value);
    assert.equal(formatRtcpAttribute(rtcp), value);
  }
  for (const value of ['', 'x', '65536', '1 2', '1 IN', '1 IN IP4', '-1']) assert.equal(parseRtcpAttribute(value), undefined, value);
});

test('directionOf prefers the media section, then the session, then sendrecv', () => {
  const a = (value: string) => ({ type: 'a', value });
  assert.equal(directionOf([a('x'), a('recvonly')], [a('inactive')]), 'recvonly');
  assert.equal(directionOf([a('sendonly:x')], [a('inactive')]), 'inactive');
  assert.equal(directionOf([{ type: 'b', value: 'inactive' }], []), 'sendrecv');
});

test('setDirection replaces in place or appends', () => {
  const lines = ['x', 'sendrecv', 'y'].map((value) => ({ type: 'a', value }));
  setDirection(lines, 'inactive');
  assert.deepEqual(
    lines.map((line) => line.value),
    ['x', 'inactive', 'y'],
  );
  const none = [{ type: 'm', value: 'audio' }];
  setDirection(none, 'sendonly');
  assert.deepEqual(none[1], { type: 'a', value: 'sendonly' });
});

test('withoutReceiving leaves only sending', () => {
  assert.deepEqual((['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const).map(withoutReceiving), [
    'sendonly',
    'sendonly',
    'inactive',
    'inactive',
  ]);
});

test('parseRtpmap reads name, clock rate and channels', () => {
  assert.deepEqual(parseRtpmap('0 PCMU/8000'), { payloadType: 0, name: 'PCMU', clockRate: 8000 });
  assert.deepEqual(parseRtpmap('111 opus/48000/2 '), { payloadType: 111, name: 'opus', clockRate: 48_000, channels: 2 });
  for (const value of [
    '',
    '128 x/8000',
    '0 PCMU',
    '0 PCMU/0',
    '0 PCMU/99999999',
    'x PCMU/8000',
    '0  PCMU/8000',
    '0 PCMU/8000/x',
    '0 P CMU/8000',
  ]) {
    assert.equal(parseRtpmap(value), undefined, value);
  }
});

test('codecsOf takes rtpmap before the static table and skips what has no clock', () => {
  const a = (value: string) => ({ type: 'a', value: `rtpmap:${value}` });
  const names = (formats: string[], maps: string[]) =>
    codecsOf(formats, maps.map(a)).map((codec) => `${codec.payloadType} ${codec.name}/${codec.clockRate}`);
  assert.deepEqual(names(['0', '9', '96', '97', '0'], ['96 opus/48000/2', '0 PCMU/16000', '96 again/1', '99 unlisted/8000']), [
    '0 PCMU/16000',
    '9 G722/8000',
    '96 opus/48000',
  ]);
  assert.deepEqual(names(['t38', '200', '-1'], []), []);
});
