import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Callee, inviting, joined, nodeSdp, type Story, talking } from './story.ts';
import { type Party, sdp, World, worldConfig } from './world.ts';

// Places where the inside may show through that are easily forgotten: our own CANCEL, parameters, identifiers, bodies.
const address = '10.77.77.77';

function assertHidden(party: Party): void {
  for (const text of party.texts) {
    assert.equal(text.includes(address), false, text);
    assert.equal(text.includes('SENTINEL'), false, text);
    assert.equal(text.includes('10.0.0.'), false, text);
  }
}

async function end({ world }: Pick<Story, 'world'>): Promise<void> {
  world.b2bua.endAll('admin');
  await world.assertEmpty();
}

test('CANCEL of the inside crosses with the cause and without the words', async () => {
  const world = new World();
  const node = world.party('inside', '10.0.0.11');
  const carrier = world.party('outside', '203.0.113.77');
  const lines = (method: string): string[] => [
    `${method} sip:bob@203.0.113.77 SIP/2.0`,
    'Via: SIP/2.0/UDP 10.0.0.11:5060;branch=z9hG4bKcancelled',
    'From: <sip:200@10.0.0.11>;tag=f1',
    'To: <sip:bob@203.0.113.77>',
    'Call-ID: c-1',
    `CSeq: 1 ${method}`,
  ];
  await node.send([...lines('INVITE'), 'Contact: <sip:200@10.0.0.11>'], nodeSdp);
  const invite = carrier.expect('INVITE');
  await carrier.answer(invite, 180, { tag: 'c' });
  await node.send([...lines('CANCEL'), `Reason: Q.850;cause=26;text="SENTINEL on ${address}"`]);
  const cancel = carrier.expect('CANCEL');
  assert.equal(cancel.headers.get('reason'), 'Q.850;cause=26');
  await carrier.answer(cancel, 200);
  await carrier.answer(invite, 487, { tag: 'c' });
  node.expect(487);
  assertHidden(carrier);
  await world.assertEmpty();
});

test('CANCEL of the outside reaches the inside with its Reason as it is', async () => {
  const { world, phone, node, caller, callee } = await inviting();
  await callee.answer(180);
  const lines = caller.lines('CANCEL', ['Reason: SIP;cause=200;text="Call completed elsewhere"'], 1);
  await phone.send(lines.map((line) => (line.startsWith('Via:') ? line.replace(/branch=[^;]*/, 'branch=z9hG4bK203.0.113.5-1') : line)));
  assert.equal(node.expect('CANCEL').headers.get('reason'), 'SIP;cause=200;text="Call completed elsewhere"');
  await callee.answer(487);
  await world.assertEmpty();
});

test('Content-ID, Event parameters, Contact and Refer-To parameters of the inside stay inside', async () => {
  const story = await talking();
  const { phone, callee } = story;
  await callee.request('INFO', ['Content-Type: text/plain', `Content-ID: <part1@${address}>`], 'x');
  const info = phone.expect('INFO');
  assert.equal(info.headers.get('content-id'), '<part1@198.51.100.1>');
  await phone.answer(info, 200);
  await callee.request('NOTIFY', [
    `Event: dialog;sla;call-id=SENTINEL@${address};from-tag=SENTINEL;to-tag=1`,
    'Subscription-State: active',
  ]);
  const notify = phone.expect('NOTIFY');
  assert.equal(notify.headers.get('event'), 'dialog;sla');
  await phone.answer(notify, 200);
  await callee.request('REFER', [`Refer-To: "Fax" <sip:22@${address};maddr=${address};fs_path=sip%3ASENTINEL;user=phone>;x=SENTINEL`]);
  const refer = phone.expect('REFER');
  assert.equal(refer.headers.get('refer-to'), '"Fax" <sip:22@198.51.100.1;user=phone>');
  await phone.answer(refer, 603);
  await callee.request('REFER', [`Refer-To: <http://${address}/SENTINEL>`]);
  await phone.answer(phone.expect('REFER'), 603);
  assertHidden(phone);
  await end(story);

  const redirected = await inviting();
  await redirected.callee.answer(302, {
    lines: [`Contact: "x" <sip:9@${address};fs_path=SENTINEL>;q=0.7;received=${address};+sip.instance="<urn:SENTINEL>"`],
  });
  assert.equal(redirected.phone.expect(302).headers.get('contact'), '"x" <sip:9@198.51.100.1>;q=0.7');
  assertHidden(redirected.phone);
  await redirected.world.assertEmpty();
});

test('bodies that name addresses of the inside are cleaned and stay well formed', async () => {
  const story = await talking();
  const { phone, callee } = story;
  const bodies: readonly (readonly [string, string, string])[] = [
    [
      'application/simple-message-summary',
      `Messages-Waiting: yes\r\nMessage-Account: sip:1000@${address}\r\nVoice-Message: 1/0 (0/0)\r\n`,
      'Messages-Waiting: yes\r\nMessage-Account: sip:1000@198.51.100.1\r\nVoice-Message: 1/0 (0/0)\r\n',
    ],
    [
      'application/pidf+xml',
      `<presence entity="pres:bob@${address}"><tuple id="1"><contact priority="0.8">sip:bob@${address}:5060;transport=tcp</contact></tuple></presence>`,
      '<presence entity="pres:bob@198.51.100.1"><tuple id="1"><contact priority="0.8">sip:bob@198.51.100.1;transport=tcp</contact></tuple></presence>',
    ],
    [
      'application/dialog-info+xml',
      `<dialog-info entity='sip:bob@${address}'><dialog id="1"><local><identity>sip:bob@${address}</identity><target uri="sip:bob;x=y@${address}:5060"/></local></dialog></dialog-info>`,
      `<dialog-info entity='sip:bob@198.51.100.1'><dialog id="1"><local><identity>sip:bob@198.51.100.1</identity><target uri="sip:bob;x=y@198.51.100.1"/></local></dialog></dialog-info>`,
    ],
  ];
  for (const [type, body, shown] of bodies) {
    await callee.request('NOTIFY', ['Event: x', 'Subscription-State: active', `Content-Type: ${type}`], body);
    const notify = phone.expect('NOTIFY');
    assert.equal(Buffer.from(notify.body).toString('latin1'), shown);
    await phone.answer(notify, 200);
  }
  assertHidden(phone);
  await end(story);
});

test('dialog-info from outside reaches the inside with its own hosts', async () => {
  const story = await talking();
  const { node, caller } = story;
  const body = '<dialog-info entity="sip:bob@example.com"/>';
  await caller.request('NOTIFY', ['Event: dialog', 'Subscription-State: active', 'Content-Type: application/dialog-info+xml'], body);
  assert.equal(Buffer.from(node.expect('NOTIFY').body).toString(), body);
  await end(story);
});

test('a From that is no usable SIP URI shows nothing of it outside', async () => {
  const world = new World();
  const node = world.party('inside', '10.0.0.11');
  const carrier = world.party('outside', '203.0.113.77');
  for (const from of [`<im:SENTINEL@${address}>`, `<sip:bob@${address}:99999>`]) {
    await node.send([
      'OPTIONS sip:bob@203.0.113.77 SIP/2.0',
      `Via: ${node.via()}`,
      `From: ${from};tag=f1`,
      'To: <sip:bob@203.0.113.77>',
      `Call-ID: ${from.length}`,
      'CSeq: 1 OPTIONS',
    ]);
    const options = carrier.expect('OPTIONS');
    assert.match(options.headers.get('from') ?? '', /^<sip:anonymous@198\.51\.100\.1>;tag=/);
    await carrier.answer(options, 200, { tag: 'c' });
  }
  assertHidden(carrier);
  await world.assertEmpty();
});

test('in a Refer-To of the inside a tel URI passes as it is', async () => {
  const story = await talking();
  await story.callee.request('REFER', ['Refer-To: <tel:+4930123>']);
  assert.equal(story.phone.expect('REFER').headers.get('refer-to'), '<tel:+4930123>');
  await end(story);
});

test('split forks, merged forks and failover show nothing of the nodes', async () => {
  for (const forks of ['split', 'merge']) {
    const story = await inviting({ config: worldConfig({ outside: { forks } }) });
    const { world, phone, node, caller, callee } = story;
    const next = world.party('inside', '10.0.0.12');
    await callee.answer(183, { body: sdp(address, 6000) });
    await new Callee(node, callee.invite, 'SENTINEL').answer(180);
    await callee.answer(503, { lines: [`Warning: 399 ${address} "SENTINEL"`] });
    await new Callee(next, next.expect('INVITE'), 'SENTINEL').answer(200, { body: sdp(address, 7000) });
    joined(caller, phone.expect(200));
    await caller.ack();
    assertHidden(phone);
    await end(story);
  }
});
