import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SdpDocument } from '../../../signaling/sdp/document.ts';
import { formatSdp } from '../../../signaling/sdp/format-sdp.ts';
import { sdpLimits } from '../../../signaling/sdp/limits.ts';
import { parseSdp } from '../../../signaling/sdp/parse-sdp.ts';
import { samples } from './samples.ts';

const seed = 20_260_801;
const head = 'v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n';

function document(input: string | Uint8Array): SdpDocument {
  const result = parseSdp(input);
  assert.equal(result.kind, 'sdp', result.kind === 'malformed' ? result.reason : '');
  return result.kind === 'sdp' ? result.document : { session: [], media: [] };
}

function reason(input: string): string {
  const result = parseSdp(input);
  return result.kind === 'malformed' ? result.reason : 'accepted';
}

for (const [name, text] of samples) {
  test(`parseSdp and formatSdp give ${name} back byte for byte`, () => {
    assert.equal(formatSdp(document(text)), text);
    assert.equal(formatSdp(document(Buffer.from(text, 'latin1'))), text);
  });

  test(`parseSdp reads or refuses ${name} cut at every byte`, () => {
    for (let end = 0; end <= text.length; end++) {
      const result = parseSdp(text.slice(0, end));
      if (result.kind === 'sdp') assert.equal(formatSdp(result.document).replace(/\r\n$/, ''), text.slice(0, end).replace(/\r?\n?$/, ''));
    }
  });
}

test('parseSdp groups lines under their m= line', () => {
  const { session, media } = document(`${head}s=-\r\nm=audio 1 RTP/AVP 0\r\na=x\r\nm=video 2 RTP/AVP 96\r\n`);
  assert.deepEqual(
    session.map((line) => line.type),
    ['v', 'o', 's'],
  );
  assert.deepEqual(media, [
    {
      lines: [
        { type: 'm', value: 'audio 1 RTP/AVP 0' },
        { type: 'a', value: 'x' },
      ],
    },
    { lines: [{ type: 'm', value: 'video 2 RTP/AVP 96' }] },
  ]);
});

test('parseSdp takes LF, mixed line ends, blank lines and a missing last line end', () => {
  for (const text of [
    head.replaceAll('\r\n', '\n'),
    'v=0\no=- 1 1 IN IP4 192.0.2.1\r\n',
    `${head}\r\n\r\n`,
    head.trimEnd(),
    head.slice(0, -1),
    `\n${head}`,
  ]) {
    assert.equal(formatSdp(document(text)), head, JSON.stringify(text));
  }
});

test('parseSdp keeps bytes beyond ASCII and spaces as they are', () => {
  const text = `${head}s=\xc3\xa4 \xff  \r\ni= \t x\r\n`;
  assert.equal(formatSdp(document(Buffer.from(text, 'latin1'))), text);
});

for (const [what, text, expected] of [
  ['nothing', '', 'empty body'],
  ['blank lines alone', '\r\n\r\n', 'empty body'],
  ['another version', head.replace('v=0', 'v=1'), 'does not start with v=0'],
  ['a body that starts elsewhere', 'o=- 1 1 IN IP4 192.0.2.1\r\nv=0\r\n', 'does not start with v=0'],
  ['no o= line', 'v=0\r\ns=-\r\n', 'no o= line'],
  ['an o= line below m=', 'v=0\r\nm=audio 1 RTP/AVP 0\r\no=- 1 1 IN IP4 192.0.2.1\r\n', 'no o= line'],
  ['a line without "="', `${head}hello\r\n`, 'line 3: is not "x=value"'],
  ['a one-letter line', `${head}a\r\na=b\r\n`, 'line 3: is not "x=value"'],
  ['a capital letter as type', `${head}A=b\r\n`, 'line 3: is not "x=value"'],
  ['a space before the type', `${head} a=b\r\n`, 'line 3: is not "x=value"'],
  ['CR inside a line', `${head}a=b\rm=audio 1 RTP/AVP 0\r\n`, 'line 3: CR without LF'],
  ['CR CR LF', `${head}a=b\r\r\n`, 'line 3: CR without LF'],
  ['NUL', `${head}a=b\0c\r\n`, 'NUL byte'],
] as const) {
  test(`parseSdp refuses ${what}`, () => assert.equal(reason(text), expected));
}

test('parseSdp refuses what is over a limit and takes what is at it', () => {
  const line = (length: number): string => `a=${'x'.repeat(length - 2)}\r\n`;
  assert.equal(reason(head + line(sdpLimits.lineBytes)), 'accepted');
  assert.match(reason(head + line(sdpLimits.lineBytes + 1)), /^line 3: longer than/);
  assert.equal(reason(head + 'a=\r\n'.repeat(sdpLimits.lines - 2)), 'accepted');
  assert.match(reason(head + 'a=\r\n'.repeat(sdpLimits.lines - 1)), /^more than 2000 lines/);
  const media = 'm=audio 1 RTP/AVP 0\r\n';
  assert.equal(reason(head + media.repeat(sdpLimits.mediaSections)), 'accepted');
  assert.match(reason(head + media.repeat(sdpLimits.mediaSections + 1)), /^more than 64 media sections/);
  const full = head + `a=${'x'.repeat(1000)}\r\n`.repeat(66);
  assert.equal(reason(full.slice(0, sdpLimits.bytes)), 'accepted');
  assert.match(reason(full.slice(0, sdpLimits.bytes + 1)), /^body has 65537 bytes/);
});

test('parseSdp and formatSdp are inverse on any lines', () => {
  const value = fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 60 });
  const line = fc.tuple(
    fc.constantFrom(...'abcefgiklmnopqrstuvxyz'),
    value.map((text) => text.replace(/[\r\n]/g, ' ')),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
      const text = head + lines.map(([type, rest]) => `${type}=${rest}\r\n`).join('');
      assert.equal(formatSdp(document(text)), text);
    }),
    { seed, numRuns: 500 },
  );
});

test('parseSdp never throws', () => {
  const pieces = fc.array(
    fc.constantFrom('v=0', 'o=- 1 1 IN IP4 1.2.3.4', '\r\n', '\n', '\r', '=', 'm=', 'a=b:', '\0', ' ', 'xy', '\xff'),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(pieces, (parts) => {
      const result = parseSdp(parts.join(''));
      assert.ok(result.kind === 'sdp' || result.reason.length > 0);
    }),
    { seed, numRuns: 2000 },
  );
});
