// Offer and answer between one near and one far side: what is reserved, what is applied, what stays.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audio, bench, flows, inside, outside, ports, server, status, text, transport, version } from './engine-fixture.ts';

test('offer reserves both sides in one command and tells the relay nothing else', async () => {
  const { offer, relay } = bench();
  await offer(audio());
  assert.deepEqual(relay.commands, ['reserve 2']);
  assert.deepEqual(
    [...(relay.open.get('c')?.values() ?? [])].map(({ interface: zone, family, rtcp }) => [zone, family, rtcp]),
    [
      ['outside', 4, 'pair'],
      ['inside', 4, 'pair'],
    ],
  );
});

test('answer applies both ends and a stream each way', async () => {
  const { offer, answer, state, relay } = bench();
  const toFar = text(await offer(audio()));
  const toNear = text(await answer(server()));
  assert.deepEqual(relay.commands, ['reserve 2', 'apply']);
  assert.notDeepEqual(ports(toFar), ports(toNear));
  assert.deepEqual(flows(state()), ['16000 > 4000', '4000 > 16000']);
  assert.deepEqual(transport(state(), 4000), {
    id: 1,
    remote: { address: '198.51.100.7', port: 4000 },
    remoteRtcp: { address: '198.51.100.7', port: 4001 },
    signalingAddress: '198.51.100.7',
    rtcpMux: false,
    learning: 'ranked',
    acceptFrom: 'learned',
    protection: { kind: 'plain' },
    armed: 1,
    dscp: 46,
  });
  const far = transport(state(), 16_000);
  assert.deepEqual([far.signalingAddress, far.learning, far.dscp], ['10.0.0.5', 'signalled', 40]);
  assert.equal(state().timeoutMs, 60_000);
});

test('a stream names the codecs of its receiver, then those only the sender has', async () => {
  const { offer, answer, state } = bench();
  await offer(audio());
  await answer(server().replace('0 101', '0 96').replace('101 telephone', '96 telephone'));
  const towardsFar = state().streams.find((stream) => stream.from === transport(state(), 4000).id);
  assert.deepEqual(towardsFar?.codecs, [
    { payloadType: 0, name: 'PCMU', clockRate: 8000 },
    { payloadType: 96, name: 'telephone-event', clockRate: 8000 },
    { payloadType: 101, name: 'telephone-event', clockRate: 8000 },
  ]);
});

test('the same answer again gives the same description and no command', async () => {
  const { offer, answer, relay } = bench();
  await offer(audio());
  const first = text(await answer(server()));
  assert.equal(text(await answer(server())), first);
  assert.deepEqual(relay.commands, ['reserve 2', 'apply']);
});

test('another answer of the same party moves its end', async () => {
  const { offer, answer, state } = bench();
  await offer(audio());
  const first = text(await answer(server()));
  const second = text(await answer(server({ port: 17_000 })));
  assert.deepEqual(flows(state()), ['17000 > 4000', '4000 > 17000']);
  assert.equal(transport(state(), 17_000).armed, 2);
  assert.equal(transport(state(), 4000).armed, 1, 'the offerer said nothing new');
  assert.equal(second, first, 'ports of the answerer are not the offerer’s business');
});

test('re-offers of either side keep the ports of both', async () => {
  const { offer, answer, state, relay } = bench();
  const toFar = text(await offer(audio()));
  const toNear = text(await answer(server()));
  assert.deepEqual(ports(text(await offer(server({ port: 18_000, version: 2 }), { by: 'far' }))), ports(toNear));
  assert.deepEqual(ports(text(await answer(audio({ port: 5000, version: 2 }), { by: 'far' }))), ports(toFar));
  assert.deepEqual(flows(state()), ['18000 > 5000', '5000 > 18000']);
  assert.deepEqual(ports(text(await offer(audio({ port: 6000, version: 3 })))), ports(toFar));
  assert.deepEqual(ports(text(await answer(server({ port: 18_000, version: 3 })))), ports(toNear));
  assert.deepEqual(flows(state()), ['18000 > 6000', '6000 > 18000']);
  assert.deepEqual(relay.commands, ['reserve 2', 'apply', 'apply', 'apply']);
});

test('the version of our o= grows by one with each change and only then, whatever the peer does with its own', async () => {
  const { offer, answer } = bench();
  const versions: number[] = [];
  const say = async (sdp: string): Promise<void> => {
    versions.push(version(text(await offer(sdp))));
    await answer(server());
  };
  await say(audio());
  await say(audio());
  await say(audio({ version: 9 }));
  await say(audio({ version: 10, attributes: ['sendonly'] }));
  await say(audio({ version: 10, attributes: ['sendonly'] }));
  await say(audio({ version: 11 }));
  assert.deepEqual(versions, [1, 1, 1, 2, 2, 3]);
});

test('our o= has one session id for each side of a call, and others for another call', async () => {
  const { offer, answer } = bench();
  const id = (sdp: string): string => /^o=- (\d+) /m.exec(sdp)?.[1] ?? '';
  const ids = [id(text(await offer(audio()))), id(text(await answer(server()))), id(text(await offer(audio(), { callId: 'd' })))];
  assert.equal(new Set(ids).size, 3);
  assert.equal(id(text(await offer(audio({ version: 2 })))), ids[0]);
});

test('every new offer re-arms both ends, a fork of the first one does not', async () => {
  const { offer, answer, state } = bench();
  await offer(audio(), { branch: 'a' });
  await answer(server(), { branch: 'a', to: 'fa' });
  await offer(audio(), { branch: 'b' });
  await answer(server({ port: 17_000 }), { branch: 'b', to: 'fb' });
  assert.deepEqual([transport(state(), 4000).armed, transport(state(), 17_000).armed], [1, 1]);
  await offer(audio(), { branch: 'b' });
  await answer(server({ port: 17_000 }), { branch: 'b', to: 'fb' });
  assert.deepEqual([transport(state(), 4000).armed, transport(state(), 17_000).armed, transport(state(), 16_000).armed], [2, 2, 1]);
});

test('a line added later reserves for itself alone and leaves the others', async () => {
  const { offer, answer, state, relay } = bench();
  const before = ports(text(await offer(audio())));
  const beforeNear = ports(text(await answer(server())));
  const video = ['m=video 4002 RTP/AVP 96', 'a=rtpmap:96 VP8/90000'];
  const after = ports(text(await offer(audio({ version: 2, more: video }))));
  assert.equal(after[0], before[0]);
  const afterNear = ports(text(await answer(server({ more: ['m=video 16002 RTP/AVP 96', 'a=rtpmap:96 VP8/90000'] }))));
  assert.equal(afterNear[0], beforeNear[0]);
  assert.deepEqual(relay.commands, ['reserve 2', 'apply', 'reserve 2', 'apply']);
  assert.deepEqual(flows(state()), ['16000 > 4000', '16002 > 4002', '4000 > 16000', '4002 > 16002']);
});

test('ports of a line that the answer rejects are closed', async () => {
  const { offer, answer, relay } = bench();
  await offer(audio({ more: ['m=video 4002 RTP/AVP 96'] }));
  assert.equal(relay.open.get('c')?.size, 4);
  assert.deepEqual(ports(text(await answer(server({ more: ['m=video 0 RTP/AVP 96'] })))).slice(1), [0]);
  assert.equal(relay.open.get('c')?.size, 2);
});

test('a line that the offer disables stays dead whatever the answer says', async () => {
  const { offer, answer, state } = bench();
  assert.equal(ports(text(await offer(audio({ more: ['m=video 0 RTP/AVP 96'] }))))[1], 0);
  assert.equal(ports(text(await answer(server({ more: ['m=video 16002 RTP/AVP 96'] }))))[1], 0);
  assert.equal(state().streams.length, 2);
});

for (const [what, offered, answered, timeoutMs] of [
  ['both send', 'sendrecv', 'sendrecv', 60_000],
  ['the offerer holds', 'sendonly', 'recvonly', 3_600_000],
  ['the answerer holds', 'sendrecv', 'sendonly', 3_600_000],
  ['nobody sends', 'inactive', 'inactive', 3_600_000],
] as const) {
  test(`the session times out after ${timeoutMs} ms when ${what}`, async () => {
    const { offer, answer, state } = bench();
    await offer(audio({ attributes: [offered] }));
    await answer(server({ attributes: [answered] }));
    assert.equal(state().timeoutMs, timeoutMs);
    assert.equal(state().streams.length, 2, 'held lines keep their streams');
  });
}

test('a zero address stops what goes there, keeps the streams and re-arms when it ends', async () => {
  const { offer, answer, state } = bench();
  await offer(audio());
  await answer(server());
  await offer(audio().replace('c=IN IP4 198.51.100.7', 'c=IN IP4 0.0.0.0'));
  await answer(server({ attributes: ['recvonly'] }));
  const near = state().transports.find((one) => one.id === 1);
  assert.deepEqual([near?.remote, near?.remoteRtcp, near?.armed], [null, null, 1]);
  assert.equal(state().streams.length, 2);
  assert.equal(state().timeoutMs, 3_600_000);
  await offer(audio());
  await answer(server());
  assert.equal(transport(state(), 4000).armed, 2);
});

test('a zero address of the other family is a hold like any other', async () => {
  const { offer, answer, relay } = bench();
  await offer(audio());
  const shown = ports(text(await answer(server())));
  await offer(audio().replace('c=IN IP4 198.51.100.7', 'c=IN IP6 ::'));
  assert.deepEqual(ports(text(await answer(server()))), shown);
  assert.deepEqual(relay.commands, ['reserve 2', 'apply', 'apply']);
});

test('of several c=, o= and s= lines in one place the first is written', async () => {
  const { offer } = bench();
  const sdp = text(
    await offer(
      audio({ more: ['c=IN IP4 198.51.100.8', 'c=IN IP4 198.51.100.9'] }).replace(
        't=0 0',
        'o=- 1 1 IN IP4 1.2.3.4\r\ns=x\r\nc=IN IP4 1.2.3.4\r\nt=0 0',
      ),
    ),
  );
  assert.equal(sdp.match(/^[ocsm]=/gm)?.join(''), 'o=s=c=m=c=');
});

for (const [what, attributes, expected] of [
  ['nothing said: the next port', [], '198.51.100.7 4001'],
  ['a=rtcp with a port', ['rtcp:4777'], '198.51.100.7 4777'],
  ['a=rtcp with an address', ['rtcp:4777 IN IP4 198.51.100.8'], '198.51.100.8 4777'],
  ['a=rtcp with port 0', ['rtcp:0'], 'none'],
  ['a=rtcp with a zero address', ['rtcp:9 IN IP4 0.0.0.0'], 'none'],
  ['a=rtcp of the other family', ['rtcp:4777 IN IP6 2001:db8::1'], 'none'],
  ['rtcp-mux on one side', ['rtcp-mux'], '198.51.100.7 4001'],
] as const) {
  test(`RTCP goes where the peer takes it: ${what}`, async () => {
    const { offer, answer, state } = bench();
    await offer(audio({ attributes }));
    await answer(server());
    const { remoteRtcp, rtcpMux } = transport(state(), 4000);
    assert.equal(remoteRtcp === null ? 'none' : `${remoteRtcp.address} ${remoteRtcp.port}`, expected);
    assert.equal(rtcpMux, false);
  });
}

test('rtcp-mux of both sides puts RTCP on the RTP port of both', async () => {
  const { offer, answer, state } = bench();
  await offer(audio({ attributes: ['rtcp-mux', 'rtcp:9 IN IP4 0.0.0.0'] }));
  await answer(server({ attributes: ['rtcp-mux'] }));
  for (const port of [4000, 16_000]) {
    const end = transport(state(), port);
    assert.equal(end.rtcpMux, true);
    assert.deepEqual(end.remoteRtcp, end.remote);
  }
});

test('RTP on port 65535 has no RTCP', async () => {
  const { offer, answer, state } = bench();
  await offer(audio({ port: 65_535 }));
  await answer(server());
  assert.equal(transport(state(), 65_535).remoteRtcp, null);
});

test('T.38 is relayed without RTCP and codecs', async () => {
  const { offer, answer, state } = bench();
  const fax = (port: number): string[] => [`m=image ${port} udptl t38`, 'a=T38FaxVersion:0'];
  await offer(audio({ more: fax(4010) }));
  await answer(server({ more: fax(16_010) }));
  const end = transport(state(), 4010);
  assert.equal(end.remoteRtcp, null);
  assert.deepEqual(state().streams.find((stream) => stream.from === end.id)?.codecs, []);
});

test('SRTP with keys in SDP goes through untouched where both sides pass it', async () => {
  const { offer, answer, state } = bench();
  const sides = { near: { ...outside, srtp: 'pass' }, far: { ...inside, srtp: 'pass' } } as const;
  const crypto = 'crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20';
  const secure = (sdp: string): string => sdp.replace('RTP/AVP', 'RTP/SAVP');
  assert.match(text(await offer(secure(audio({ attributes: [crypto] })), sides)), new RegExp(`a=${crypto.replace(/[|^]/g, '\\$&')}\r\n`));
  assert.ok(text(await answer(secure(server({ attributes: [crypto] })), sides)).includes(`a=${crypto}\r\n`));
  assert.deepEqual(transport(state(), 4000).protection, { kind: 'pass' });
  assert.deepEqual(transport(state(), 16_000).protection, { kind: 'pass' });
});

test('a late offer is an offer of the callee', async () => {
  const { offer, answer, state } = bench();
  await offer(server(), { by: 'callee' });
  await answer(audio(), { by: 'callee', to: 'caller' });
  assert.deepEqual(flows(state()), ['16000 > 4000', '4000 > 16000']);
  // Later the caller offers; it is known by its answer.
  assert.equal(status(await offer(audio({ version: 2 }), { by: 'caller' })), 200);
});

test('the same offer again, while open, gives the same description', async () => {
  const { offer, relay } = bench();
  const first = text(await offer(audio()));
  assert.equal(text(await offer(audio())), first);
  assert.deepEqual(relay.commands, ['reserve 2']);
});

test('only one offer is open at a time, whoever made it', async () => {
  const { offer, answer } = bench();
  await offer(audio());
  assert.equal(status(await offer(audio({ port: 5000 }))), 491);
  await answer(server());
  await offer(server({ version: 2 }), { by: 'far' });
  assert.equal(status(await offer(audio({ version: 2 }))), 491);
  assert.equal(status(await offer(server({ version: 2 }))), 491, 'the same words of the other party are another offer');
  assert.equal(status(await answer(audio(), { by: 'far' })), 200);
});

test('a retransmitted answer behind an offer of the other side is still known', async () => {
  const { offer, answer, relay } = bench();
  await offer(audio());
  const first = text(await answer(server()));
  await offer(server({ version: 2 }), { by: 'far' });
  assert.equal(text(await answer(server())), first);
  assert.equal(status(await answer(server({ port: 17_000 }))), 491);
  assert.deepEqual(relay.commands, ['reserve 2', 'apply']);
  assert.equal(status(await answer(audio({ version: 2 }), { by: 'far' })), 200);
});

test('rollback of the first offer frees its ports, and the call can start again with another party', async () => {
  const { offer, answer, rollback, relay, engine } = bench();
  await offer(audio());
  await rollback();
  assert.equal(relay.open.get('c'), undefined);
  await rollback();
  assert.equal(status(await answer(server())), 488);
  assert.equal(status(await offer(server(), { by: 'callee' })), 200);
  await engine.remove({ callId: 'c' });
  assert.equal(engine.size, 0);
});

test('rollback of a re-offer goes back to what was agreed', async () => {
  const { offer, answer, rollback, state, relay } = bench();
  await offer(audio());
  await answer(server());
  const agreed = state();
  await offer(audio({ port: 5000, version: 2, more: ['m=video 5002 RTP/AVP 96'] }));
  assert.equal(relay.open.get('c')?.size, 4);
  await rollback({ by: 'far' });
  assert.equal(relay.open.get('c')?.size, 4, 'only who offered takes it back');
  await rollback();
  assert.deepEqual(state(), agreed);
  assert.equal(relay.open.get('c')?.size, 2);
  await rollback();
  assert.deepEqual(state(), agreed);
  assert.equal(status(await answer(server({ port: 17_000 }))), 200, 'the agreed offer can still get another answer');
});

test('rollback undoes an answer in a provisional response', async () => {
  const { offer, answer, rollback, state } = bench();
  await offer(audio());
  await answer(server());
  const toFar = text(await offer(audio({ port: 5000, version: 2 })));
  await answer(server({ port: 17_000 }));
  assert.deepEqual(flows(state()), ['17000 > 5000', '5000 > 17000']);
  await rollback();
  assert.deepEqual(flows(state()), ['16000 > 4000', '4000 > 16000']);
  assert.equal(transport(state(), 4000).armed, 3, 'moved there and back');
  assert.deepEqual(ports(text(await offer(audio({ port: 6000, version: 3 })))), ports(toFar));
});

test('rollback after a refused re-offer leaves the agreement alone', async () => {
  const { offer, answer, rollback, state } = bench();
  await offer(audio());
  await answer(server());
  const agreed = state();
  assert.equal(status(await offer('nonsense')), 488);
  await rollback();
  assert.deepEqual(state(), agreed);
});
