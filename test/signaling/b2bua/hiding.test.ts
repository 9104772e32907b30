import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inviting, joined, phoneSdp, type Story, talking } from './story.ts';
import { sdp, worldConfig } from './world.ts';

// What nobody outside may ever see: an address and a name planted by the inside wherever SIP and SDP have room for them.
const address = '10.77.77.77';
const name = 'SENTINEL';

/** Every header the inside may write that does not steer the dialog itself. */
const planted = [
  `Server: ${name}/1.0 (${address})`,
  `User-Agent: ${name}`,
  `Warning: 399 ${address} "${name}"`,
  `Call-Info: <http://${address}/${name}>;purpose=icon`,
  `Alert-Info: <http://${address}/${name}.wav>`,
  `Error-Info: <sip:${name}@${address}>`,
  `P-Asserted-Identity: <sip:${name}@${address}>`,
  `P-Preferred-Identity: <sip:${name}@${address}>`,
  `P-Charging-Vector: icid-value=${name};icid-generated-at=${address}`,
  `P-Asserted-Service: ${name}`,
  `Remote-Party-ID: "${name}" <sip:${name}@${address}>`,
  `Diversion: <sip:${name}@${address}>;reason=unconditional`,
  `History-Info: <sip:${name}@${address}>;index=1`,
  `Referred-By: <sip:${name}@${address}>`,
  `Reply-To: <sip:${name}@${address}>`,
  `Organization: ${name}`,
  `In-Reply-To: ${name}@${address}`,
  `Path: <sip:${address};lr>`,
  `Service-Route: <sip:${address};lr>`,
  `X-FS-Node: ${name}`,
  `X-Secret: ${address}`,
  `Reason: Q.850;cause=16;text="${name} ${address}"`,
  `Retry-After: 5 (${name})`,
  `Identity: abc;info=<https://${address}/${name}>`,
  `Geolocation: <sip:${name}@${address}>`,
  `Content-Language: en`,
  `WWW-Authenticate: Digest realm="example.com", nonce="x", domain="sip:${address}"`,
  `Authentication-Info: nextnonce="y"`,
];

const plantedSdp = [
  'v=0',
  `o=${name} 1 1 IN IP4 ${address}`,
  `s=${name}`,
  `i=${name}`,
  `u=http://${address}/${name}`,
  `e=${name}@${address}`,
  `p=${name}`,
  `c=IN IP4 ${address}`,
  'b=AS:64',
  't=0 0',
  `a=tool:${name}`,
  `a=ice-lite`,
  `k=clear:${name}`,
  'm=audio 6000 RTP/AVP 0',
  `i=${name}`,
  `c=IN IP4 ${address}`,
  `a=rtcp:6001 IN IP4 ${address}`,
  'a=rtpmap:0 PCMU/8000',
  `a=candidate:1 1 UDP 2130706431 ${address} 6000 typ host`,
  `a=remote-candidates:1 ${address} 6000`,
  `a=ssrc:1234 cname:${name}@${address}`,
  `a=ssrc:1234 msid:${name} ${name}`,
  `a=msid:${name} ${name}`,
  '',
].join('\r\n');

test('no address or name of the inside is seen outside, over every flow', async () => {
  for (const [title, flow] of Object.entries(flows)) {
    const story = await flow();
    const { world, phone, node } = story;
    world.b2bua.endAll('admin');
    await world.pass(200_000);
    assert.ok(phone.texts.length > 0, title);
    for (const text of phone.texts) {
      assert.equal(text.includes(address), false, `${title} shows the address:\n${text}`);
      assert.equal(text.includes(name), false, `${title} shows the name:\n${text}`);
      assert.equal(text.includes('10.0.0.'), false, `${title} shows an inside address:\n${text}`);
    }
    assert.ok(node.texts.length > 0);
  }
});

const recordRoute = `Record-Route: <sip:${address};lr>`;

const flows: Readonly<Record<string, () => Promise<Story>>> = {
  async 'ringing, progress, answer'() {
    const story = await inviting();
    await story.callee.answer(180, { lines: [...planted, recordRoute] });
    await story.callee.answer(183, { lines: [...planted, recordRoute], body: plantedSdp });
    await story.callee.answer(200, { lines: [...planted, recordRoute], body: plantedSdp });
    story.phone.expect(200);
    return story;
  },
  async redirect() {
    const story = await inviting();
    await story.callee.answer(302, { lines: [...planted, `Contact: <sip:bob@${address}:5070;transport=tcp>`] });
    story.phone.expect(302);
    return story;
  },
  async challenge() {
    const story = await inviting();
    await story.callee.answer(401, { lines: planted });
    assert.match(story.phone.expect(401).headers.get('www-authenticate') ?? '', /^Digest realm="example.com", nonce="x"$/);
    return story;
  },
  async failures() {
    let last: Story | undefined;
    for (const status of [403, 404, 410, 420, 480, 486, 600, 603]) {
      last = await inviting();
      await last.callee.answer(status, { lines: planted });
      last.phone.expect(status);
    }
    return last ?? (await inviting());
  },
  async 'reliable provisional and PRACK'() {
    const story = await inviting({ extra: ['Supported: 100rel'] });
    await story.callee.answer(183, { lines: [...planted, 'Require: 100rel', 'RSeq: 9'], body: plantedSdp });
    const progress = story.phone.expect(183);
    joined(story.caller, progress);
    await story.caller.request('PRACK', [`RAck: ${progress.headers.get('rseq')} 1 INVITE`]);
    await story.node.answer(story.node.expect('PRACK'), 200, { lines: planted });
    story.phone.expect(200);
    return story;
  },
  async 'requests of the callee within the call'() {
    const story = await talking();
    const { phone, node, callee } = story;
    for (const method of ['UPDATE', 'INFO', 'MESSAGE', 'OPTIONS', 'NOTIFY']) {
      await callee.request(method, [...planted, 'Event: foo', 'Subscription-State: active'], method === 'UPDATE' ? plantedSdp : '');
      const request = phone.expect(method);
      await phone.answer(request, 200, method === 'UPDATE' ? { body: phoneSdp } : {});
      node.expect(200);
    }
    await callee.request('REFER', [...planted, `Refer-To: <sip:carol@${address}:5080?Replaces=${name}%3Bto-tag%3D1%3Bfrom-tag%3D2>`]);
    return story;
  },
  async 'answers of the callee within the call'() {
    const story = await talking();
    const { phone, node, caller } = story;
    for (const method of ['UPDATE', 'INFO', 'REFER', 'OPTIONS', 'MESSAGE']) {
      await caller.request(method, method === 'REFER' ? ['Refer-To: <sip:9@198.51.100.1>'] : [], method === 'UPDATE' ? phoneSdp : '');
      await node.answer(node.expect(method), 200, { lines: planted, body: method === 'INFO' ? '' : plantedSdp });
      phone.expect(200);
    }
    return story;
  },
  async 're-INVITE both ways'() {
    const story = await talking();
    const { phone, node, caller, callee } = story;
    await caller.request('INVITE', [], phoneSdp);
    await node.answer(node.expect('INVITE'), 200, { lines: planted, body: plantedSdp });
    phone.expect(200);
    await caller.ack();
    await callee.request('INVITE', planted, plantedSdp);
    await phone.answer(phone.expect('INVITE'), 200, { body: phoneSdp });
    node.expect(200);
    await callee.request('ACK', planted, '', 101);
    phone.expect('ACK');
    return story;
  },
  async 'sipfrag and dialog-info'() {
    const story = await talking();
    const { phone, callee } = story;
    await callee.request(
      'NOTIFY',
      [...planted, 'Event: refer', 'Subscription-State: active', 'Content-Type: message/sipfrag'],
      `SIP/2.0 180 ${name}\r\nContact: <sip:${address}>\r\n`,
    );
    phone.expect('NOTIFY');
    await callee.request(
      'NOTIFY',
      [...planted, 'Event: dialog', 'Subscription-State: active', 'Content-Type: application/dialog-info+xml'],
      `<dialog-info entity="sip:bob@${address}"><dialog><local><target uri="sip:bob@${address}:5060"/></local></dialog></dialog-info>`,
    );
    phone.expect('NOTIFY');
    return story;
  },
  async 'BYE of the callee'() {
    const story = await talking();
    await story.callee.request('BYE', planted);
    story.phone.expect('BYE');
    return story;
  },
  async 'a call from inside'() {
    const story = await talking();
    const { node, world } = story;
    const carrier = world.party('outside', '203.0.113.77');
    await node.send(
      [
        'INVITE sip:bob@203.0.113.77 SIP/2.0',
        `Via: ${node.via()}`,
        `Via: SIP/2.0/UDP ${address};branch=z9hG4bKplanted`,
        `Record-Route: <sip:${address};lr>`,
        `From: "Bob" <sip:bob@${address}>;tag=f1`,
        `To: <sip:bob@${address}>`,
        `Call-ID: ${name}@${address}`,
        'CSeq: 1 INVITE',
        `Contact: <sip:mod_sofia@${address}:5060>`,
        ...planted,
      ],
      plantedSdp,
    );
    await carrier.answer(carrier.expect('INVITE'), 200, { tag: 'c', body: sdp('203.0.113.77', 4200) });
    return { ...story, phone: carrier };
  },
  async 'standalone requests and subscriptions'() {
    const story = await talking();
    const { phone, node, world } = story;
    const nodes = [node, world.party('inside', '10.0.0.12'), world.party('inside', '10.0.0.13')];
    for (const method of ['MESSAGE', 'OPTIONS', 'PUBLISH', 'SUBSCRIBE']) {
      const lines = [
        `Via: ${phone.via()}`,
        'From: <sip:a@b>;tag=s',
        'To: <sip:bob@198.51.100.1>',
        `Call-ID: alone-${method}`,
        `CSeq: 1 ${method}`,
      ];
      await phone.send([`${method} sip:bob@198.51.100.1 SIP/2.0`, ...lines, `Contact: <sip:a@${phone.hostPort}>`, 'Event: dialog']);
      for (const each of nodes) {
        const request = each.find(method);
        if (request !== undefined) await each.answer(request, 200, { tag: 'z', lines: [...planted, 'Expires: 60'], body: plantedSdp });
      }
      phone.expect(200);
    }
    return story;
  },
};

test('what the config names passes, with our host in the place of theirs', async () => {
  const config = worldConfig({ outside: { passHeaders: ['P-Asserted-Identity', 'X-Queue'] } });
  const { world, phone, callee } = await inviting({ config });
  await callee.answer(180, {
    lines: [`P-Asserted-Identity: "Desk" <sip:200@${address}:5080;transport=tcp>`, 'X-Queue: sales', 'X-Other: no'],
  });
  const ringing = phone.expect(180);
  assert.equal(ringing.headers.get('p-asserted-identity'), '"Desk" <sip:200@198.51.100.1;transport=tcp>');
  assert.equal(ringing.headers.get('x-queue'), 'sales');
  assert.equal(ringing.headers.has('x-other'), false);
  await world.assertEmpty();
});
