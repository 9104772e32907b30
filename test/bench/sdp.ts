// Time to read, rewrite and write one description: node test/bench/sdp.ts. Prints, judges nothing.
import { formatSdp } from '../../signaling/sdp/format-sdp.ts';
import { sdpLimits } from '../../signaling/sdp/limits.ts';
import { parseSdp } from '../../signaling/sdp/parse-sdp.ts';
import { samples } from '../signaling/sdp/samples.ts';
import { bench, inside, outside, server } from '../signaling/session/engine-fixture.ts';

const rounds = 20_000;

function time(name: string, times: number, once: (round: number) => void): void {
  for (let round = 0; round < times / 4; round++) once(round);
  const start = process.hrtime.bigint();
  for (let round = 0; round < times; round++) once(round);
  console.log(`${name.padEnd(48)} ${(Number(process.hrtime.bigint() - start) / times / 1000).toFixed(2).padStart(10)} us`);
}

for (const [name, text] of samples) {
  const bytes = Buffer.from(text, 'latin1');
  time(`parse and format ${name} (${bytes.length} bytes)`, rounds, () => {
    const result = parseSdp(bytes);
    if (result.kind === 'sdp') formatSdp(result.document);
  });
}

const hostile: readonly (readonly [string, string])[] = [
  ['2,000 lines', 'a=x\r\n'.repeat(sdpLimits.lines - 10)],
  ['64 media sections', 'm=audio 5 RTP/AVP 0\r\n'.repeat(64)],
  ['256 formats on 40 lines', `m=audio 5 RTP/AVP ${'0 '.repeat(255)}\r\n`.repeat(40)],
  ['1,900 rtpmaps', `m=audio 5 RTP/AVP 0\r\n${'a=rtpmap:0 PCMU/8000\r\n'.repeat(1900)}`],
  [
    '700 crypto',
    `m=audio 5 RTP/SAVP 0\r\n${'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:tazU9LbgdUeMXICTOUP1hAoXo/oot3adY3kOYT76\r\n'.repeat(700)}`,
  ],
  ['1,400 ssrc', `m=audio 5 RTP/AVP 0\r\n${'a=ssrc:1234567890 cname:some-name-or-other\r\n'.repeat(1400)}`],
  ['one line of digits and dots', `m=audio 5 RTP/AVP 0\r\na=${'1.'.repeat(8000)}\r\n`],
  ['one line of colons', `m=audio 5 RTP/AVP 0\r\na=x${'a:'.repeat(8000)}\r\n`],
];
const { engine } = bench();
async function offerOnce(name: string, text: string, times: number): Promise<void> {
  const sdp = Buffer.from(text, 'latin1');
  const start = process.hrtime.bigint();
  let last = '';
  for (let round = 0; round < times; round++) {
    const result = await engine.offer({ callId: `${name} ${round}`, fromTag: 'a', from: outside, to: inside, sdp });
    last = result.kind === 'sdp' ? 'accepted' : `${result.status}`;
    await engine.remove({ callId: `${name} ${round}` });
  }
  console.log(`${name.padEnd(48)} ${(Number(process.hrtime.bigint() - start) / times / 1000).toFixed(2).padStart(10)} us  ${last}`);
}
await offerOnce('offer and remove, phone', server(), rounds);
await offerOnce('offer and remove, phone', server(), rounds);
for (const [name, body] of hostile) await offerOnce(`offer ${name}`, `v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\nc=IN IP4 192.0.2.9\r\n${body}`, 20);
