// Somebody who knows all the names of a call, but is somebody else: requests within its dialogs from another address change nothing,
// and the audio goes on.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { callRaw, openPeers, type RawPeers } from '../support/raw-call.ts';
import { say, talks } from '../support/raw-talk.ts';
import { audioSdp, SipPeer } from '../support/sip-peer.ts';
import { siteConfig } from '../support/site.ts';
import { WeirProcess } from '../support/weir-process.ts';

const outside = '127.30.91.1';
const inside = '127.30.91.2';
const methods = ['BYE', 'INVITE', 'UPDATE', 'INFO', 'REFER', 'NOTIFY', 'MESSAGE'];

let weir: WeirProcess;
let peers: RawPeers;
let stranger: SipPeer;
before(async () => {
  // Nodes may have several addresses: on the inside all that are allowed are believed.
  const insideZone = { allow: ['127.30.91.20'] };
  weir = await WeirProcess.start({ config: siteConfig({ outside, inside, nodes: ['sip:127.30.91.20'], insideZone }) });
  peers = await openPeers('127.30.91.10', '127.30.91.20');
  stranger = await SipPeer.open('127.30.91.66');
});
after(async () => {
  stranger.close();
  peers.close();
  await weir.stop();
});

test('weir answers 481 to requests in a dialog from another address, on both sides, and the audio goes on', async () => {
  const call = await callRaw(peers, outside);
  const { inward, outward } = talks(peers, call);
  let sequence = 0;
  const assertAudio = async (): Promise<void> => {
    const first = sequence + 1;
    sequence += 5;
    assert.equal((await say(inward, first, sequence)).length, 5);
    assert.equal((await say(outward, first, sequence)).length, 5);
  };
  await assertAudio();
  const seen = { phone: peers.phone.received.length, node: peers.node.received.length };
  for (const [index, method] of methods.entries()) {
    const offers = method === 'INVITE' || method === 'UPDATE';
    const body = offers ? audioSdp(stranger.address, 40_000) : '';
    const headers = method === 'REFER' ? [`Refer-To: <sip:trap@${stranger.host}>`] : [];
    for (const [side, address] of [
      ['fromPhone', outside],
      ['fromNode', inside],
    ] as const) {
      stranger.send(call[side](method, { cseq: 100 + index, body, headers }), { address, port: 5060 });
      const answer = await stranger.next((message) => message.status >= 200 && message.from.address === address);
      assert.equal(answer.status, 481, `${method} ${side}`);
      if (method === 'INVITE') stranger.acknowledge(call[side](method, { cseq: 100 + index }), answer);
    }
    await assertAudio();
  }
  // Neither party has heard of any of it.
  assert.deepEqual({ phone: peers.phone.received.length, node: peers.node.received.length }, seen);
  await call.hangUp();
  const cdr = await weir.cdr(/Call-ID: (\S+)/.exec(call.sent)?.[1] ?? '');
  assert.deepEqual([cdr.reason, cdr.status], ['caller-hangup', 200]);
  for (const { party, packets_in } of cdr.media) assert.equal(packets_in, sequence, party);
  assert.ok((await weir.logged('dialog-source-mismatch')).source === stranger.address);
});

test('weir does not take a CANCEL from another address', async () => {
  const { phone, node, phoneMedia } = peers;
  const invite = phone.request({ method: 'INVITE', uri: `sip:bob@${outside}`, body: audioSdp(phone.address, phoneMedia.port) });
  phone.send(invite, { address: outside, port: 5060 });
  const received = await node.next('INVITE');
  node.reply(received, '180 Ringing');
  await phone.next(180);
  const head = invite.split('\n').filter((line) => /^(Via|From|To|Call-ID|Max-Forwards):/.test(line));
  const cancel = [`CANCEL sip:bob@${outside} SIP/2.0`, ...head, 'CSeq: 1 CANCEL', 'Content-Length: 0', '', ''].join('\n');
  stranger.send(cancel, { address: outside, port: 5060 });
  await stranger.next(481);
  node.reply(received, '183 Session Progress');
  await phone.next(183);
  phone.send(cancel, { address: outside, port: 5060 });
  await phone.next((message) => message.status === 200 && message.header('CSeq') === '1 CANCEL');
  const passed = await node.next('CANCEL');
  node.reply(passed, '200 OK');
  node.reply(received, '487 Request Terminated');
  phone.acknowledge(invite, await phone.next(487));
  const cdr = await weir.cdr(/Call-ID: (\S+)/.exec(invite)?.[1] ?? '');
  assert.equal(cdr.reason, 'caller-cancelled');
});
