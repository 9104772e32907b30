// The table of users of the test agent, dialled by a user agent of ours. What strangers say of both is sipp.test.ts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type AgentScene, gets, hears, openScene } from '../../support/agent-scene.ts';

let scene: AgentScene;
before(async () => {
  scene = await openScene('127.20.4.1', '127.20.4.2');
});
after(() => scene.close());

const rounded = (tones: readonly { hz: number }[]): number[] => tones.map(({ hz }) => Math.round(hz));

test('testAgent rings, answers and echoes for any user', async () => {
  const { call, invite } = await scene.dial('alice');
  const outcome = await invite.outcome;
  assert.equal(outcome.kind, 'accepted');
  assert.deepEqual(
    invite.progress.map((progress) => progress.status),
    [180],
  );
  await hears(call, 30);
  assert.deepEqual(rounded(call.media.stream.statistics().tones), [1000]);
  const taken = await scene.agent.nextCall('alice');
  assert.equal((await call.hangUp())?.status, 200);
  const reason = 'Q.850;cause=16;text="NORMAL_CLEARING"';
  assert.deepEqual(await call.ended, { kind: 'bye', by: 'near', reason });
  assert.deepEqual(await taken.ended, { kind: 'bye', by: 'far', reason });
});

test('testAgent echoes digits', async () => {
  const { call, invite } = await scene.dial('digits');
  await invite.outcome;
  assert.ok(call.media.stream.dial('12#'));
  await hears(call, 45);
  assert.equal(call.media.stream.statistics().digits, '12#');
  await call.hangUp();
});

for (const [user, hz] of [
  ['tone', 440],
  ['tone-1500', 1500],
] as const) {
  test(`testAgent plays ${hz} Hz for ${user}`, async () => {
    const { call } = await scene.dial(user);
    await hears(call, 30);
    assert.deepEqual(rounded(call.media.stream.statistics().tones), [hz]);
    await call.hangUp();
  });
}

const refusals = [
  { user: 'busy', status: 486, reason: 'Busy Here' },
  { user: 'reject-503', status: 503, reason: 'Maximum Calls In Progress' },
  { user: 'reject-603', status: 603, reason: 'Decline' },
  { user: 'reject-9999', status: 699, reason: 'Decline' },
  { user: 'redirect-bob', status: 302, reason: 'Moved Temporarily' },
  { user: 'offer', status: 488, reason: 'Not Acceptable Here' },
];
for (const { user, ...answer } of refusals) {
  test(`testAgent refuses ${user} with ${answer.status}`, async () => {
    const { call, invite } = await scene.dial(user);
    const outcome = await invite.outcome;
    assert.equal(outcome.kind, 'refused');
    assert.deepEqual(await call.ended, { kind: 'refused', by: 'far', ...answer });
    if (answer.status === 302) assert.equal(outcome.response.headers.get('contact'), `<sip:bob@127.20.4.1:${scene.agent.port}>`);
    if (answer.status === 503) assert.equal(outcome.response.headers.get('retry-after'), '300');
  });
}

test('testAgent only rings for ring, until CANCEL', async () => {
  const { call, invite } = await scene.dial('ring');
  const taken = await scene.agent.nextCall('ring');
  invite.onProgress((progress) => {
    assert.equal(progress.status, 180);
    void call.hangUp();
  });
  assert.deepEqual(await call.ended, { kind: 'cancelled', by: 'near' });
  assert.deepEqual(await taken.ended, { kind: 'cancelled', by: 'far' });
});

test('testAgent says nothing but 100 for drop', async () => {
  const { call, invite } = await scene.dial('drop');
  const taken = await scene.agent.nextCall('drop');
  await call.hangUp();
  assert.deepEqual(await taken.ended, { kind: 'cancelled', by: 'far' });
  assert.deepEqual(invite.progress, []);
  assert.ok(invite.heard);
});

test('testAgent gives early media for late before it answers, in one sequence', async () => {
  const { call, invite } = await scene.dial('late');
  await hears(call, 20);
  assert.equal(call.state, 'early');
  assert.deepEqual(rounded(call.media.stream.statistics().tones), [440]);
  assert.deepEqual(
    invite.progress.map(({ status, earlyMedia }) => [status, earlyMedia]),
    [[183, true]],
  );
  assert.equal((await invite.outcome).kind, 'accepted');
  await hears(call, call.media.stream.statistics().received.packets + 40);
  assert.equal(call.media.stream.statistics().received.lost, 0);
  await call.hangUp();
});

test('testAgent sends its early media reliably for prack', async () => {
  const { call, invite } = await scene.dial('prack');
  const taken = await scene.agent.nextCall('prack');
  assert.equal((await invite.outcome).kind, 'accepted');
  assert.deepEqual(
    invite.progress.map((progress) => progress.response.headers.get('require')),
    ['100rel'],
  );
  await gets(taken, 'ACK');
  assert.deepEqual(
    taken.requests.map((request) => request.method),
    ['PRACK', 'ACK'],
  );
  await call.hangUp();
});

test('testAgent takes an INVITE without SDP and the answer in the ACK', async () => {
  const { call, invite } = await scene.dial('offer', { offer: 'late' });
  assert.equal(invite.request.body.length, 0);
  assert.equal((await invite.outcome).kind, 'accepted');
  await hears(call, 10);
  await call.hangUp();
});

test('testAgent answers first with the first codec of the offer, whatever it is', async () => {
  const { call, invite } = await scene.dial('first');
  const outcome = await invite.outcome;
  assert.equal(outcome.kind, 'accepted');
  assert.equal(call.media.codec, 'PCMU');
  await call.hangUp();
});

test('testAgent answers after the time delay asks for, and hangs up after that of hangup', async () => {
  const slow = await scene.dial('delay-50');
  const short = await scene.dial('hangup-50');
  assert.equal((await slow.invite.outcome).kind, 'accepted');
  const end = await short.call.ended;
  assert.equal(end.kind === 'bye' && end.by, 'far');
  await slow.call.hangUp();
});

test('testAgent holds and resumes for hold', async () => {
  const { call } = await scene.dial('hold');
  await gets(call, 'ACK', 2);
  const [hold, , resume] = call.requests;
  assert.match(Buffer.from(hold!.body).toString(), /a=sendonly/);
  assert.doesNotMatch(Buffer.from(resume!.body).toString(), /a=sendonly/);
  assert.equal(call.media.direction, 'sendrecv');
  await call.hangUp();
});

test('testAgent sends UPDATE for update and REFER for refer', async () => {
  const updated = await scene.dial('update');
  await gets(updated.call, 'UPDATE');
  const referred = await scene.dial('refer-bob');
  const taken = await scene.agent.nextCall('refer-bob');
  await gets(referred.call, 'REFER');
  assert.equal(referred.call.requests[0]?.headers.get('refer-to'), `<sip:bob@127.20.4.1:${scene.agent.port}>`);
  const end = await referred.call.ended;
  assert.equal(end.kind === 'bye' && end.by, 'far');
  const notifies = taken.requests.filter((request) => request.method === 'NOTIFY');
  assert.deepEqual(
    notifies.map((request) => Buffer.from(request.body).toString().trim()),
    ['SIP/2.0 100 Trying', 'SIP/2.0 200 OK'],
  );
  await updated.call.hangUp();
});

test('testAgent answers requests within the call', async () => {
  const { call, invite } = await scene.dial('requests');
  await invite.outcome;
  for (const method of ['INFO', 'MESSAGE', 'OPTIONS', 'NOTIFY']) assert.equal((await call.request(method))?.status, 200, method);
  assert.equal((await call.request('PRACK'))?.status, 481);
  const held = await call.reinvite('sendonly');
  assert.equal(held?.kind, 'accepted');
  assert.equal(call.media.direction, 'sendonly');
  const updated = await call.update('sendrecv');
  assert.equal(updated?.status, 200);
  assert.equal(call.media.direction, 'sendrecv');
  assert.equal((await call.reinvite('sendrecv', 'late'))?.kind, 'accepted');
  const refer = await call.request('REFER', { headers: [['refer-to', '<sip:bob@127.0.0.1>']] });
  assert.equal(refer?.status, 202);
  await gets(call, 'NOTIFY', 2);
  await call.hangUp();
});

test('testAgent answers requests outside of calls', async () => {
  const options = {
    target: { protocol: 'udp', address: '127.20.4.1', port: scene.agent.port },
    uri: 'sip:127.20.4.1',
    from: 'sip:a@b',
  } as const;
  for (const [method, status] of [
    ['OPTIONS', 200],
    ['REGISTER', 200],
    ['MESSAGE', 200],
    ['REFER', 202],
    ['BREW', 501],
  ] as const) {
    assert.equal((await scene.caller.ask(method, options))?.status, status, method);
  }
});

test('testAgent answers 481 to requests of a call it does not know', async () => {
  const { call, invite } = await scene.dial('stranger');
  await invite.outcome;
  call.dialog!.remoteTag = 'nobody';
  assert.equal((await call.request('INFO'))?.status, 481);
  call.end({ kind: 'failed', cause: 'test' });
});

for (const { protocol, address, callerAddress } of [
  { protocol: 'tcp', address: '127.20.4.3', callerAddress: '127.20.4.4' },
  { protocol: 'tls', address: '127.20.4.3', callerAddress: '127.20.4.4' },
  { protocol: 'udp', address: '::1', callerAddress: '::1' },
] as const) {
  test(`testAgent answers, echoes and hangs up over ${protocol} from ${callerAddress}`, async () => {
    const other = await openScene(address, callerAddress, { protocol, caller: { trust: { kind: 'anyone' } } });
    try {
      const { call, invite } = await other.dial('hangup-300');
      assert.equal((await invite.outcome).kind, 'accepted');
      await hears(call, 10);
      const end = await call.ended;
      assert.equal(end.kind === 'bye' && end.by, 'far');
    } finally {
      await other.close();
    }
  });
}

test('testAgent plants its words everywhere, and obeys the answers and the behaviour of a test', async () => {
  const other = await openScene('127.20.4.5', '127.20.4.6', {
    plant: { word: 'xyzzy', address: '10.99.99.99' },
    headers: [['X-Test', 'yes']],
    answers: new Map([['INFO', 488]]),
    behave: (user, _call, invite) => {
      if (user === 'hook') invite.refuse(418, { reason: 'Teapot' });
      return user === 'hook';
    },
  });
  try {
    const { call, invite } = await other.dial('alice');
    const outcome = await invite.outcome;
    assert.ok(outcome.kind === 'accepted');
    const { headers, body } = outcome.response;
    for (const name of ['user-agent', 'p-asserted-identity', 'organization', 'warning', 'x-node'])
      assert.match(headers.get(name) ?? '', /xyzzy/);
    assert.match(headers.get('remote-party-id') ?? '', /10\.99\.99\.99/);
    assert.match(Buffer.from(body).toString(), /^o=FreeSWITCH \d+ \d+ IN IP4 10\.99\.99\.99\r$/m);
    assert.equal(headers.get('x-test'), 'yes');
    assert.equal((await call.request('INFO'))?.status, 488);
    await call.hangUp();
    const hooked = await (await other.dial('hook')).invite.outcome;
    assert.equal(hooked.kind === 'refused' && hooked.response.reason, 'Teapot');
  } finally {
    await other.close();
  }
});
