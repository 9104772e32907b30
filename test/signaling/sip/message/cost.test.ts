// No single message may hold the loop up: 64 KiB of any character, at any place where a parser might go back and forth,
// must cost little. A quadratic step shows as hundreds of milliseconds; the bound is far from both.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamFramer } from '../../../../signaling/sip/message/frame.ts';
import { findSdpPart } from '../../../../signaling/sip/message/multipart.ts';
import { encodeMessage, parseMessage } from '../../../../signaling/sip/message/parse-message.ts';
import { replyTo } from '../../../../signaling/sip/message/reply.ts';

const boundMs = 10;
const size = 65_000;

const start = [
  'INVITE sip:a@b SIP/2.0',
  'Via: SIP/2.0/UDP a',
  'From: <sip:a@b>;tag=1',
  'To: <sip:c@d>',
  'Call-ID: x',
  'CSeq: 1 INVITE',
].join('\r\n');

/** The best of some runs, so that a busy machine does not fail the test. */
function costMs(run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 8; i++) {
    const before = performance.now();
    run();
    best = Math.min(best, performance.now() - before);
  }
  return best;
}

function handle(bytes: Buffer): void {
  const result = parseMessage(bytes, 'datagram');
  if (result.kind === 'message') {
    for (const name of ['contact', 'route', 'via', 'x']) result.message.headers.list(name);
    findSdpPart(result.message.headers.get('content-type') ?? '', result.message.body);
    encodeMessage(result.message);
  } else if (result.kind === 'bad-request') {
    encodeMessage(replyTo(result.request, result.status, result.reason));
  }
  new StreamFramer().feed(bytes);
}

const pieces = [
  ...Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)),
  ...[
    '\r\n',
    '\r\n ',
    '\r\n\t',
    '\r\r\n',
    '\n\r',
    ' \r\n ',
    'c\r\n',
    'l:\r\n',
    'l\r\n ',
    ':\r\n',
    'X\r\n',
    'a: b\r\n',
    'v:a\r\n',
    '\\"',
    '"\\',
    '<"',
    '">',
    ',"',
    ';"',
    '=;',
    '%2',
    '::',
    '[:',
    '@:',
    ' ,',
    ' ;',
    '; =',
    '\\\0',
    '\0\r\n',
  ],
];

function places(piece: string): string[] {
  const run = piece.repeat(Math.ceil(size / piece.length)).slice(0, size);
  const line = piece.repeat(Math.ceil(8000 / piece.length)).slice(0, 8000);
  return [
    run,
    `${start}\r\n${run}`,
    `${start}\r\nX: ${run}\r\n\r\n`,
    `${start}\r\nContact: ${line}\r\nRoute: ${line}\r\nl${line}\r\n\r\n`,
    `${start.replace('tag=1', `tag=1${line}`)}\r\n\r\n`,
    `${start.replace('<sip:c@d>', line)}\r\n\r\n`,
    `${start.replace('UDP a', `UDP a${line}`)}\r\n\r\n`,
    `${start.replace('sip:a@b', `sip:a@b${line}`)}\r\n\r\n`,
    `${start}\r\nContent-Type: multipart/mixed;boundary=a\r\n\r\n--a\r\n${run.slice(0, 64_000)}`,
  ];
}

test(`parseMessage and StreamFramer bear 64 KiB of every character and of ${pieces.length - 256} patterns`, () => {
  for (const piece of pieces) {
    for (const [index, text] of places(piece).entries()) {
      const bytes = Buffer.from(text, 'latin1');
      const first = performance.now();
      handle(bytes);
      if (performance.now() - first < boundMs) continue;
      const cost = costMs(() => handle(bytes));
      assert(cost < boundMs, `${JSON.stringify(piece)} at place ${index}: ${cost.toFixed(1)} ms`);
    }
  }
});

test('findSdpPart bears boundaries inside boundaries', () => {
  const bodies = [
    '--a\r\n',
    '\r\n--a',
    '\r\n--a ',
    '\r\n--a\r\nContent-Type: multipart/mixed;boundary=a\r\n\r\n',
    '\r\n--a\r\n\r\n',
    '--a--a',
    '\r\n--ab',
  ];
  for (const piece of bodies) {
    const body = Buffer.from(piece.repeat(Math.ceil(size / piece.length)));
    const cost = costMs(() => findSdpPart('multipart/mixed;boundary=a', body));
    assert(cost < boundMs, `${JSON.stringify(piece)}: ${cost.toFixed(1)} ms`);
  }
});

test('StreamFramer bears 64 KiB in single bytes', () => {
  const bytes = Buffer.from(`${start}\r\nX: ${'x'.repeat(20_000)}\r\nContent-Length: 40000\r\n\r\n${'x'.repeat(40_000)}`);
  const framer = new StreamFramer();
  let events = 0;
  // The whole hour-glass of it takes some tens of milliseconds; a re-scan of the buffer for each byte would take minutes.
  const before = performance.now();
  for (let i = 0; i < bytes.length; i++) events += framer.feed(bytes.subarray(i, i + 1)).length;
  assert.equal(events, 1);
  assert(performance.now() - before < 3000);
});
