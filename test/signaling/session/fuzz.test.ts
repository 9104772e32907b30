// Mutated and hostile descriptions: never an exception, never a leaked port, never a line that was not checked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sdpLimits } from '../../../signaling/sdp/limits.ts';
import { parseSdp } from '../../../signaling/sdp/parse-sdp.ts';
import { samples } from '../sdp/samples.ts';
import { audio, bench, server } from './engine-fixture.ts';

const seed = 20_260_802;
// Loopback samples would all be refused for their address alone.
const texts = [...samples.values(), audio(), server({ more: ['m=video 16002 RTP/AVPF 96', 'a=rtpmap:96 VP8/90000'] })].map((text) =>
  text.replaceAll('127.0.0.11', '192.0.2.11').replaceAll('UDP/TLS/RTP/SAVPF', 'RTP/AVPF'),
);

const insert = fc.constantFrom(
  '\r\n',
  '\n',
  '\0',
  ' ',
  '0',
  '99999999999',
  '-1',
  'm=audio 9 RTP/AVP 0\r\n',
  'a=',
  ':',
  '/',
  '|',
  '::',
  '1.2.3.4',
  '\xff',
  '__proto__',
);
const mutation = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), remove: fc.nat({ max: 30 }), insert });
const video = (port: number): string[] => [`m=video ${port} RTP/AVP 96`];
/** Sound ones, so that stories get far. */
const sound = fc.constantFrom(
  audio(),
  audio({ port: 5000, version: 2 }),
  audio({ attributes: ['sendonly'] }),
  audio({ address: '2001:db8::7' }),
  audio({ more: video(4002) }),
  audio({ more: video(0) }),
  audio({ port: 0 }),
  audio().replace('c=IN IP4 198.51.100.7', 'c=IN IP4 0.0.0.0'),
  server(),
  server({ attributes: ['rtcp-mux'] }),
  server({ port: 17_000, more: video(17_002) }),
);
const mutated = fc.tuple(fc.constantFrom(...texts), fc.array(mutation, { maxLength: 8 })).map(([text, mutations]) => {
  let result = text;
  for (const { at, remove, insert: added } of mutations) {
    const index = Math.floor(at * result.length);
    result = result.slice(0, index) + added + result.slice(index + remove);
  }
  return result;
});

test('any story of mutated offers and answers keeps the engine and its ports in order', async () => {
  const step = fc.record({
    kind: fc.constantFrom('offer', 'offer', 'answer', 'answer', 'rollback', 'removeBranch', 'export'),
    by: fc.constantFrom('near', 'far', 'f2'),
    branch: fc.constantFrom('', 'b'),
    sdp: fc.oneof({ weight: 4, arbitrary: sound }, { weight: 1, arbitrary: mutated }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
      const { engine, offer, answer, rollback, relay } = bench();
      for (const { kind, by, branch, sdp } of steps) {
        if (kind === 'rollback') await rollback({ by, branch });
        else if (kind === 'removeBranch') await engine.removeBranch({ callId: 'c', branch });
        else if (kind === 'export') assert.doesNotThrow(() => JSON.stringify(engine.export('c') ?? null));
        else {
          const result = await (kind === 'offer' ? offer : answer)(sdp, { by, branch, to: by === 'near' ? 'far' : 'near' });
          // 500 would be an exception inside: the fake relay throws when a command breaks the contract.
          if (result.kind === 'refused') assert.notEqual(result.status, 500, result.reason);
          else assert.equal(parseSdp(result.sdp).kind, 'sdp');
        }
        const open = relay.open.get('c');
        for (const { id } of engine.export('c')?.transports ?? []) assert.ok(open?.has(id), `transport ${id} is closed but in use`);
      }
      await engine.remove({ callId: 'c' });
      assert.equal(relay.open.size, 0);
      assert.equal(engine.size, 0);
    }),
    { seed, numRuns: 1500 },
  );
});

test('descriptions as big and as odd as the limits allow are served or refused at once', { timeout: 20_000 }, async () => {
  const body = (rest: string): string => `v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\nc=IN IP4 192.0.2.9\r\n${rest}`.slice(0, sdpLimits.bytes);
  const long = (text: string): string => text.repeat(Math.ceil(sdpLimits.lineBytes / text.length)).slice(0, sdpLimits.lineBytes - 40);
  const lines = [
    'a=x',
    'm=audio 5 RTP/AVP 0',
    'a=rtpmap:0 PCMU/8000',
    'a=ssrc:1 cname:x',
    'a=crypto:1 A inline:B',
    'c=IN IP4 192.0.2.9',
    'a=rtcp:5',
    'a=sendrecv',
    'a=mid:1',
  ];
  const words = ['1.', ':', '::', 'a:', '1:', ' ', '/', '|', ';', 'inline:', '9', '2^'];
  for (const line of lines) await bench().offer(body(`m=audio 5 RTP/AVP 0\r\n${`${line}\r\n`.repeat(1990)}`));
  for (const word of words) {
    for (const name of [
      'X',
      'ssrc:1 cname:',
      'msid-semantic: WMS ',
      'crypto:1 AES_CM_128_HMAC_SHA1_80 inline:',
      'rtcp:1 IN IP4 ',
      'rtpmap:',
      'fmtp:',
      'group:',
    ]) {
      for (const protocol of ['RTP/AVP', 'RTP/SAVP']) {
        await bench().offer(body(`m=audio 5 ${protocol} 0\r\n${`a=${name}${long(word)}\r\n`.repeat(3)}`));
      }
    }
    await bench().offer(body(`m=audio 5 RTP/AVP ${long(word)}\r\n`));
    await bench().offer(body(`m=audio 5 RTP/AVP 0\r\nc=IN IP6 ${long(word)}\r\n`));
  }
});
