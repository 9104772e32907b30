// Nothing that tells of one side reaches the other (security row 75): a sentinel in every place of a description.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audio, bench, server, text } from './engine-fixture.ts';

const ip = '10.77.77.77';
const ip6 = 'fd77::77';

/** Names where a peer may write a name of its own, addresses everywhere. */
const leaky = [
  'v=0',
  `o=SENTINEL 7 7 IN IP4 ${ip}`,
  's=SENTINEL',
  'i=SENTINEL',
  'u=http://SENTINEL/',
  'e=SENTINEL@SENTINEL',
  'p=+49 SENTINEL',
  `c=IN IP4 ${ip}`,
  `b=X-SENTINEL-${ip}:1`,
  't=0 0',
  `r=${ip}`,
  `z=${ip}`,
  'k=uri:SENTINEL',
  'a=tool:SENTINEL',
  'a=cat:SENTINEL',
  'a=keywds:SENTINEL',
  'a=identity:SENTINEL',
  `a=source-filter: incl IN IP4 * ${ip}`,
  'a=msid-semantic: WMS SENTINEL',
  'a=ice-options:SENTINEL',
  'a=ice-ufrag:SENTINEL',
  'a=fingerprint:sha-256 SENTINEL',
  'a=crypto:1 SENTINEL inline:SENTINEL',
  `a=X-unknown:${ip}`,
  `a=X-unknown6:[${ip6}]:5060`,
  `y=${ip}`,
  `m=audio 7777 RTP/AVP 0 101`,
  'i=SENTINEL',
  `c=IN IP4 ${ip}`,
  'c=IN IP4 10.77.77.77/127',
  'k=clear:SENTINEL',
  `a=rtcp:7778 IN IP4 ${ip}`,
  'a=rtpmap:0 PCMU/8000',
  `a=rtpmap:101 telephone-event/8000/${ip}`,
  `a=fmtp:101 0-15;x=${ip}`,
  `a=candidate:1 1 udp 1 ${ip} 7777 typ host`,
  'a=candidate:2 1 udp 1 SENTINEL.local 7777 typ host',
  `a=remote-candidates:1 ${ip} 7777`,
  'a=ice-pwd:SENTINEL',
  'a=setup:SENTINEL',
  'a=tls-id:SENTINEL',
  'a=key-mgmt:mikey SENTINEL',
  'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SENTINEL',
  'a=msid:SENTINEL SENTINEL',
  'a=ssrc:77 cname:SENTINEL',
  'a=ssrc:77 msid:SENTINEL SENTINEL',
  'a=ssrc:77 mslabel:SENTINEL',
  'a=ssrc:77 label:SENTINEL',
  `a=alt:1 1 : SENTINEL SENTINEL ${ip} 7777`,
  `a=rtcp-fb:0 ${ip}`,
  `a=extmap:1 http://${ip}/`,
  `a=mid:${ip}`,
  'a=nortpproxy:SENTINEL',
  `m=message 7779 TCP/MSRP *`,
  `c=IN IP4 ${ip}`,
  `a=path:msrp://SENTINEL:7779/x;tcp`,
  `m=application 7780 UDP/BFCP *`,
  'i=SENTINEL',
  'a=floorctrl:SENTINEL',
];
const leakySdp = leaky.map((line) => `${line}\r\n`).join('');

function assertClean(sdp: string): void {
  for (const secret of ['SENTINEL', ip, ip6, '777']) assert.ok(!sdp.includes(secret), `${secret} in:\n${sdp}`);
}

test('nothing of an offer’s sender crosses', async () => {
  const { offer } = bench();
  assertClean(text(await offer(leakySdp)));
});

test('nothing of an answer’s sender crosses', async () => {
  const { offer, answer } = bench();
  await offer(audio({ more: ['m=message 2855 TCP/MSRP *', 'm=application 5000 UDP/BFCP *'] }));
  const answered = leakySdp.replace('m=message 7779', 'm=message 0').replace('m=application 7780', 'm=application 0');
  assertClean(text(await answer(answered)));
});

test('every single line of it alone does not cross on a live line either', async () => {
  const ofLiveLines = leaky.slice(0, leaky.indexOf('m=message 7779 TCP/MSRP *'));
  for (const line of ofLiveLines.filter((one) => !/^[votm]=/.test(one))) {
    const { offer } = bench();
    const result = await offer(audio({ more: [line] }));
    if (result.kind === 'sdp') assertClean(text(result));
  }
});

test('equal names get equal aliases within a call, others in other calls', async () => {
  const { offer, answer } = bench();
  const attributes = ['msid:stream track', 'ssrc:1 cname:bob@host', 'ssrc:1 msid:stream track', 'ssrc:2 cname:bob@host'];
  const names = (sdp: string) => ({
    msid: /^a=msid:(\S+) (\S+)\r$/m.exec(sdp)?.slice(1),
    again: /^a=ssrc:1 msid:(\S+) (\S+)\r$/m.exec(sdp)?.slice(1),
    cnames: [...sdp.matchAll(/^a=ssrc:\d cname:(\S+)\r$/gm)].map((match) => match[1]),
  });
  const first = names(text(await offer(audio({ attributes }))));
  assert.deepEqual(first.msid, first.again);
  assert.notEqual(first.msid?.[0], first.msid?.[1]);
  assert.equal(first.cnames[0], first.cnames[1]);
  await answer(server());
  assert.deepEqual(names(text(await offer(audio({ attributes, version: 2 })))), first, 'stable over re-offers');
  assert.notDeepEqual(names(text(await offer(audio({ attributes }), { callId: 'd' }))), first);
});
