import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Callee, Caller, hangUp, joined, nodeSdp, phoneSdp, talking } from './story.ts';
import { sdp } from './world.ts';

test('blind transfer: REFER crosses, its NOTIFYs come back with the id of the REFER and a bare sipfrag', async () => {
  const { world, phone, node, caller, callee } = await talking();
  await caller.request('REFER', ['Refer-To: <sip:9196@198.51.100.1>', 'Referred-By: <sip:alice@example.com>']);
  const referId = caller.sequence;
  const refer = node.expect('REFER');
  assert.equal(refer.headers.get('refer-to'), '<sip:9196@10.0.0.1>', 'our outside name is replaced by the one the inside knows');
  await node.answer(refer, 202);
  phone.expect(202);
  await callee.request(
    'NOTIFY',
    [`Event: refer;id=${refer.cseq.sequence}`, 'Subscription-State: active;expires=60', 'Content-Type: message/sipfrag'],
    'SIP/2.0 100 Trying on fs7\r\nServer: fs7\r\n',
  );
  const notify = phone.expect('NOTIFY');
  assert.equal(notify.headers.get('event'), `refer;id=${referId}`);
  assert.equal(Buffer.from(notify.body).toString(), 'SIP/2.0 100 Trying\r\n');
  await phone.answer(notify, 200);
  // FreeSWITCH hangs up first and reports after.
  await callee.request('BYE');
  await phone.answer(phone.expect('BYE'), 200);
  await callee.request(
    'NOTIFY',
    [`Event: refer;id=${refer.cseq.sequence}`, 'Subscription-State: terminated;reason=noresource', 'Content-Type: message/sipfrag'],
    'SIP/2.0 200 OK\r\n',
  );
  await phone.answer(phone.expect('NOTIFY'), 200);
  await world.assertEmpty();
});

test('Refer-To from inside shows no inside host; from outside no URI header but Replaces crosses', async () => {
  const { world, phone, node, caller, callee } = await talking();
  await callee.request('REFER', ['Refer-To: "Fax" <sip:2222@10.0.0.12:5080;transport=tcp>']);
  const outward = phone.expect('REFER');
  assert.match(outward.headers.get('refer-to') ?? '', /^"Fax" <sip:2222@198\.51\.100\.1/);
  await phone.answer(outward, 603);
  node.expect(603);
  await caller.request('REFER', ['Refer-To: <sip:x@198.51.100.1?X=a,origination_caller_id_number=1>']);
  assert.equal(node.expect('REFER').headers.get('refer-to'), '<sip:x@10.0.0.1>');
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});

test('attended transfer: Replaces in Refer-To is translated to the other leg of the second call', async () => {
  const first = await talking();
  const { world, phone, node, caller } = first;
  const second = new Caller(phone, 'call-2', 'a2');
  const node2 = world.party('inside', '10.0.0.12');
  await second.request('INVITE', [], phoneSdp);
  const invite2 = node2.expect('INVITE');
  await node2.answer(invite2, 200, { tag: 'n2', body: sdp('10.0.0.12', 7000) });
  joined(second, phone.expect(200));
  await second.ack();
  node2.expect('ACK');
  const ourTag = /;tag=(.*)$/.exec(second.to)?.[1] ?? '';
  await caller.request('REFER', [
    `Refer-To: <sip:2222@198.51.100.1?Replaces=${encodeURIComponent(`call-2;to-tag=${ourTag};from-tag=a2`)}>`,
  ]);
  const refer = node.expect('REFER');
  const replaces = decodeURIComponent(/Replaces=([^>&]*)/.exec(refer.headers.get('refer-to') ?? '')?.[1] ?? '');
  const theirTag = invite2.from.params.get('tag');
  assert.equal(replaces, `${invite2.callId};to-tag=n2;from-tag=${theirTag}`);

  // The first node does not hold that dialog: its INVITE with Replaces goes to the node that owns it.
  await node.send(
    [
      'INVITE sip:2222@10.0.0.1 SIP/2.0',
      `Via: ${node.via()}`,
      'From: <sip:200@10.0.0.11>;tag=x1',
      'To: <sip:2222@10.0.0.1>',
      'Call-ID: transfer-1',
      'CSeq: 1 INVITE',
      `Contact: <sip:mod_sofia@${node.hostPort}>`,
      `Replaces: ${replaces}`,
    ],
    nodeSdp,
  );
  const routed = node2.expect('INVITE');
  assert.equal(routed.headers.get('replaces'), replaces);
  await node2.answer(routed, 481, { tag: 'gone' });
  node.expect(481);
  world.b2bua.endAll('admin');
  await world.assertEmpty();
});

test('INVITE with Replaces from outside names our leg: the inside gets the name that it knows', async () => {
  const { world, phone, node, caller, callee } = await talking();
  const other = world.party('outside', '203.0.113.9', 5080);
  const ourTag = /;tag=(.*)$/.exec(caller.to)?.[1] ?? '';
  await new Caller(other, 'pickup', 'p1').request(
    'INVITE',
    [`Replaces: call-1;to-tag=${ourTag};from-tag=a1;early-only`],
    sdp('203.0.113.9', 4100),
  );
  const invite = node.expect('INVITE');
  assert.equal(
    invite.headers.get('replaces'),
    `${callee.invite.callId};to-tag=n1;from-tag=${callee.invite.from.params.get('tag')};early-only`,
  );
  await new Callee(node, invite, 'n9').answer(200, { body: nodeSdp });
  other.expect(200);
  world.b2bua.endAll('admin');
  await world.settle();
  assert.ok(phone.find('BYE'));
  await world.assertEmpty();
});

test('dialog-info bodies name the dialogs that the other side knows', async () => {
  const { world, phone, node, caller, callee } = await talking();
  const inside = callee.invite;
  // What FreeSWITCH tells of the leg that it holds with us, to a phone that watches it.
  const body = `<?xml version="1.0"?><dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info"><dialog id="1" call-id="${inside.callId}" local-tag="${inside.from.params.get('tag')}" remote-tag="n1"><state>confirmed</state><local><identity>sip:200@10.0.0.11</identity></local></dialog></dialog-info>`;
  await callee.request('NOTIFY', ['Event: dialog', 'Subscription-State: active', 'Content-Type: application/dialog-info+xml'], body);
  const shown = Buffer.from(phone.expect('NOTIFY').body).toString();
  assert.match(shown, /call-id="call-1"/);
  assert.match(shown, /local-tag="a1"/);
  assert.equal(shown.includes('10.0.0.'), false);
  await hangUp({ phone, node, caller });
  await world.assertEmpty();
});
