// The handshakes of the user agent against a scripted peer, message by message.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { silentLog } from '../../../shared/log.ts';
import type { Call } from '../../../signaling/agent/call.ts';
import type { IncomingInvite } from '../../../signaling/agent/incoming-invite.ts';
import { plainLook } from '../../../signaling/agent/look.ts';
import type { OutgoingInvite } from '../../../signaling/agent/outgoing-invite.ts';
import { UserAgent } from '../../../signaling/agent/user-agent.ts';
import { gets } from '../../support/agent-scene.ts';
import { audioSdp, type Received, SipPeer } from '../../support/sip-peer.ts';

const t1Ms = 20;
let agent: UserAgent;
let peer: SipPeer;
let address: { address: string; port: number };
let taken: PromiseWithResolvers<{ call: Call; invite: IncomingInvite }>;

beforeEach(async () => {
  taken = Promise.withResolvers();
  agent = await UserAgent.start({
    listeners: [{ protocol: 'udp', address: '127.20.5.1', port: 0 }],
    look: plainLook,
    log: silentLog,
    t1Ms,
    taken: (call, invite) => taken.resolve({ call, invite }),
  });
  peer = await SipPeer.open('127.20.5.2');
  address = { address: '127.20.5.1', port: agent.listeners[0]!.port };
});
afterEach(async () => {
  await agent.close();
  peer.close();
});

async function place(offer: 'with' | 'late' = 'with'): Promise<{ call: Call; invite: OutgoingInvite; received: Received }> {
  const target = { protocol: 'udp', address: peer.address, port: peer.port } as const;
  const placed = await agent.place({ target, uri: `sip:bob@${peer.host}`, from: 'sip:me@example.test', offer });
  assert.ok(placed);
  return { ...placed, received: await peer.next('INVITE') };
}

/** The peer calls; gives the text of its INVITE. */
function callAgent(headers: readonly string[] = [], body = audioSdp('127.20.5.2', 40_000)): string {
  const invite = peer.request({ method: 'INVITE', uri: `sip:me@${address.address}:${address.port}`, headers, body });
  peer.send(invite, address);
  return invite;
}

test('UserAgent repeats its 200 until the ACK comes', async () => {
  const text = callAgent();
  const { call, invite } = await taken.promise;
  assert.equal((await peer.next(100)).header('To')?.includes('tag='), false);
  assert.ok(invite.accept());
  await peer.next(200);
  await peer.next(200);
  peer.acknowledge(text, await peer.next(200));
  assert.equal(await invite.done, 'acknowledged');
  assert.equal(call.state, 'confirmed');
});

test('UserAgent hangs up when no ACK ever comes', async () => {
  callAgent();
  const { invite } = await taken.promise;
  invite.accept();
  assert.equal(await invite.done, 'timeout');
  await peer.next('BYE');
});

test('UserAgent hangs up when the ACK lacks the answer to its offer', async () => {
  const text = callAgent([], '');
  const { invite } = await taken.promise;
  invite.accept();
  const response = await peer.next(200);
  assert.match(response.body, /m=audio [1-9]/);
  peer.acknowledge(text, response);
  assert.equal(await invite.done, 'no-answer');
  await peer.next('BYE');
});

test('UserAgent keeps to the Contact and the route of its caller', async (t) => {
  const proxy = await SipPeer.open('127.20.5.3');
  t.after(() => proxy.close());
  const text = callAgent([`Record-Route: <sip:${proxy.host};lr>`, 'Record-Route: <sip:far.example;lr>']);
  const { call, invite } = await taken.promise;
  invite.accept();
  const response = await peer.next(200);
  assert.deepEqual(response.headers('Record-Route'), [`<sip:${proxy.host};lr>`, '<sip:far.example;lr>']);
  peer.acknowledge(text, response);
  await invite.done;
  void call.hangUp();
  const bye = await proxy.next('BYE');
  assert.equal(bye.startLine, `BYE sip:peer@${peer.host} SIP/2.0`);
  assert.deepEqual(bye.headers('Route'), [`<sip:${proxy.host};lr>`, '<sip:far.example;lr>']);
});

test('UserAgent answers 488 to SDP it cannot speak', async () => {
  callAgent([], 'v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 4000 RTP/AVP 96\na=rtpmap:96 opus/48000/2\n');
  const { invite } = await taken.promise;
  assert.equal(invite.accept(), false);
  await peer.next(488);
  assert.equal(await invite.done, 'refused');
});

test('UserAgent sends a reliable 183 until its PRACK and refuses wrong ones', async () => {
  const text = callAgent(['Supported: 100rel']);
  const { invite } = await taken.promise;
  const told = invite.reliable(183, { sdp: 'with' });
  await peer.next(183);
  const progress = await peer.next(183);
  const dialog = {
    uri: `sip:me@${address.address}:${address.port}`,
    callId: progress.header('Call-ID')!,
    from: progress.header('From')!,
    to: progress.header('To')!,
  };
  const rseq = Number(progress.header('RSeq'));
  peer.send(peer.request({ ...dialog, method: 'PRACK', cseq: 2, headers: [`RAck: ${rseq + 1} 1 INVITE`] }), address);
  await peer.next(481);
  peer.send(peer.request({ ...dialog, method: 'PRACK', cseq: 3, headers: [`RAck: ${rseq} 1 INVITE`] }), address);
  const ok = await peer.next(200);
  assert.equal(ok.header('CSeq'), '3 PRACK');
  await told;
  invite.accept();
  peer.acknowledge(text, await peer.next(200));
  assert.equal(await invite.done, 'acknowledged');
});

test('UserAgent refuses an older CSeq and a second INVITE while the first is open', async () => {
  const text = callAgent();
  const { invite } = await taken.promise;
  invite.provisional(180);
  const ringing = await peer.next(180);
  const dialog = {
    uri: `sip:me@${address.address}:${address.port}`,
    callId: ringing.header('Call-ID')!,
    from: ringing.header('From')!,
    to: ringing.header('To')!,
  };
  peer.send(peer.request({ ...dialog, method: 'INVITE', cseq: 5, body: audioSdp('127.20.5.2', 40_000) }), address);
  await peer.next(491);
  peer.send(peer.request({ ...dialog, method: 'INFO', cseq: 4 }), address);
  await peer.next(500);
  invite.accept();
  peer.acknowledge(text, await peer.next(200));
});

test('UserAgent acknowledges every 2xx and hangs up on the branch that lost', async () => {
  const { call, received } = await place();
  const body = audioSdp('127.20.5.2', 40_000);
  peer.reply(received, '200 OK', { toTag: 'first', body });
  assert.equal((await peer.next('ACK')).tag('To'), 'first');
  peer.reply(received, '200 OK', { toTag: 'first', body });
  assert.equal((await peer.next('ACK')).tag('To'), 'first');
  peer.reply(received, '200 OK', { toTag: 'second', body });
  assert.equal((await peer.next('ACK')).tag('To'), 'second');
  assert.equal((await peer.next('BYE')).tag('To'), 'second');
  assert.equal(call.state, 'confirmed');
  assert.equal(call.dialog?.remoteTag, 'first');
});

test('UserAgent acknowledges reliable provisional responses once and in order', async () => {
  const { received } = await place();
  const ring = (rseq: number): void => peer.reply(received, '180 Ringing', { headers: ['Require: 100rel', `RSeq: ${rseq}`] });
  ring(7);
  const first = await peer.next('PRACK');
  assert.equal(first.header('RAck'), `7 ${received.header('CSeq')}`);
  peer.reply(first, '200 OK');
  ring(7);
  ring(9);
  ring(8);
  // The first PRACK may have come again.
  await peer.next((message) => message.header('RAck') === `8 ${received.header('CSeq')}`);
  assert.deepEqual(
    new Set(peer.received.filter((message) => message.method === 'PRACK').map((message) => message.header('RAck')?.split(' ')[0])),
    new Set(['7', '8']),
  );
});

test('UserAgent answers an offer in a 200 within the ACK', async () => {
  const { received } = await place('late');
  assert.equal(received.body, '');
  peer.reply(received, '200 OK', { body: audioSdp('127.20.5.2', 40_000) });
  assert.match((await peer.next('ACK')).body, /m=audio [1-9]/);
});

test('UserAgent cancels once it has heard something, and hangs up when the 200 crosses', async () => {
  const { call, received } = await place();
  void call.hangUp();
  peer.reply(received, '180 Ringing');
  const cancel = await peer.next('CANCEL');
  peer.reply(cancel, '200 OK');
  peer.reply(received, '200 OK', { body: audioSdp('127.20.5.2', 40_000) });
  await peer.next('ACK');
  await peer.next('BYE');
  assert.equal(call.state, 'ended');
});

test('UserAgent tells a call that nobody answers', async () => {
  const { call } = await place();
  assert.deepEqual(await call.ended, { kind: 'failed', cause: 'timeout' });
});

test('UserAgent takes a re-INVITE that holds and one that resumes', async () => {
  const { call, received } = await place();
  peer.reply(received, '200 OK', { toTag: 'bob', body: audioSdp('127.20.5.2', 40_000) });
  const ack = await peer.next('ACK');
  const dialog = {
    uri: ack.headers('Contact')[0] ?? `sip:me@${address.address}:${address.port}`,
    callId: ack.header('Call-ID')!,
    from: ack.header('To')!,
    to: ack.header('From')!,
  };
  for (const [cseq, wanted, got] of [
    [1, 'sendonly', 'recvonly'],
    [2, 'sendrecv', 'sendrecv'],
  ] as const) {
    const invite = peer.request({ ...dialog, method: 'INVITE', cseq, body: audioSdp('127.20.5.2', 40_000, [`a=${wanted}`]) });
    peer.send(invite, address);
    const answer = await peer.next((message) => message.status === 200 && message.header('CSeq') === `${cseq} INVITE`);
    assert.equal(call.media.direction, got);
    peer.acknowledge(invite, answer);
    await gets(call, 'ACK', cseq);
  }
});

for (const { asked, options, agreed, required } of [
  { asked: '1800', options: 'Supported: timer', agreed: '1800;refresher=uac', required: 'timer' },
  { asked: '1800;refresher=uas', options: 'Supported: timer', agreed: '1800;refresher=uas', required: undefined },
  { asked: '1800', options: 'Supported: path', agreed: '1800;refresher=uas', required: undefined },
  { asked: '99999999;refresher=uac', options: 'Require: timer', agreed: '86400;refresher=uac', required: 'timer' },
]) {
  test(`UserAgent agrees to ${agreed} when asked for a session timer of ${asked} with ${options}`, async () => {
    callAgent([options, `Session-Expires: ${asked}`]);
    const { invite } = await taken.promise;
    invite.accept();
    const response = await peer.next(200);
    assert.deepEqual([response.header('Session-Expires'), response.header('Require')], [agreed, required]);
  });
}

test('UserAgent refreshes at half of the interval when that is its task', async () => {
  const text = callAgent(['Supported: timer', 'Session-Expires: 1;refresher=uas']);
  const { invite } = await taken.promise;
  invite.accept();
  peer.acknowledge(text, await peer.next(200));
  const refresh = await peer.next('INVITE');
  assert.equal(refresh.header('Session-Expires'), '1;refresher=uac');
  assert.match(refresh.body, /m=audio [1-9]/);
});
