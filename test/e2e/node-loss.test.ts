// Nodes and phones that vanish: before a call reaches them, while they ring, and in the middle of the call. The call goes to the
// next node, or ends on the other side with a reason.
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { silentLog } from '../../shared/log.ts';
import type { CallEnd } from '../../signaling/agent/call.ts';
import { startTestAgent, type TestAgent, type TestAgentOptions } from '../../signaling/agent/test-agent.ts';
import { hears } from '../support/agent-scene.ts';
import { Phone, type PlacedCall } from '../support/phone.ts';
import { type Site, siteConfig } from '../support/site.ts';
import { UdpPeer } from '../support/udp-peer.ts';
import { within } from '../support/until.ts';
import { WeirProcess } from '../support/weir-process.ts';

/** Transactions time out after 64 * T1 = 3.2 s. */
const sip = { t1Ms: 50 };

interface Scene {
  readonly weir: WeirProcess;
  readonly phone: Phone;
}

async function open(t: TestContext, net: string, nodes: readonly string[], site: Partial<Site> = {}): Promise<Scene> {
  const weir = await WeirProcess.start({ config: siteConfig({ outside: `${net}.1`, inside: `${net}.2`, nodes, sip, ...site }) });
  t.after(() => weir.stop());
  const phone = await Phone.open({ address: `${net}.10`, weir: `${net}.1` });
  t.after(() => phone.close());
  return { weir, phone };
}

async function startNode(t: TestContext, address: string, options: Partial<TestAgentOptions> = {}): Promise<TestAgent> {
  const agent = await startTestAgent({ address, port: 5060, log: silentLog, ...options });
  t.after(() => agent.close());
  return agent;
}

/** Whoever is dialled. */
const answerAll: TestAgentOptions['behave'] = (_user, call, invite) => {
  call.media.stream.play({ kind: 'echo' });
  invite.accept();
  return true;
};

async function ended({ call }: PlacedCall): Promise<CallEnd> {
  return within(call.ended, 'the end of the call');
}

async function assertCdr(weir: WeirProcess, { invite }: PlacedCall, expected: Record<string, unknown>): Promise<void> {
  const cdr = { ...(await weir.cdr(invite.request.callId)) };
  const told = Object.fromEntries(Object.entries(cdr).filter(([name]) => name in expected));
  assert.deepEqual(told, expected);
}

describe('weir and those who vanish', { concurrency: 3 }, () => {
  test('weir passes over nodes that refuse the connection or say nothing', async (t) => {
    const net = '127.30.51';
    const mute = await UdpPeer.bind(`${net}.21`, 5060);
    t.after(() => mute.close());
    await startNode(t, `${net}.22`);
    const nodes = [`sip:${net}.20:5060;transport=tcp`, `sip:${net}.21:5060`, `sip:${net}.22:5060`];
    const { weir, phone } = await open(t, net, nodes, { failover: { responseMs: 200 } });
    const placed = await phone.dial('echo');
    const call = await placed.answered();
    await hears(call, 10);
    await call.hangUp();
    await assertCdr(weir, placed, { node: 'node-3', branches: 3, reason: 'caller-hangup', status: 200 });
    assert.equal((await weir.logged('destination-failed')).node, 'node-1');
    assert.equal((await weir.logged('destination-silent')).node, 'node-2');
  });

  test('weir tells the caller when no node is left', async (t) => {
    const net = '127.30.52';
    const nodes = [`sip:${net}.20:5060;transport=tcp`, `sip:${net}.21:5060`];
    const { weir, phone } = await open(t, net, nodes, { failover: { responseMs: 200 } });
    const placed = await phone.dial('echo');
    const end = await ended(placed);
    const status = end.kind === 'refused' ? end.status : 0;
    assert.ok(status === 503 || status === 504, JSON.stringify(end));
    await assertCdr(weir, placed, { branches: 2, reason: 'no-destination', status, duration_ms: 0 });
  });

  test('weir sends a call whose node dies while it rings to the next node', async (t) => {
    const net = '127.30.53';
    const dying = await startNode(t, `${net}.20`);
    await startNode(t, `${net}.21`, { behave: answerAll });
    const { weir, phone } = await open(t, net, [`sip:${net}.20:5060;transport=tcp`, `sip:${net}.21:5060`]);
    const placed = await phone.dial('ring');
    await placed.progress();
    await dying.close();
    const call = await within(placed.answered(), 'the answer of the second node');
    await hears(call, 10);
    await call.hangUp();
    await assertCdr(weir, placed, { node: 'node-2', branches: 2, reason: 'caller-hangup', status: 200 });
  });

  test('weir ends a call that rings for too long at a node that died over UDP', async (t) => {
    const net = '127.30.54';
    const dying = await startNode(t, `${net}.20`);
    const { weir, phone } = await open(t, net, [`sip:${net}.20:5060`], { limits: { ringMs: 1500 } });
    const placed = await phone.dial('ring');
    await placed.progress();
    await dying.close();
    assert.deepEqual(await ended(placed), { kind: 'refused', by: 'far', status: 408, reason: 'Request Timeout' });
    await assertCdr(weir, placed, { reason: 'ring-timeout', status: 408, duration_ms: 0 });
  });

  test('weir hangs up on a phone when its node died and no media comes any more', async (t) => {
    const net = '127.30.55';
    const dying = await startNode(t, `${net}.20`);
    const { weir, phone } = await open(t, net, [`sip:${net}.20:5060`], { media: { timeoutMs: 1500 } });
    const placed = await phone.dial('echo');
    const call = await placed.answered();
    await hears(call, 10);
    await dying.close();
    call.media.stream.play({ kind: 'nothing' });
    assert.deepEqual(await ended(placed), { kind: 'bye', by: 'far', reason: 'Q.850;cause=27' });
    await assertCdr(weir, placed, { reason: 'media-timeout', status: 200, silence: 'none' });
  });

  test('weir hangs up on a node when its phone vanished', async (t) => {
    const net = '127.30.56';
    const node = await startNode(t, `${net}.20`);
    const { weir, phone } = await open(t, net, [`sip:${net}.20:5060`], { media: { timeoutMs: 1500 } });
    const placed = await phone.dial('echo');
    await hears(await placed.answered(), 10);
    const far = await node.nextCall('echo');
    await phone.close();
    assert.deepEqual(await within(far.ended, 'the BYE to the node'), { kind: 'bye', by: 'far', reason: 'Q.850;cause=27' });
    await assertCdr(weir, placed, { reason: 'media-timeout', status: 200, silence: 'none' });
  });

  test('weir ends the call when a node that died does not take a re-INVITE', async (t) => {
    const net = '127.30.57';
    const dying = await startNode(t, `${net}.20`);
    const { weir, phone } = await open(t, net, [`sip:${net}.20:5060;transport=tcp`]);
    const placed = await phone.dial('echo');
    const call = await placed.answered();
    await hears(call, 10);
    await dying.close();
    const outcome = await within(call.reinvite('sendrecv'), 'an answer to the re-INVITE');
    assert.equal(outcome?.kind, 'refused');
    assert.deepEqual(await ended(placed), { kind: 'bye', by: 'far', reason: 'Q.850;cause=102' });
    await assertCdr(weir, placed, { reason: 'leg-lost', status: 200 });
  });
});
