// Corners of SRTP keying: identifiers of keys, keys given back to us, branches that are not heard, what passes unread.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audio, bench, inside, outside, server, status, text, transport } from './engine-fixture.ts';

const suite = 'AES_CM_128_HMAC_SHA1_80';

function crypto(seed: number, more = ''): string {
  return `crypto:1 ${suite} inline:${Buffer.alloc(30, seed).toString('base64')}${more}`;
}

function secure(sdp: string): string {
  return sdp.replaceAll('RTP/AVP', 'RTP/SAVP');
}

/** Of the line with that suite. */
function keyIn(sdp: string, name = suite): string | undefined {
  return new RegExp(`^a=crypto:\\d+ ${name} inline:(\\S+)`, 'm').exec(sdp)?.[1];
}

test('a peer that changes its MKI gets another key, with that MKI', async () => {
  const { offer, answer } = bench();
  const keys: (string | undefined)[] = [];
  for (const [version, mki] of ['', '|1:4', '|2:4', '|2:4'].entries()) {
    await offer(secure(audio({ version, attributes: [crypto(1, mki)] })));
    keys.push(keyIn(text(await answer(server({ version })))));
  }
  assert.equal(new Set(keys).size, 3);
  assert.deepEqual(
    keys.map((key) => key?.split('|')[1]),
    [undefined, '1:4', '2:4', '2:4'],
  );
  assert.equal(keys[2], keys[3]);
});

test('a key of ours that was never used is not used with an MKI, nor with a peer that claims it', async () => {
  for (const claim of ['key', 'mki']) {
    const { offer, answer, state } = bench();
    await offer(audio({ attributes: [crypto(1)] }));
    await answer(server());
    const hold = { by: 'far', to: 'near' };
    const ours = keyIn(text(await offer(server({ version: 2 }), hold)), 'AES_CM_128_HMAC_SHA1_32');
    await answer(audio({ version: 2 }), hold);
    const line = `crypto:1 AES_CM_128_HMAC_SHA1_32 inline:${claim === 'key' ? ours : `${Buffer.alloc(30, 3).toString('base64')}|7:1`}`;
    await offer(audio({ version: 3, attributes: [line] }));
    const answered = keyIn(text(await answer(server({ version: 3 }))), 'AES_CM_128_HMAC_SHA1_32');
    assert.ok(answered !== undefined && ours !== undefined && answered.split('|')[0] !== ours, claim);
    const { protection } = transport(state(), 4000);
    assert.ok(protection.kind === 'sdes' && protection.local.keySalt !== protection.remote.keySalt);
  }
});

test('rollback on a branch that is not heard brings its keys back, too', async () => {
  const { offer, answer, rollback } = bench();
  const far = { ...inside, srtp: 'offer' } as const;
  const one = { far, branch: 'one' };
  const two = { far, branch: 'two' };
  const used = keyIn(text(await offer(audio(), one)));
  await answer(secure(server({ attributes: [crypto(4).replace(':1', ':4')] })), { ...one, to: 'a' });
  await offer(audio(), two);
  await answer(secure(server({ port: 17_000, attributes: [crypto(5).replace(':1', ':4')] })), { ...two, to: 'b' });
  await offer(secure(server({ version: 2, attributes: [crypto(6)] })), { ...one, by: 'a' });
  const changed = keyIn(text(await answer(audio({ version: 2 }), { ...one, by: 'a', to: 'near' })));
  assert.ok(changed !== used);
  await offer(secure(server({ port: 17_000, version: 2, attributes: [crypto(5)] })), { ...two, by: 'b' });
  await answer(audio({ version: 3 }), { ...two, by: 'b', to: 'near' });
  await rollback({ ...one, by: 'a' });
  assert.equal(keyIn(text(await offer(audio({ version: 4 }), one))), used);
});

test('SRTP that passes may have suites we do not do', async () => {
  const sides = { near: { ...outside, srtp: 'pass' }, far: { ...inside, srtp: 'pass' } } as const;
  const line = crypto(1).replace(suite, 'F8_128_HMAC_SHA1_80');
  const { offer } = bench();
  assert.ok(text(await offer(secure(audio({ attributes: [line] })), sides)).includes(`a=${line}\r\n`));
  assert.equal(status(await bench().offer(secure(audio({ attributes: [line] })))), 488);
});
