// Topology hiding over real sockets: a node plants names and addresses wherever its messages have room, and a scripted phone keeps
// every byte that it is sent. Nothing planted, and nothing else that only the inside knows, may be among them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { silentLog } from '../../shared/log.ts';
import { startTestAgent, type TestAgent } from '../../signaling/agent/test-agent.ts';
import type { SipMessage } from '../../signaling/sip/message/message.ts';
import { tagOf } from '../../signaling/sip/message/name-addr.ts';
import { callRaw, openPeers } from '../support/raw-call.ts';
import { compound, descriptionBytes, goodbyeBytes, rtpBytes, senderReportBytes } from '../support/rtp-bytes.ts';
import { audioSdp, type Received, SipPeer } from '../support/sip-peer.ts';
import { siteConfig } from '../support/site.ts';
import { UdpPeer } from '../support/udp-peer.ts';
import { WeirProcess } from '../support/weir-process.ts';

const outside = '127.30.71.1';
const inside = '127.30.71.2';
const nodeAddress = '127.30.71.20';
const word = 'SENTINEL';
const address = '10.77.77.77';

let weir: WeirProcess;
let agent: TestAgent;
/** What names the inside dialogs: learned from what the node received. */
const insideNames = new Set<string>();

before(async () => {
  agent = await startTestAgent({
    address: nodeAddress,
    port: 5060,
    log: silentLog,
    plant: { word, address },
    headers: [
      ['Alert-Info', `<http://${address}/${word}.wav>`],
      ['Error-Info', `<sip:${word}@${address}>`],
      ['Diversion', `<sip:${word}@${address}>;reason=unconditional`],
      ['History-Info', `<sip:${word}@${address}>;index=1`],
      ['Reply-To', `<sip:${word}@${address}>`],
      ['Server', `${word}/1.0 (${address})`],
      ['Geolocation', `<sip:${word}@${address}>`],
      ['In-Reply-To', `${word}@${address}`],
      ['X-Secret', `${word} ${address}`],
      ['Record-Route', `<sip:${nodeAddress};lr;${word}>`],
    ],
    heard: remember,
  });
  weir = await WeirProcess.start({ config: siteConfig({ outside, inside, nodes: [`sip:${nodeAddress}:5060`] }) });
});
after(async () => {
  await weir.stop();
  await agent.close();
});

function remember(message: SipMessage): void {
  insideNames.add(message.callId);
  insideNames.add(message.topVia.params.get('branch') ?? '-');
  for (const nameAddr of [message.from, message.to]) insideNames.add(tagOf(nameAddr) ?? '-');
}

/** `text`: all that the phone was sent, latin1. */
function assertHidden(text: string, title: string): void {
  assert.ok(text.length > 0, `${title}: nothing came`);
  insideNames.delete('-');
  for (const secret of [word, address, nodeAddress, inside, 'FreeSWITCH', 'Weir/', ...insideNames]) {
    const at = text.indexOf(secret);
    assert.equal(at, -1, `${title} shows ${secret}:\n${text.slice(Math.max(0, at - 600), at + 200)}`);
  }
}

/** A phone that plays along with whatever the callee does, until the call is over. */
class RawPhone {
  readonly sip: SipPeer;
  readonly sdp: string;
  #invite = '';
  #established: Received | undefined;
  #sequence = 1;

  constructor(sip: SipPeer) {
    this.sip = sip;
    this.sdp = audioSdp(sip.address, 40_000);
  }

  async dial(user: string, step: (phone: RawPhone, message: Received) => void): Promise<void> {
    const uri = `sip:${user}@${outside}`;
    this.#invite = this.sip.request({ method: 'INVITE', uri, headers: ['Supported: 100rel'], body: this.sdp });
    this.sip.send(this.#invite, { address: outside, port: 5060 });
    for (let over = false; !over; ) {
      const message = await this.sip.next(() => true);
      over = this.#play(message);
      step(this, message);
    }
  }

  /** A request of ours in the call, or before it stands in the early dialog of `early`. */
  ask(method: string, headers: readonly string[] = [], body = '', early = this.#established): void {
    const named = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(this.#invite)?.[1] ?? '';
    const request = this.sip.request({
      method,
      uri: early?.header('Contact')?.match(/<([^>]+)>/)?.[1] ?? '',
      callId: named('Call-ID'),
      cseq: ++this.#sequence,
      from: named('From'),
      to: early?.header('To') ?? '',
      headers,
      body,
    });
    this.sip.send(request, { address: outside, port: 5060 });
  }

  cancel(): void {
    const head = this.#invite.split('\n').filter((line) => /^(Via|From|To|Call-ID|Max-Forwards):/.test(line));
    const uri = this.#invite.split(' ')[1];
    const lines = [`CANCEL ${uri} SIP/2.0`, ...head, 'CSeq: 1 CANCEL', 'Content-Length: 0', '', ''];
    this.sip.send(lines.join('\n'), { address: outside, port: 5060 });
  }

  /** True when the call is over. */
  #play(message: Received): boolean {
    const { method, status } = message;
    const cseq = message.header('CSeq') ?? '';
    if (method === 'BYE') this.sip.reply(message, '200 OK');
    else if (method === 'INVITE' || method === 'UPDATE') this.sip.reply(message, '200 OK', { body: this.sdp });
    else if (method === 'REFER') {
      this.sip.reply(message, '202 Accepted');
      const headers = [`Event: refer;id=${cseq.split(' ')[0]}`, 'Subscription-State: terminated', 'Content-Type: message/sipfrag'];
      this.ask('NOTIFY', headers, 'SIP/2.0 200 OK\n');
    } else if (method !== '' && method !== 'ACK') this.sip.reply(message, '200 OK');
    if (status >= 200 && cseq === '1 INVITE') {
      this.sip.acknowledge(this.#invite, message);
      this.#established = message;
    }
    return method === 'BYE' || (status >= 200 && cseq.endsWith(' BYE')) || (status >= 300 && cseq.endsWith('INVITE'));
  }
}

type Step = (phone: RawPhone, message: Received) => void;

const answeredInvite = (message: Received): boolean => message.status === 200 && message.header('CSeq') === '1 INVITE';
/** Says BYE once it was answered. */
const hangUpAtOnce: Step = (phone, message) => {
  if (answeredInvite(message)) phone.ask('BYE');
};
const wait: Step = () => {};
const hangUpAfter = (method: string, count = 1): Step => {
  let seen = 0;
  return (phone, message) => {
    if (message.method === method && ++seen === count) phone.ask('BYE');
  };
};

const askMuch: Step = (phone, message) => {
  const cseq = message.header('CSeq') ?? '';
  const next: Record<string, () => void> = {
    INVITE: () => phone.ask('INFO', ['Content-Type: application/dtmf-relay'], 'Signal=5\n'),
    INFO: () => phone.ask('MESSAGE', ['Content-Type: text/plain'], 'hello\n'),
    MESSAGE: () => phone.ask('OPTIONS'),
    OPTIONS: () => phone.ask('UPDATE', [], phone.sdp),
    UPDATE: () => phone.ask('BYE'),
  };
  if (message.status >= 200) next[cseq.split(' ')[1] ?? '']?.();
};
const acknowledgeReliable: Step = (phone, message) => {
  const rseq = message.header('RSeq');
  if (message.status < 200 && rseq !== undefined) phone.ask('PRACK', [`RAck: ${rseq} 1 INVITE`], '', message);
  hangUpAtOnce(phone, message);
};
const cancelWhenRinging: Step = (phone, message) => {
  if (message.status === 180) phone.cancel();
};

const scenes: [user: string, step: Step][] = [
  ['echo', askMuch],
  ['late', hangUpAtOnce],
  ['prack', acknowledgeReliable],
  ['ring', cancelWhenRinging],
  ['busy', wait],
  ['reject-404', wait],
  ['reject-503', wait],
  ['redirect-bob', wait],
  ['hangup-50', wait],
  ['hold', hangUpAfter('ACK', 2)],
  ['update', hangUpAfter('UPDATE')],
  ['refer-bob', wait],
];
for (const [user, step] of scenes) {
  test(`weir shows a phone that dials ${user} nothing of the inside`, async (t) => {
    const phone = new RawPhone(await SipPeer.open('127.30.71.10'));
    t.after(() => phone.sip.close());
    await phone.dial(user, step);
    assertHidden(phone.sip.received.map((message) => message.text).join('\n'), user);
  });
}

test('weir shows nothing of the inside in answers outside of calls', async (t) => {
  const phone = await SipPeer.open('127.30.71.10');
  t.after(() => phone.close());
  for (const method of ['OPTIONS', 'MESSAGE', 'SUBSCRIBE']) {
    const headers = method === 'SUBSCRIBE' ? ['Event: presence', 'Expires: 60'] : [];
    phone.send(phone.request({ method, uri: `sip:bob@${outside}`, headers }), { address: outside, port: 5060 });
    await phone.next((message) => message.status >= 200);
  }
  assertHidden(phone.received.map((message) => message.text).join('\n'), 'outside of calls');
});

test('weir shows nothing of the inside in RTP and RTCP', async (t) => {
  const own = await WeirProcess.start({
    config: siteConfig({ outside: '127.30.72.1', inside: '127.30.72.2', nodes: ['sip:127.30.72.20'] }),
  });
  t.after(() => own.stop());
  const peers = await openPeers('127.30.72.10', '127.30.72.20');
  const rtcp = await UdpPeer.bind('127.30.72.10', peers.phoneMedia.port + 1);
  t.after(() => {
    peers.close();
    rtcp.close();
  });
  const call = await callRaw(peers, '127.30.72.1');
  await peers.nodeMedia.send(rtpBytes({ ssrc: 7 }), call.nodeTarget);
  await peers.phoneMedia.next();
  const items = [1, 2, 3, 4, 5, 6, 7].map((type) => [type, `${word}@${address}`] as const);
  const report = compound(senderReportBytes(7, [1, 1]), descriptionBytes(7, items), goodbyeBytes(7, `${word} ${address}`));
  const target = { address: call.nodeTarget.address, port: call.nodeTarget.port + 1 };
  await peers.nodeMedia.send(report, target);
  const { bytes, address: from } = await rtcp.next();
  assert.equal(from, '127.30.72.1');
  assert.equal(bytes.length, report.length);
  assertHidden(Buffer.from(bytes).toString('latin1'), 'RTCP');
  await call.hangUp();
});
