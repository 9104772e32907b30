// The probe against the test agent, without Weir between them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { silentLog } from '../../../shared/log.ts';
import { startTestAgent, type TestAgent } from '../../../signaling/agent/test-agent.ts';
import { placeCall } from '../../../signaling/probe/place-call.ts';
import { ownCredentials } from '../../../signaling/sip/transport/credentials.ts';
import type { TlsCredentials } from '../../../signaling/sip/transport/transport-options.ts';
import { SipPeer } from '../../support/sip-peer.ts';

let agent: TestAgent;
let secure: TestAgent;
let credentials: TlsCredentials;
before(async () => {
  agent = await startTestAgent({ address: '127.20.7.1', port: 0, log: silentLog });
  const directory = await mkdtemp(join(tmpdir(), 'weir-probe-test-'));
  credentials = await ownCredentials({ directory, now: new Date(), names: ['127.20.7.2'] });
  await rm(directory, { recursive: true });
  secure = await startTestAgent({ address: '127.20.7.2', port: 0, log: silentLog, protocols: ['tls'], credentials });
});
after(async () => {
  await agent.close();
  await secure.close();
});

const uri = (user: string, more = ''): string => `sip:${user}@127.20.7.1:${agent.port}${more}`;
const quick = { localAddress: '127.20.7.9', seconds: 0.7 };

for (const { transport, codec } of [
  { transport: 'udp', codec: 'PCMU' },
  { transport: 'tcp', codec: 'PCMA' },
] as const) {
  test(`placeCall hears its tone from an echo over ${transport} with ${codec}`, async () => {
    const report = await placeCall({ ...quick, uri: uri('echo', `;transport=${transport}`), toneHz: 1300, expectToneHz: 1300, codec });
    assert.deepEqual([report.result, report.failure], ['ok', '']);
    assert.deepEqual([report.protocol, report.status, report.reason, report.codec], [transport, 200, 'OK', codec]);
    assert.equal(report.remote, `127.20.7.1:${agent.port}`);
    assert.match(report.local, /^127\.20\.7\.9:\d+$/);
    assert.ok(report.ringingMs !== null && report.answeredMs !== null && report.ringingMs <= report.answeredMs);
    const { audio, end } = report;
    assert.ok(audio.packetsSent >= 30 && audio.packetsReceived >= 25, `${audio.packetsSent} sent, ${audio.packetsReceived} received`);
    assert.equal(audio.packetsLost, 0);
    assert.ok(audio.mos > 4);
    assert.deepEqual([Math.round(audio.tones[0]!.hz), audio.tones.length], [1300, 1]);
    assert.deepEqual([end.by, end.reason], ['us', '']);
  });
}

test('placeCall sends digits and hears them', async () => {
  const report = await placeCall({ ...quick, uri: uri('echo'), digits: '4*', seconds: 0.9 });
  assert.deepEqual([report.result, report.digitsSent, report.audio.digitsHeard], ['ok', '4*', '4*']);
});

test('placeCall tells the round trip and what the far end says once RTCP has come', async () => {
  const report = await placeCall({ ...quick, uri: uri('echo'), seconds: 2.3 });
  assert.ok(report.audio.roundTripMs > 0 && report.audio.roundTripMs < 500);
  assert.equal(report.audio.far?.packetsLost, 0);
});

test('placeCall tells early media', async () => {
  const report = await placeCall({ ...quick, uri: uri('late') });
  assert.equal(report.earlyMedia, true);
  assert.ok(report.answeredMs! >= 900 && report.ringingMs! < 900);
});

test('placeCall tells who hung up and why', async () => {
  const report = await placeCall({ ...quick, uri: uri('hangup-200'), seconds: 20 });
  assert.deepEqual([report.result, report.end.by, report.end.reason], ['ok', 'them', 'Q.850;cause=16;text="NORMAL_CLEARING"']);
  assert.ok(report.end.afterMs < 5000);
});

const failures = [
  { user: 'tone', options: { expectToneHz: 1000 }, result: 'audio-failed', failure: /^the tone of 1000 Hz was not heard, but 440 Hz$/ },
  { user: 'silent', options: {}, result: 'audio-failed', failure: /^no audio came back$/ },
  { user: 'busy', options: {}, result: 'call-failed', failure: /^486 Busy Here \(Q\.850;cause=17;text="USER_BUSY"\)$/ },
  { user: 'reject-404', options: {}, result: 'call-failed', failure: /^404 Not Found$/ },
  { user: 'ring', options: { timeoutMs: 200 }, result: 'call-failed', failure: /not answered within 0\.2 s$/ },
] as const;
for (const { user, options, result, failure } of failures) {
  test(`placeCall reports ${result} for ${user}`, async () => {
    const report = await placeCall({ ...quick, uri: uri(user), ...options });
    assert.equal(report.result, result);
    assert.match(report.failure, failure);
  });
}

test('placeCall cancels a call that is not answered in time', async () => {
  const call = agent.nextCall('ring');
  await placeCall({ ...quick, uri: uri('ring'), timeoutMs: 100 });
  // Calls of the test before may come first; what matters is that none is left ringing.
  assert.deepEqual(await (await call).ended, { kind: 'cancelled', by: 'far' });
  assert.deepEqual(agent.calls, []);
});

test('placeCall says who was silent', async (t) => {
  const silent = await SipPeer.open('127.20.7.3');
  t.after(() => silent.close());
  const report = await placeCall({ ...quick, uri: `sip:x@${silent.host}`, timeoutMs: 150 });
  assert.equal(report.failure, `${report.remote} (udp): no response within 0.15 s`);
  assert.equal(report.status, 0);
});

for (const transport of ['udp', 'tcp'] as const) {
  test(`placeCall says at once that nobody listens on ${transport}`, async () => {
    const report = await placeCall({ ...quick, uri: `sip:x@127.20.7.4:5999;transport=${transport}`, timeoutMs: 20_000 });
    assert.equal(report.result, 'call-failed');
    assert.match(report.failure, new RegExp(`^127\\.20\\.7\\.4:5999 \\(${transport}\\): .*refused`, 'i'));
  });
}

test('placeCall says that a name is not known', async () => {
  const report = await placeCall({ uri: 'sip:x@nosuch.invalid', dnsServers: ['127.20.7.5:53'] });
  assert.equal(report.result, 'call-failed');
  assert.match(report.failure, /^cannot find nosuch\.invalid: /);
});

test('placeCall says that an address is not ours', async () => {
  const report = await placeCall({ uri: uri('x'), localAddress: '192.0.2.77' });
  assert.equal(report.result, 'call-failed');
  assert.match(report.failure, /192\.0\.2\.77/);
});

test('placeCall survives a server that cuts the connection', async (t) => {
  const server = createServer((socket) => socket.once('data', () => socket.destroy()));
  t.after(() => server.close());
  server.listen(0, '127.20.7.6');
  await once(server, 'listening');
  const place = server.address();
  assert.ok(place !== null && typeof place === 'object');
  const report = await placeCall({ ...quick, uri: `sip:x@127.20.7.6:${place.port};transport=tcp` });
  assert.equal(report.result, 'call-failed');
  assert.match(report.failure, /closed|reset/i);
});

test('placeCall asks who a TLS peer is, unless told not to', async () => {
  const target = `sip:echo@127.20.7.2:${secure.port};transport=tls`;
  const stranger = await placeCall({ ...quick, uri: target });
  assert.equal(stranger.result, 'call-failed');
  assert.match(stranger.failure, /certificate|self.signed/i);
  const trusted = await placeCall({ ...quick, uri: target, authorities: credentials.certificate });
  assert.deepEqual([trusted.result, trusted.failure, trusted.protocol], ['ok', '', 'tls']);
  const blind = await placeCall({ ...quick, uri: target, trust: 'anyone' });
  assert.equal(blind.result, 'ok');
});

test('placeCall calls over IPv6', async (t) => {
  const six = await startTestAgent({ address: '::1', port: 0, log: silentLog });
  t.after(() => six.close());
  const report = await placeCall({ uri: `sip:echo@[::1]:${six.port}`, seconds: 0.5, expectToneHz: 1000 });
  assert.deepEqual([report.result, report.remote], ['ok', `[::1]:${six.port}`]);
});

for (const options of [
  { uri: 'tel:123' },
  { uri: 'echo' },
  { uri: 'sip:x@127.0.0.1;transport=sctp' },
  { uri: 'sip:x@127.0.0.1', from: 'me' },
  { uri: 'sip:x@127.0.0.1', localAddress: 'localhost' },
]) {
  test(`placeCall does not start with ${JSON.stringify(options)}`, () => assert.rejects(placeCall(options), { code: 'usage' }));
}
