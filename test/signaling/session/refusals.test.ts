// Descriptions that are not served, and why (security rows 18, 30, 31, 48, 51).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audio, bench, inside, outside, ports, server, status, text } from './engine-fixture.ts';

for (const address of [
  '127.0.0.1',
  '127.9.9.9',
  '169.254.169.254',
  '169.254.0.1',
  '224.0.0.1',
  '239.255.255.250',
  '255.255.255.255',
  '240.0.0.1',
  '0.0.0.1',
  '::1',
  'fe80::1',
  'ff02::1',
  '::ffff:127.0.0.1',
  '::ffff:192.0.2.1',
  '64:ff9b::169.254.169.254',
  '2002:7f00:1::1',
]) {
  test(`an offer or answer whose media is to go to ${address} is refused`, async () => {
    const { offer, answer, relay } = bench();
    assert.equal(status(await offer(audio({ address }))), 488);
    assert.deepEqual(relay.commands, [], 'no port is opened for it');
    await offer(audio());
    assert.equal(status(await answer(server({ address }))), 488);
  });

  test(`an a=rtcp with ${address} is refused`, async () => {
    const { offer } = bench();
    const family = address.includes(':') ? 'IP6' : 'IP4';
    assert.equal(status(await offer(audio({ attributes: [`rtcp:4001 IN ${family} ${address}`] }))), 488);
  });
}

test('loopback media is for peers whose SIP comes from loopback', async () => {
  const { offer, answer } = bench();
  const near = { ...outside, signalingAddress: '127.0.0.2' };
  const far = { ...inside, signalingAddress: '::1' };
  assert.equal(status(await offer(audio({ address: '127.0.0.9' }), { near, far })), 200);
  assert.equal(status(await answer(server({ address: '127.0.0.11' }), { near, far })), 200);
  const unknown = { ...outside, signalingAddress: null };
  assert.equal(status(await offer(audio({ address: '127.0.0.9' }), { callId: 'd', near: unknown })), 488);
});

const good = audio();
for (const [what, sdp] of [
  ['nothing', ''],
  ['no SDP', '<xml/>'],
  ['no c= anywhere', good.replace(/c=.*\r\n/, '')],
  ['a host name in c=', good.replace('c=IN IP4 198.51.100.7', 'c=IN IP4 phone.example')],
  ['an mDNS name in c=', good.replace('c=IN IP4 198.51.100.7', 'c=IN IP4 1f4712db-ea17-4bcf-a596-105139dfd8bf.local')],
  ['an IPv6 literal called IP4', good.replace('c=IN IP4 198.51.100.7', 'c=IN IP4 2001:db8::1')],
  ['an octal literal', good.replace('c=IN IP4 198.51.100.7', 'c=IN IP4 0306.51.100.7')],
  ['a port over 65535', good.replace('audio 4000', 'audio 65536')],
  ['a negative port', good.replace('audio 4000', 'audio -1')],
  ['a port that is no number', good.replace('audio 4000', 'audio 4e3')],
  ['no payload types', good.replace(' 0 101', '')],
  ['a payload type over 127', good.replace(' 0 101', ' 0 128')],
  ['a payload type that is no number', good.replace(' 0 101', ' 0 PCMU')],
  ['an address in its m= line', good.replace('audio 4000', '10.77.77.77 4000')],
  ['only lines we do not relay', good.replace('RTP/AVP', 'UDP/TLS/RTP/SAVPF')],
  ['only lines over TCP', good.replace('RTP/AVP', 'TCP/RTP/AVP')],
  ['SRTP without a key', good.replace('RTP/AVP', 'RTP/SAVP')],
  ['SRTP with a broken key', `${good.replace('RTP/AVP', 'RTP/SAVP')}a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA\r\n`],
  ['a broken a=rtcp', `${good}a=rtcp:x\r\n`],
  ['33 lines', good + 'm=audio 4000 RTP/AVP 0\r\n'.repeat(32)],
  ['65 lines', good + 'm=audio 0 RTP/AVP 0\r\n'.repeat(64)],
] as const) {
  test(`an offer with ${what} is refused 488 and leaves nothing behind`, async () => {
    const { offer, relay, engine } = bench();
    assert.equal(status(await offer(sdp)), 488);
    assert.deepEqual(relay.commands, []);
    assert.equal(engine.size, 0);
  });
}

for (const [what, sdp, expected] of [
  ['fewer lines', server(), 488],
  ['more lines', server({ more: ['m=video 0 RTP/AVP 96', 'm=video 0 RTP/AVP 96'] }), 488],
  ['another kind of media', server({ more: ['m=audio 16002 RTP/AVP 96'] }), 488],
  ['another protocol', server({ more: ['m=video 16002 udptl t38'] }), 488],
  ['a protocol we do not relay', server({ more: ['m=video 16002 UDP/TLS/RTP/SAVPF 96'] }), 488],
  ['SRTP without a key', server({ more: ['m=video 16002 RTP/SAVP 96'] }), 488],
  ['an address of the other family', server({ more: ['m=video 16002 RTP/AVP 96', 'c=IN IP6 2001:db8::1'] }), 488],
  ['no SDP', 'hello', 488],
  ['AVPF for AVP', server({ more: ['m=video 16002 RTP/AVPF 96'] }), 200],
  ['the media in capitals', server({ more: ['m=VIDEO 16002 RTP/AVP 96'] }), 200],
] as const) {
  test(`an answer with ${what} gets ${expected}`, async () => {
    const { offer, answer, relay } = bench();
    await offer(audio({ more: ['m=video 4002 RTP/AVP 96'] }));
    assert.equal(status(await answer(sdp)), expected);
    assert.equal(relay.commands.includes('apply'), expected === 200);
    if (expected !== 200) assert.equal(status(await answer(server({ more: ['m=video 0 RTP/AVP 96'] }))), 200, 'the offer is still open');
  });
}

test('an answer without a call, an offer or the right offerer is refused', async () => {
  const { offer, answer } = bench();
  assert.equal(status(await answer(server())), 481);
  await offer(audio());
  assert.equal(status(await answer(server(), { by: 'far', to: 'near' })), 488);
});

test('a description that names our own end of the call is refused', async () => {
  const { offer, answer } = bench();
  const [port = 0] = ports(text(await offer(audio())));
  assert.equal(status(await answer(server({ address: '10.0.0.1', port }))), 488);
  assert.equal(status(await answer(server({ address: '10.0.0.1', port: port + 2 }))), 200, 'another port there is somebody else');
});

test('lines we do not relay are refused on both sides while others work', async () => {
  const { offer, answer } = bench();
  assert.deepEqual(ports(text(await offer(audio({ more: ['m=application 9 UDP/DTLS/SCTP webrtc-datachannel'] })))).slice(1), [0]);
  assert.deepEqual(ports(text(await answer(server({ more: ['m=application 0 UDP/DTLS/SCTP webrtc-datachannel'] })))).slice(1), [0]);
});

test('unusable keys are taken out, usable ones pass', async () => {
  const { offer } = bench();
  const inline = 'inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj';
  const attributes = [
    `crypto:1 AES_CM_128_HMAC_SHA1_80 inline:`,
    `crypto:2 UNKNOWN_SUITE ${inline}`,
    `crypto:3 AES_CM_128_HMAC_SHA1_80 ${inline}|2^20|1:4`,
    `crypto:4 AES_CM_128_HMAC_SHA1_80 ${inline}|2^99`,
  ];
  const sides = { near: { ...outside, srtp: 'pass' }, far: { ...inside, srtp: 'pass' } } as const;
  const out = text(await offer(audio({ attributes }).replace('RTP/AVP', 'RTP/SAVP'), sides));
  assert.deepEqual(out.match(/^a=crypto:\d/gm), ['a=crypto:3']);
});

test('lines that are all off from the start are passed on without ports', async () => {
  const { offer, answer, relay } = bench();
  const out = text(await offer(audio({ port: 0 })));
  assert.deepEqual(ports(out), [0]);
  assert.match(out, /^o=- \d+ 1 IN IP4 0\.0\.0\.0\r$/m);
  assert.equal(status(await answer(server({ port: 0 }))), 200);
  assert.deepEqual(relay.commands, ['apply']);
});
