// Calls of the probe through a running Weir to the test agent: what is heard, and what Weir tells of each call afterwards.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../shared/log.ts';
import { startTestAgent, type TestAgent } from '../../signaling/agent/test-agent.ts';
import type { CallOptions } from '../../signaling/probe/call-options.ts';
import type { CallReport } from '../../signaling/probe/call-report.ts';
import { placeCall } from '../../signaling/probe/place-call.ts';
import { hears } from '../support/agent-scene.ts';
import { Phone } from '../support/phone.ts';
import { plainListeners, siteConfig } from '../support/site.ts';
import { type EndOfCall, type LogLine, WeirProcess } from '../support/weir-process.ts';

const outside = '127.30.1.1';
const phoneAddress = '127.30.1.10';
/** One address for all that is IPv6 on loopback: ports of this file's own. */
const ipv6Port = 15_060;

let agent: TestAgent;
let weir: WeirProcess;
before(async () => {
  agent = await startTestAgent({ address: '127.30.1.20', port: 5060, log: silentLog });
  weir = await WeirProcess.start({
    config: siteConfig({
      outside,
      inside: '127.30.1.2',
      nodes: ['sip:127.30.1.20:5060'],
      moreZones: [{ name: 'outside-6', side: 'outside', ...plainListeners('::1', ipv6Port) }],
    }),
  });
});
after(async () => {
  await weir.stop();
  await agent.close();
});

interface Placed {
  readonly report: CallReport;
  readonly cdr: EndOfCall;
}

async function call(target: string, options: Partial<CallOptions> = {}): Promise<Placed> {
  const localAddress = target.includes('[') ? '::1' : phoneAddress;
  const report = await placeCall({ uri: target, seconds: 1.1, trust: 'anyone', localAddress, ...options });
  return { report, cdr: await weir.cdr(report.callId) };
}

/** The packets of both parties went both ways, as far as the probe counted them. */
function assertBothWays({ report, cdr }: Placed): void {
  const [caller, callee] = ['caller', 'callee'].map((party) => cdr.media.find((media) => media.party === party)!);
  assert.deepEqual(
    [cdr.media.length, caller!.codec, callee!.codec, caller!.rejected, callee!.rejected],
    [2, report.codec, report.codec, 0, 0],
  );
  const { packetsSent, packetsReceived } = report.audio;
  assert.ok(caller!.packets_in > 0 && caller!.packets_in <= packetsSent, `${caller!.packets_in} of ${packetsSent} packets sent`);
  assert.ok(caller!.packets_out >= packetsReceived, `${caller!.packets_out} packets out, ${packetsReceived} received`);
  assert.ok(callee!.packets_in > 0 && callee!.packets_out > 0, JSON.stringify(callee));
}

/** The closing line says the same as the CDR. */
async function assertClosingLine(cdr: EndOfCall): Promise<void> {
  const started = await weir.logged('call-started', (line) => line.call_id === cdr.call_id);
  const closing: LogLine = await weir.logged('call-ended', (line) => line.call === started.call);
  const { msg: _msg, level: _level, time: _time, call: _call, ...told } = closing;
  const { id: _id, ...written } = cdr as EndOfCall & { id: string };
  assert.deepEqual(told, written);
}

/** Each call takes its second or two of real time: several at once. */
describe('weir between phones and nodes', { concurrency: 4 }, () => {
  const ways: [name: string, target: string][] = [
    ['UDP', `sip:echo@${outside}:5060`],
    ['TCP', `sip:echo@${outside}:5060;transport=tcp`],
    ['TLS', `sip:echo@${outside}:5061;transport=tls`],
    ['UDP over IPv6, the node on IPv4', `sip:echo@[::1]:${ipv6Port}`],
    ['TCP over IPv6, the node on IPv4', `sip:echo@[::1]:${ipv6Port};transport=tcp`],
  ];
  for (const [name, target] of ways) {
    test(`weir carries a call by ${name}: the echo comes back, log and CDR tell it`, async () => {
      const placed = await call(target, { expectToneHz: 1000 });
      const { report, cdr } = placed;
      assert.deepEqual([report.result, report.failure, report.status], ['ok', '', 200]);
      assert.deepEqual(
        [cdr.reason, cdr.status, cdr.silence, cdr.node, cdr.branches],
        ['caller-hangup', 200, 'none', 'node-1', 1],
        JSON.stringify(cdr),
      );
      assert.ok(cdr.duration_ms >= 1000 && cdr.setup_ms! >= cdr.pdd_ms!, JSON.stringify(cdr));
      assertBothWays(placed);
      await assertClosingLine(cdr);
    });
  }

  test('weir carries the tone of the callee, and digits both ways', async () => {
    const [tone, digits] = await Promise.all([
      call(`sip:tone@${outside}`, { expectToneHz: 440, codec: 'PCMA' }),
      call(`sip:echo@${outside}`, { digits: '42#', seconds: 2 }),
    ]);
    assert.deepEqual([tone.report.result, tone.report.codec, tone.cdr.media[0]?.codec], ['ok', 'PCMA', 'PCMA'], tone.report.failure);
    assert.equal(digits.report.audio.digitsHeard, '42#');
  });

  test('weir hands on that the callee is busy', async () => {
    const { report, cdr } = await call(`sip:busy@${outside}`);
    assert.deepEqual([report.result, report.status, report.end.by], ['call-failed', 486, 'none']);
    assert.deepEqual([cdr.reason, cdr.status, cdr.duration_ms, cdr.silence], ['rejected', 486, 0, 'none']);
    await assertClosingLine(cdr);
  });

  test('weir hands on ringing and the hang-up before the answer', async () => {
    const phone = await Phone.open({ address: phoneAddress, weir: outside });
    const placed = await phone.dial('ring');
    await placed.progress();
    const ringing = await agent.nextCall('ring');
    void placed.call.hangUp();
    assert.deepEqual(await placed.call.ended, { kind: 'cancelled', by: 'near' });
    assert.deepEqual(await ringing.ended, { kind: 'cancelled', by: 'far' });
    const cdr = await weir.cdr(placed.invite.request.callId);
    assert.deepEqual([cdr.reason, cdr.status, cdr.duration_ms], ['caller-cancelled', 487, 0]);
    assert.ok(cdr.pdd_ms !== undefined && cdr.setup_ms === undefined, JSON.stringify(cdr));
    await phone.close();
  });

  test('weir carries early media before the answer', async () => {
    const { report, cdr } = await call(`sip:late@${outside}`, { expectToneHz: 440 });
    assert.deepEqual([report.result, report.earlyMedia], ['ok', true], report.failure);
    assert.ok(report.answeredMs! - report.ringingMs! > 500, 'the callee waits a second');
    assert.deepEqual([cdr.reason, cdr.silence], ['caller-hangup', 'none']);
  });

  test('weir tells the hang-up of the callee', async () => {
    const { report, cdr } = await call(`sip:hangup-300@${outside}`, { seconds: 10 });
    assert.deepEqual([report.result, report.end.by, cdr.reason], ['ok', 'them', 'callee-hangup']);
  });

  test('weir tells one-way audio: the callee is not heard', async () => {
    const { report, cdr } = await call(`sip:silent@${outside}`);
    assert.deepEqual([report.result, report.failure], ['audio-failed', 'no audio came back']);
    assert.equal(cdr.silence, 'callee-silent');
  });

  test('weir tells one-way audio: the caller is not heard', async () => {
    const phone = await Phone.open({ address: phoneAddress, weir: outside });
    const placed = await phone.dial('tone', { toneHz: 0 });
    // A second of tone: shorter calls are not judged.
    await hears(await placed.answered(), 60);
    await placed.call.hangUp();
    assert.equal((await weir.cdr(placed.invite.request.callId)).silence, 'caller-silent');
    await phone.close();
  });

  test('weir carries a call over IPv6 on both sides, and from IPv4 to an IPv6 node', async () => {
    const node = await startTestAgent({ address: '::1', port: 0, log: silentLog });
    const second = await WeirProcess.start({
      config: siteConfig({
        outside: '127.30.1.3',
        inside: '::1',
        nodes: [`sip:[::1]:${node.port}`],
        media: { ports: { min: 21_000, max: 21_199 } },
        port: 15_080,
        moreZones: [{ name: 'outside-6', side: 'outside', ...plainListeners('::1', 15_100) }],
      }),
    });
    try {
      const targets = [
        ['sip:echo@[::1]:15100', '::1'],
        ['sip:echo@127.30.1.3:15080', phoneAddress],
      ] as const;
      const calls = targets.map(async ([target, localAddress]) => {
        const report = await placeCall({ uri: target, seconds: 1.1, expectToneHz: 1000, localAddress });
        assert.equal(report.result, 'ok', report.failure);
        const cdr = await second.cdr(report.callId);
        assert.deepEqual([cdr.reason, cdr.silence], ['caller-hangup', 'none']);
        assertBothWays({ report, cdr });
      });
      await Promise.all(calls);
    } finally {
      await second.stop();
      await node.close();
    }
  });
});
