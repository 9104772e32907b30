// The end of a Weir that is told to: SIGTERM lets calls finish and takes no new ones, a second SIGTERM or SIGINT hangs up at once.
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { silentLog } from '../../shared/log.ts';
import type { Call } from '../../signaling/agent/call.ts';
import { startTestAgent } from '../../signaling/agent/test-agent.ts';
import { hears } from '../support/agent-scene.ts';
import { Phone, type PlacedCall } from '../support/phone.ts';
import { type Site, siteConfig } from '../support/site.ts';
import { within } from '../support/until.ts';
import { WeirProcess } from '../support/weir-process.ts';

interface Scene {
  readonly weir: WeirProcess;
  readonly phone: Phone;
  readonly placed: PlacedCall;
  readonly call: Call;
  /** The same call at the node. */
  readonly far: Call;
}

/** A call that hears itself. */
async function talking(t: TestContext, net: string, limits: Site['limits'] = {}): Promise<Scene> {
  const agent = await startTestAgent({ address: `${net}.20`, port: 5060, log: silentLog });
  t.after(() => agent.close());
  const config = siteConfig({ outside: `${net}.1`, inside: `${net}.2`, nodes: [`sip:${net}.20`], limits });
  const weir = await WeirProcess.start({ config });
  t.after(() => weir.stop());
  const phone = await Phone.open({ address: `${net}.10`, weir: `${net}.1` });
  t.after(() => phone.close());
  const placed = await phone.dial('echo');
  const call = await placed.answered();
  await hears(call, 10);
  return { weir, phone, placed, call, far: await agent.nextCall('echo') };
}

const packetsOf = (call: Call): number => call.media.stream.statistics().received.packets;
const bye = { kind: 'bye', by: 'far', reason: 'Q.850;cause=41' };

async function assertHungUp({ weir, placed, call, far }: Scene): Promise<void> {
  assert.deepEqual(await within(call.ended, 'the BYE to the caller'), bye);
  assert.deepEqual(await within(far.ended, 'the BYE to the callee'), bye);
  assert.deepEqual(await within(weir.ended, 'the end of Weir'), { code: 0, signal: null });
  const cdr = await weir.cdr(placed.invite.request.callId);
  assert.deepEqual([cdr.reason, cdr.status, cdr.silence], ['shutdown', 200, 'none']);
}

describe('weir told to end', { concurrency: 3 }, () => {
  test('weir drains on SIGTERM: new calls get 503 and Retry-After, the old one goes on, then it exits 0', async (t) => {
    const { weir, phone, call, placed } = await talking(t, '127.30.101');
    weir.child.kill('SIGTERM');
    await weir.logged('draining');
    const late = await phone.dial('echo');
    const outcome = await late.invite.outcome;
    assert.equal(outcome.kind, 'refused');
    if (outcome.kind === 'refused') {
      assert.equal(outcome.response.status, 503);
      assert.match(outcome.response.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
    }
    await hears(call, packetsOf(call) + 20);
    const held = await call.reinvite('sendonly');
    assert.equal(held?.kind, 'accepted');
    assert.equal((await call.hangUp())?.status, 200);
    assert.deepEqual(await within(weir.ended, 'the end of Weir'), { code: 0, signal: null });
    assert.equal((await weir.cdr(placed.invite.request.callId)).reason, 'caller-hangup');
  });

  test('weir hangs up on both sides at once on a second SIGTERM', async (t) => {
    const scene = await talking(t, '127.30.102');
    scene.weir.child.kill('SIGTERM');
    await scene.weir.logged('draining');
    // Within half a second it would count as an echo of the first (cli/run-loop.ts); nothing else is waited for.
    const second = setTimeout(() => scene.weir.child.kill('SIGTERM'), 700);
    t.after(() => clearTimeout(second));
    await assertHungUp(scene);
  });

  test('weir hangs up on both sides at once on SIGINT, cancels what rings and refuses who waits', async (t) => {
    const scene = await talking(t, '127.30.103');
    const ringing = await scene.phone.dial('ring');
    await ringing.progress();
    scene.weir.child.kill('SIGINT');
    await assertHungUp(scene);
    const end = await within(ringing.call.ended, 'the end of the call that rang');
    assert.deepEqual(end, { kind: 'refused', by: 'far', status: 503, reason: 'Service Unavailable' });
  });

  test('weir hangs up when draining takes longer than limits.drainMs', async (t) => {
    const scene = await talking(t, '127.30.104', { drainMs: 500 });
    scene.weir.child.kill('SIGTERM');
    await assertHungUp(scene);
  });

  test('weir run --supervise passes SIGTERM on and ends with its child', async (t) => {
    const net = '127.30.105';
    const config = siteConfig({ outside: `${net}.1`, inside: `${net}.2`, nodes: [`sip:${net}.20`] });
    const weir = await WeirProcess.start({ config, args: ['--supervise'] });
    t.after(() => weir.stop());
    assert.deepEqual(await within(weir.kill('SIGTERM'), 'the end of the supervisor'), { code: 0, signal: null });
    const child = Number((await weir.logged('child-started')).pid);
    assert.throws(() => process.kill(child, 0), { code: 'ESRCH' });
  });
});
