// The agent judged by a stranger: sipp calls the test agent, and a user agent of ours calls sipp.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { silentLog } from '../../../shared/log.ts';
import { plainLook } from '../../../signaling/agent/look.ts';
import { startTestAgent, type TestAgent } from '../../../signaling/agent/test-agent.ts';
import { UserAgent } from '../../../signaling/agent/user-agent.ts';
import { gets } from '../../support/agent-scene.ts';
import { runSipp, sippMissing, startSipp } from '../../support/sipp.ts';

const skip = sippMissing();
let agent: TestAgent;
let caller: UserAgent;
before(async () => {
  agent = await startTestAgent({ address: '127.20.6.1', port: 0, log: silentLog });
  caller = await UserAgent.start({
    listeners: [{ protocol: 'udp', address: '127.20.6.2', port: 0 }],
    look: plainLook,
    log: silentLog,
    taken: (_call, invite) => invite.refuse(486),
  });
});
after(async () => {
  await caller.close();
  await agent.close();
});

let nextPort = 5200;

const clients = [
  { scenario: 'uac-basic', service: 'alice' },
  { scenario: 'uac-basic', service: 'alice', transport: 'tcp', calls: 1 },
  { scenario: 'uac-basic', service: 'late' },
  { scenario: 'uac-cancel', service: 'ring' },
  { scenario: 'uac-late-offer', service: 'offer' },
  { scenario: 'uac-reinvite', service: 'alice' },
  { scenario: 'uac-reinvite-from-uas', service: 'hold' },
  { scenario: 'uac-update', service: 'alice' },
  { scenario: 'uac-info', service: 'alice' },
  { scenario: 'uac-prack', service: 'prack' },
  { scenario: 'uac-bye-from-uas', service: 'hangup-20' },
  { scenario: 'uac-refer-from-uas', service: 'refer-bob' },
  { scenario: 'uac-refused', service: 'busy' },
  { scenario: 'uac-refused', service: 'reject-503' },
  { scenario: 'uac-options', service: 'alice' },
  { scenario: 'uac-register', service: 'alice' },
] as const;

for (const { scenario, ...run } of clients) {
  const transport = 'transport' in run ? run.transport : 'udp';
  test(`testAgent satisfies ${scenario} of sipp dialling ${run.service} over ${transport}`, { skip }, async () => {
    const remote = `${agent.address}:${agent.port}`;
    const result = await runSipp({ scenario, localAddress: '127.20.6.3', localPort: nextPort++, remote, pauseMs: 20, ...run });
    assert.deepEqual([result.exitCode, result.successful], [0, 1], `${result.errors}\n${result.messages}`);
  });
}

test('testAgent takes a hundred calls of sipp at a time', { skip }, async () => {
  const remote = `${agent.address}:${agent.port}`;
  const result = await runSipp({
    scenario: 'uac-basic',
    localAddress: '127.20.6.3',
    localPort: nextPort++,
    remote,
    calls: 100,
    rate: 200,
    pauseMs: 300,
  });
  assert.deepEqual([result.exitCode, result.successful], [0, 100], result.errors);
});

const servers = [
  { scenario: 'uas-basic', end: 'near' },
  { scenario: 'uas-prack', end: 'near' },
  { scenario: 'uas-early-media', end: 'near' },
  { scenario: 'uas-late-offer', end: 'near', offer: 'late' },
  { scenario: 'uas-reinvite', end: 'near', wait: { method: 'ACK', count: 2 } },
  { scenario: 'uas-update', end: 'near', wait: { method: 'UPDATE', count: 1 } },
  { scenario: 'uas-refer', end: 'far' },
  { scenario: 'uas-bye', end: 'far' },
  { scenario: 'uas-ring', end: 'cancel' },
  { scenario: 'uas-busy', end: 'refused' },
  { scenario: 'uas-503', end: 'refused' },
  { scenario: 'uas-redirect', end: 'refused' },
] as const;

for (const { scenario, end, ...more } of servers) {
  test(`UserAgent satisfies ${scenario} of sipp`, { skip }, async (t) => {
    const port = nextPort++;
    const keys = new Map([['target', '127.20.6.9:5060']]);
    const sipp = startSipp({ scenario, localAddress: '127.20.6.4', localPort: port, pauseMs: 20, keys });
    t.after(() => sipp.stop());
    await sipp.ready;
    const target = { protocol: 'udp', address: '127.20.6.4', port } as const;
    const offer = 'offer' in more ? more.offer : 'with';
    const placed = await caller.place({ target, uri: `sip:bob@127.20.6.4:${port}`, from: 'sip:me@example.test', offer });
    const { call, invite } = placed!;
    if (end === 'cancel') invite.onProgress(() => void call.hangUp());
    const outcome = await invite.outcome;
    assert.equal(outcome.kind, end === 'cancel' || end === 'refused' ? 'refused' : 'accepted');
    if ('wait' in more) await gets(call, more.wait.method, more.wait.count);
    if (end === 'near') void call.hangUp();
    await call.ended;
    const result = await sipp.done;
    assert.deepEqual([result.exitCode, result.successful], [0, 1], `${result.errors}\n${result.messages}`);
  });
}
