// SRTP with keys in SDP through the session engine: who gets which keys, when they stay and when they change, what the relay is told.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { type Log, silentLog } from '../../../shared/log.ts';
import type { Protection, SessionState } from '../../../shared/relay/session-state.ts';
import { seededRng } from '../../../shared/rng.ts';
import { SessionEngine, type SidePolicy } from '../../../signaling/session/session-engine.ts';
import { preferredSuites } from '../../../signaling/session/srtp-suites.ts';
import { audio, bench, inside, outside, ports, type Spoken, server, status, text, transport } from './engine-fixture.ts';
import { FakeRelay } from './fake-relay.ts';

const lengths = new Map([
  ['AEAD_AES_256_GCM', 44],
  ['AEAD_AES_128_GCM', 28],
  ['AES_256_CM_HMAC_SHA1_80', 46],
  ['AES_192_CM_HMAC_SHA1_80', 38],
  ['AES_CM_128_HMAC_SHA1_80', 30],
  ['AES_CM_128_HMAC_SHA1_32', 30],
]);

/** A key of a peer; another seed gives another. */
function key(suite: string, seed: number): string {
  return Buffer.alloc(lengths.get(suite) ?? 0, seed).toString('base64');
}

function crypto(tag: number, suite = 'AES_CM_128_HMAC_SHA1_80', seed = tag): string {
  return `crypto:${tag} ${suite} inline:${key(suite, seed)}`;
}

function secure(sdp: string): string {
  return sdp.replaceAll('RTP/AVP', 'RTP/SAVP');
}

function phone(attributes: readonly string[] = [crypto(1)], spoken: Spoken = {}): string {
  return secure(audio({ ...spoken, attributes }));
}

function side(base: SidePolicy, srtp: SidePolicy['srtp']): SidePolicy {
  return { ...base, srtp };
}

interface Line {
  readonly tag: number;
  readonly suite: string;
  readonly key: string;
}

function cryptos(sdp: string): Line[] {
  return [...sdp.matchAll(/^a=crypto:(\d+) (\S+) inline:([^|\r]+)/gm)].map(([, tag, suite, value]) => ({
    tag: Number(tag),
    suite: suite ?? '',
    key: value ?? '',
  }));
}

function protections(state: SessionState): { near: Protection; far: Protection } {
  return { near: transport(state, 4000).protection, far: transport(state, 16_000).protection };
}

test('the answer has our key under the tag of the offer, and the relay gets both', async () => {
  const { offer, answer, state } = bench();
  const out = text(await offer(phone([crypto(5, 'AES_CM_128_HMAC_SHA1_32'), crypto(9)])));
  assert.ok(out.includes('RTP/AVP ') && !out.includes('crypto'));
  const back = text(await answer(server()));
  const [line, ...more] = cryptos(back);
  assert.deepEqual([line?.tag, line?.suite, more.length], [9, 'AES_CM_128_HMAC_SHA1_80', 0]);
  assert.ok(back.includes('RTP/SAVP '));
  const { near, far } = protections(state());
  assert.ok(near.kind === 'sdes');
  assert.deepEqual(near.local, { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: line?.key });
  assert.deepEqual(near.remote, { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: key('AES_CM_128_HMAC_SHA1_80', 9) });
  assert.deepEqual(far, { kind: 'plain' });
});

test('of what is offered the best suite is taken, in any order', async () => {
  const suites = [...lengths.keys()];
  for (let first = 0; first < suites.length; first++) {
    const offered = suites.slice(first).reverse();
    const { offer, answer } = bench();
    await offer(phone(offered.map((suite, index) => crypto(index + 1, suite))));
    const best = preferredSuites.find((suite) => offered.includes(suite));
    assert.deepEqual(
      cryptos(text(await answer(server()))).map((line) => [line.tag, line.suite]),
      [[offered.indexOf(best ?? '') + 1, best]],
    );
  }
});

for (const [policy, plain, optional, secured] of [
  ['accept', 'RTP', 'SRTP', 'SRTP'],
  ['offer', 'RTP', 'SRTP', 'SRTP'],
  ['require', 488, 'SRTP', 'SRTP'],
  ['never', 'RTP', 'RTP', 488],
  ['pass', 'RTP', 'SRTP', 'SRTP'],
] as const) {
  test(`a zone with srtp: ${policy} that offers`, async () => {
    for (const [sdp, expected] of [
      [audio(), plain],
      [audio({ attributes: [crypto(1)] }), optional],
      [phone(), secured],
    ] as const) {
      const { offer, answer, state } = bench();
      const near = side(outside, policy);
      const result = await offer(sdp, { near });
      if (expected === 488) {
        assert.equal(status(result), 488);
        continue;
      }
      const back = text(await answer(server(), { near }));
      assert.equal(protections(state()).near.kind, expected === 'SRTP' ? 'sdes' : 'plain', sdp);
      assert.equal(cryptos(back).length, expected === 'SRTP' ? 1 : 0);
      assert.equal(/m=audio \d+ (\S+)/.exec(back)?.[1], /m=audio \d+ (\S+)/.exec(sdp)?.[1], 'the protocol of the offer');
    }
  });

  test(`a zone with srtp: ${policy} that is offered to`, async () => {
    for (const sdp of [audio(), phone()]) {
      const { offer } = bench();
      const out = text(await offer(sdp, { far: side(inside, policy) }));
      const offersKeys = policy === 'offer' || policy === 'require';
      assert.equal(cryptos(out).length, offersKeys ? 5 : 0);
      assert.equal(out.includes('RTP/SAVP '), offersKeys);
    }
  });
}

test('an answer to our keys is taken with the keys of its line', async () => {
  const { offer, answer, state } = bench();
  const far = side(inside, 'offer');
  const offered = cryptos(text(await offer(audio(), { far })));
  assert.deepEqual(
    offered.map(({ tag }) => tag),
    [1, 2, 3, 4, 5],
  );
  for (const { suite, key: ours } of offered) assert.equal(Buffer.from(ours, 'base64').length, lengths.get(suite));
  const back = text(await answer(secure(server({ attributes: [crypto(3, 'AES_256_CM_HMAC_SHA1_80')] })), { far }));
  assert.ok(back.includes('RTP/AVP ') && !back.includes('crypto'));
  const protection = protections(state()).far;
  assert.ok(protection.kind === 'sdes');
  assert.deepEqual(protection.local, { suite: offered[2]?.suite, keySalt: offered[2]?.key });
  assert.equal(protection.remote.keySalt, key('AES_256_CM_HMAC_SHA1_80', 3));
});

test('an answer that does not fit our keys is refused, and the offer stays open', async () => {
  const far = side(inside, 'offer');
  const { offer, answer, relay } = bench();
  const offered = cryptos(text(await offer(audio(), { far })));
  const own = offered[3];
  const answers = [
    server(),
    secure(server()),
    secure(server({ attributes: [crypto(9)] })),
    secure(server({ attributes: [crypto(1)] })),
    secure(server({ attributes: [`crypto:4 AES_CM_128_HMAC_SHA1_80 inline:${own?.key}`] })),
    secure(server({ attributes: [`${crypto(4)} UNENCRYPTED_SRTP`] })),
    secure(server({ attributes: [`${crypto(4)} UNAUTHENTICATED_SRTP`] })),
    secure(server({ attributes: [`${crypto(4)} KDR=1`] })),
    secure(
      server({
        attributes: [
          `crypto:4 AES_CM_128_HMAC_SHA1_80 inline:${key('AES_CM_128_HMAC_SHA1_80', 1)}|1:4;inline:${key('AES_CM_128_HMAC_SHA1_80', 2)}|2:4`,
        ],
      }),
    ),
  ];
  for (const sdp of answers) assert.equal(status(await answer(sdp, { far })), 488, sdp);
  assert.ok(!relay.commands.includes('apply'));
  assert.equal(status(await answer(secure(server({ attributes: [crypto(1), `${crypto(4)}|2^31 WSH=128`] })), { far })), 200);
});

test('an answer with SRTP to an offer of RTP is refused, keys on RTP/AVP are overlooked', async () => {
  const { offer, answer, state } = bench();
  await offer(audio());
  assert.equal(status(await answer(secure(server({ attributes: [crypto(1)] })))), 488);
  const back = text(await answer(server({ attributes: [crypto(1)] })));
  assert.ok(!back.includes('crypto'));
  assert.deepEqual(protections(state()), { near: { kind: 'plain' }, far: { kind: 'plain' } });
});

test('keys that cannot be used are passed over', async () => {
  const two = `crypto:2 AES_CM_128_HMAC_SHA1_80 inline:${key('AES_CM_128_HMAC_SHA1_80', 1)}|1:4;inline:${key('AES_CM_128_HMAC_SHA1_80', 2)}|2:4`;
  const { offer, answer } = bench();
  await offer(phone([`${crypto(1)} UNENCRYPTED_SRTCP`, two, crypto(3, 'AES_CM_128_HMAC_SHA1_32')]));
  assert.deepEqual(
    cryptos(text(await answer(server()))).map(({ tag }) => tag),
    [3],
  );
  assert.equal(status(await bench().offer(phone([two, `crypto:3 F8_128_HMAC_SHA1_80 inline:${key('AES_CM_128_HMAC_SHA1_80', 1)}`]))), 488);
  // Video without a usable key is off, audio goes on.
  const mixed = `${phone([crypto(1)], {})}m=video 4002 RTP/SAVP 96\r\n`;
  assert.deepEqual(ports(text(await bench().offer(mixed))).slice(1), [0]);
});

test('an MKI of the peer is understood, and our key has the same', async () => {
  const { offer, answer, state } = bench();
  await offer(phone([`${crypto(1)}|2^31|258:4`]));
  assert.match(text(await answer(server())), /a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\S+\|258:4\r/);
  const { near } = protections(state());
  assert.ok(near.kind === 'sdes');
  assert.deepEqual([near.local.mki, near.remote.mki], ['00000102', '00000102']);
});

test('a re-offer with the same key keeps ours, one with another key gets another', async () => {
  const { offer, answer, state, rollback } = bench();
  await offer(phone());
  const first = cryptos(text(await answer(server())));
  const agreed = protections(state()).near;

  await offer(phone([crypto(1)], { version: 2 }));
  assert.deepEqual(cryptos(text(await answer(server({ version: 2 })))), first);
  assert.deepEqual(protections(state()).near, agreed);

  await offer(phone([crypto(1, 'AES_CM_128_HMAC_SHA1_80', 77)], { version: 3 }));
  const [changed] = cryptos(text(await answer(server({ version: 3 }))));
  assert.notEqual(changed?.key, first[0]?.key);
  const renewed = protections(state()).near;
  assert.ok(renewed.kind === 'sdes' && renewed.local.keySalt === changed?.key);

  // The answer was provisional and comes to nothing: what held before holds again, with its keys.
  await rollback();
  assert.deepEqual(protections(state()).near, agreed);
  await offer(phone([crypto(1)], { version: 4 }));
  assert.deepEqual(cryptos(text(await answer(server({ version: 4 })))), first);
});

test('a side with SRTP is offered its keys again, those in use first', async () => {
  const { offer, answer, state } = bench();
  await offer(phone([crypto(2, 'AES_192_CM_HMAC_SHA1_80')]));
  const [ours] = cryptos(text(await answer(server())));
  const hold = { by: 'far', to: 'near' };
  const offered = cryptos(text(await offer(server({ version: 2, attributes: ['sendonly'] }), hold)));
  assert.equal(offered.length, 6);
  assert.deepEqual(offered[0], { ...ours, tag: 1 });
  assert.equal(status(await answer(phone([crypto(1, 'AES_192_CM_HMAC_SHA1_80', 2)], { version: 2 }), hold)), 200);
  const { near } = protections(state());
  assert.ok(near.kind === 'sdes' && near.local.keySalt === ours?.key, 'nothing changed');
  // It may change its mind about the suite, then both keys are others.
  const again = cryptos(text(await offer(server({ version: 3 }), hold)));
  assert.deepEqual(again, offered, 'kept');
  await answer(phone([crypto(2, 'AEAD_AES_128_GCM')], { version: 3 }), hold);
  const other = protections(state()).near;
  assert.ok(other.kind === 'sdes' && other.local.keySalt === again[1]?.key && other.remote.suite === 'AEAD_AES_128_GCM');
});

test('a line agreed as RTP is not offered SRTP later, a line agreed as SRTP not RTP', async () => {
  const near = side(outside, 'offer');
  const plain = bench();
  await plain.offer(audio(), { near });
  await plain.answer(server(), { near });
  assert.equal(cryptos(text(await plain.offer(server({ version: 2 }), { by: 'far', near }))).length, 0);

  const secured = bench();
  await secured.offer(phone());
  await secured.answer(server());
  // A fax in between has no keys.
  const fax = (base: string): string => base.replace(/m=audio (\d+)[\s\S]*$/, 'm=image $1 udptl t38\r\n');
  const out = text(await secured.offer(fax(server({ version: 2 })), { by: 'far' }));
  assert.ok(!out.includes('crypto'));
  await secured.answer(fax(audio({ version: 2 })), { by: 'far', to: 'near' });
  assert.deepEqual(protections(secured.state()).near, { kind: 'plain' });
  const back = text(await secured.offer(server({ version: 3 }), { by: 'far' }));
  assert.ok(back.includes('RTP/SAVP ') && cryptos(back).length === 5);
});

test('keys on RTP/AVP are offered again on RTP/AVP, and may be left out', async () => {
  const { offer, answer, state } = bench();
  await offer(audio({ attributes: [crypto(1)] }));
  await answer(server());
  const hold = { by: 'far', to: 'near' };
  const out = text(await offer(server({ version: 2 }), hold));
  assert.ok(out.includes('RTP/AVP ') && cryptos(out).length === 5);
  await answer(audio({ version: 2 }), hold);
  assert.deepEqual(protections(state()).near, { kind: 'plain' });
});

test('branches share the keys of the near side and have their own', async () => {
  const { offer, answer, state } = bench();
  const far = side(inside, 'offer');
  const one = cryptos(text(await offer(phone(), { far, branch: 'one' })));
  const two = cryptos(text(await offer(phone(), { far, branch: 'two' })));
  assert.equal(new Set([...one, ...two].map((line) => line.key)).size, 10);
  const first = cryptos(
    text(await answer(secure(server({ attributes: [crypto(1, 'AEAD_AES_128_GCM')] })), { far, branch: 'one', to: 'a' })),
  );
  const other = { port: 17_000, attributes: [crypto(1, 'AEAD_AES_128_GCM', 8)] };
  const second = cryptos(text(await answer(secure(server(other)), { far, branch: 'two', to: 'b' })));
  assert.deepEqual(first, second);
  const second17 = transport(state(), 17_000).protection;
  assert.ok(second17.kind === 'sdes' && second17.local.keySalt === two[0]?.key);
});

test('another answer to the same offer takes the keys of who answers', async () => {
  const { offer, answer, state } = bench();
  const far = side(inside, 'offer');
  await offer(audio(), { far });
  const early = secure(server({ attributes: [crypto(4)] }));
  await answer(early, { far, to: 'a' });
  const keep = protections(state()).far;
  await answer(secure(server({ attributes: [crypto(1, 'AEAD_AES_128_GCM')] })), { far, to: 'b' });
  const other = protections(state()).far;
  assert.ok(keep.kind === 'sdes' && other.kind === 'sdes' && keep.remote.suite !== other.remote.suite);
  await answer(early, { far, to: 'a' });
  assert.deepEqual(protections(state()).far, keep);
});

test('SRTP passes only where both sides say so; what the answer leaves out is left out', async () => {
  const pass = { near: side(outside, 'pass'), far: side(inside, 'pass') };
  const { offer, answer, state } = bench();
  const out = text(await offer(audio({ attributes: [crypto(1)] }), pass));
  assert.deepEqual(cryptos(out), [{ tag: 1, suite: 'AES_CM_128_HMAC_SHA1_80', key: key('AES_CM_128_HMAC_SHA1_80', 1) }]);
  await answer(server(), pass);
  assert.deepEqual(protections(state()), { near: { kind: 'plain' }, far: { kind: 'plain' } });
});

test('no key serves two transports or two calls, and none is repeated', async () => {
  const { engine, offer, answer } = bench();
  const far = side(inside, 'offer');
  const seen = new Set<string>();
  for (let call = 0; call < 20; call++) {
    const callId = `call ${call}`;
    const video = { more: ['m=video 4002 RTP/AVP 96'] };
    const offered = cryptos(
      text(
        await offer(secure(audio({ ...video, attributes: [crypto(1)] })).replace(' 96\r\n', ` 96\r\na=${crypto(1)}\r\n`), { far, callId }),
      ),
    );
    const answers = `${secure(server({ more: ['m=video 16002 RTP/AVP 96'], attributes: [crypto(4)] }))}a=${crypto(4)}\r\n`;
    const answered = cryptos(text(await answer(answers, { far, callId })));
    assert.deepEqual([offered.length, answered.length], [10, 2]);
    for (const line of [...offered, ...answered]) {
      assert.ok(!seen.has(line.key));
      seen.add(line.key);
    }
    await engine.remove({ callId });
  }
});

test('the state of a call stays plain data that survives JSON', async () => {
  const { engine, offer, answer } = bench();
  await offer(phone([`${crypto(1)}|2^31|258:4`]), { far: side(inside, 'offer') });
  await answer(secure(server({ attributes: [crypto(4)] })), { far: side(inside, 'offer') });
  const state = engine.export('c');
  assert.deepEqual(JSON.parse(JSON.stringify(state)), state);
});

test('no key is ever logged', async () => {
  const lines: string[] = [];
  const note = (fields: object, event: string): void => void lines.push(`${event} ${JSON.stringify(fields)}`);
  const log: Log = { ...silentLog, debug: note, info: note, warn: note, error: note };
  const relay = new FakeRelay();
  const limits = { timeoutMs: 1, holdTimeoutMs: 1, calls: 10 };
  const engine = new SessionEngine({ relay, rng: seededRng(1), randomBytes, log, limits });
  const sides = { callId: 'c', fromTag: 'near', from: outside, to: side(inside, 'offer') };
  const bytes = (sdp: string): Uint8Array => Buffer.from(sdp, 'latin1');
  const out = text(await engine.offer({ ...sides, sdp: bytes(phone()) }));
  await engine.answer({ ...sides, toTag: 'far', sdp: bytes(secure(server({ attributes: [crypto(9)] }))) });
  relay.failure = 'bad-command';
  await engine.answer({ ...sides, toTag: 'far', sdp: bytes(secure(server({ attributes: [crypto(4)] }))) });
  relay.thrown = new Error('broken');
  await engine.answer({ ...sides, toTag: 'far', sdp: bytes(secure(server({ version: 2, attributes: [crypto(4)] }))) });
  assert.ok(lines.length >= 3, lines.join('\n'));
  const secrets = [...cryptos(out).map((line) => line.key), key('AES_CM_128_HMAC_SHA1_80', 1), key('AES_CM_128_HMAC_SHA1_80', 4)];
  for (const line of lines) for (const secret of secrets) assert.ok(!line.includes(secret.slice(0, 12)), line);
});
