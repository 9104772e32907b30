// SIP over TCP as the network delivers it: in single bytes, several messages at once, garbage, and connections that say nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { silentLog } from '../../shared/log.ts';
import { startTestAgent, type TestAgent } from '../../signaling/agent/test-agent.ts';
import { placeCall } from '../../signaling/probe/place-call.ts';
import { audioSdp, type Received } from '../support/sip-peer.ts';
import { siteConfig } from '../support/site.ts';
import { TcpPeer } from '../support/tcp-peer.ts';
import { within } from '../support/until.ts';
import { WeirProcess } from '../support/weir-process.ts';

const outside = '127.30.81.1';
const phoneAddress = '127.30.81.10';
const crowdAddress = '127.30.81.66';
const perSource = 200;
/** Long enough for a call on a loaded machine, beside connections that must stay for so long. */
const firstMessageMs = 3000;

let agent: TestAgent;
let weir: WeirProcess;
before(async () => {
  agent = await startTestAgent({ address: '127.30.81.20', port: 5060, log: silentLog });
  const limits = { connectionsPerSource: perSource, firstMessageMs };
  weir = await WeirProcess.start({ config: siteConfig({ outside, inside: '127.30.81.2', nodes: ['sip:127.30.81.20:5060'], limits }) });
});
after(async () => {
  await weir.stop();
  await agent.close();
});

let serial = 0;

/** The messages of one call, as text. */
class Script {
  readonly callId = `tcp-${++serial}`;
  readonly #peer: TcpPeer;
  readonly #uri: string;

  constructor(peer: TcpPeer, user: string) {
    this.#peer = peer;
    this.#uri = `sip:${user}@${outside}`;
  }

  message(method: string, options: { cseq?: number; accepted?: Received; body?: string } = {}): string {
    const { cseq = 1, accepted, body = '' } = options;
    const { host } = this.#peer;
    return [
      `${method} ${accepted?.header('Contact')?.match(/<([^>]+)>/)?.[1] ?? this.#uri} SIP/2.0`,
      `Via: SIP/2.0/TCP ${host};rport;branch=z9hG4bK-${this.callId}-${method}`,
      'Max-Forwards: 70',
      `From: <sip:tcp@${host}>;tag=${this.callId}`,
      `To: ${accepted?.header('To') ?? `<${this.#uri}>`}`,
      `Call-ID: ${this.callId}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:tcp@${host};transport=tcp>`,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.replace(/\n/g, '\r\n').length}`,
      '',
      body,
    ].join('\n');
  }

  invite(): string {
    return this.message('INVITE', { body: audioSdp(phoneAddress, 40_000) });
  }

  /** ACK and BYE in one piece. */
  farewell(accepted: Received): string {
    return this.message('ACK', { accepted }) + this.message('BYE', { cseq: 2, accepted });
  }
}

async function connect(t: { after(done: () => void): void }, localAddress = phoneAddress): Promise<TcpPeer> {
  const peer = await TcpPeer.connect(outside, 5060, localAddress);
  t.after(() => peer.close());
  return peer;
}

async function assertHungUp({ callId }: Script): Promise<void> {
  assert.equal((await weir.cdr(callId)).reason, 'caller-hangup');
}

test('weir takes an INVITE cut into single bytes, and ACK and BYE in one segment', async (t) => {
  const peer = await connect(t);
  const script = new Script(peer, 'echo');
  await peer.trickle(script.invite());
  peer.write(script.farewell(await peer.next(200, 'INVITE')));
  await peer.next(200, 'BYE');
  await assertHungUp(script);
});

test('weir takes several calls that come in one segment, keep-alives between them', async (t) => {
  const peer = await connect(t);
  const scripts = Array.from({ length: 5 }, () => new Script(peer, 'echo'));
  peer.write(scripts.map((script) => script.invite()).join('\n\n\n\n'));
  for (let answered = 0; answered < scripts.length; answered++) {
    const accepted = await peer.next(200, 'INVITE');
    peer.write(scripts.find((script) => script.callId === accepted.header('Call-ID'))!.farewell(accepted));
    await peer.next(200, 'BYE');
  }
  for (const script of scripts) await assertHungUp(script);
});

test('weir closes a connection that brings garbage, and no other', async (t) => {
  const good = await connect(t);
  const script = new Script(good, 'echo');
  good.write(script.invite());
  const accepted = await good.next(200, 'INVITE');
  good.write(script.message('ACK', { accepted }));
  // Some of it could still become a message: that ends with the time for the first one.
  const closings = [
    'GET / HTTP/1.1\nHost: weir\n\n',
    '\u0000\u0001\u0002\u0003'.repeat(100),
    `${'x'.repeat(70_000)}`,
    new Script(good, 'echo').invite().replace(/Content-Length: \d+/, 'Content-Length: minus one'),
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003'.repeat(20),
  ].map(async (garbage) => {
    const bad = await connect(t);
    bad.write(garbage);
    await within(bad.closed(), `the end of the connection after ${JSON.stringify(garbage.slice(0, 20))}`);
  });
  await Promise.all(closings);
  good.write(script.message('OPTIONS', { cseq: 2, accepted }));
  await good.next(200, 'OPTIONS');
  good.write(script.message('BYE', { cseq: 3, accepted }));
  await good.next(200, 'BYE');
  await assertHungUp(script);
});

test('weir takes calls beside as many idle connections as one source may have, and closes those in the end', async (t) => {
  const idle = await Promise.all(Array.from({ length: perSource }, () => connect(t, crowdAddress)));
  for (let extra = 0; extra < 10; extra++) {
    // It may be reset before it knows that it is connected.
    const peer = await connect(t, crowdAddress).catch(() => undefined);
    await peer?.closed();
  }
  assert.equal(idle.filter((peer) => peer.over).length, 0);
  const uri = `sip:echo@${outside};transport=tcp`;
  const report = await placeCall({ uri, seconds: 0.5, expectToneHz: 1000, localAddress: phoneAddress });
  assert.equal(report.result, 'ok', report.failure);
  // They never bring a message: firstMessageMs.
  await Promise.all(idle.map((peer) => peer.closed()));
});

test('weir drops a message that begins and never ends, and its connection', async (t) => {
  const peer = await connect(t);
  peer.write(new Script(peer, 'echo').invite().slice(0, 300));
  await within(peer.closed(), 'the end of the connection');
});
