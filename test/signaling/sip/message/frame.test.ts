import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FrameEvent, StreamFramer } from '../../../../signaling/sip/message/frame.ts';
import { messageLimits } from '../../../../signaling/sip/message/limits.ts';
import { parseMessage } from '../../../../signaling/sip/message/parse-message.ts';

function message(fields: readonly string[], body = ''): string {
  const fixed = ['Via: SIP/2.0/TCP a;branch=z9hG4bK1', 'From: <sip:a@b>;tag=1', 'To: <sip:c@d>', 'Call-ID: x', 'CSeq: 1 OPTIONS'];
  return `${['OPTIONS sip:a@b SIP/2.0', ...fixed, ...fields].join('\r\n')}\r\n\r\n${body}`;
}

function feedAll(chunks: readonly (string | Uint8Array)[]): FrameEvent[] {
  const framer = new StreamFramer();
  return chunks.flatMap((chunk) => framer.feed(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk));
}

/** Events as one comparable line each. */
function shown(events: readonly FrameEvent[]): string[] {
  return events.map((event) => {
    if (event.kind === 'message') return `message ${Buffer.from(event.bytes).toString('latin1')}`;
    return event.kind === 'fatal' ? `fatal ${event.status} ${event.reason}` : event.kind;
  });
}

const one = message(['Content-Length: 5'], 'a\r\n\r\n');
const two = message(['l : 0']);
const three = message(['Content-Length:\r\n  3', 'Subject: x'], '\0\r\n');

test('StreamFramer gives the same messages wherever the stream is cut in two', () => {
  const stream = Buffer.from(`\r\n\r\n${one}${two}\r\n${three}`, 'latin1');
  const expected = ['message', 'message', 'message'].map((kind, index) => `${kind} ${[one, two, three][index]}`);
  for (let cut = 0; cut <= stream.length; cut++) {
    const events = shown(feedAll([stream.subarray(0, cut), stream.subarray(cut)]));
    assert.deepEqual(
      events.filter((event) => event.startsWith('message')),
      expected,
      `cut at ${cut}`,
    );
    assert.equal(events.filter((event) => event === 'ping').length, 1, `cut at ${cut}`);
    assert.equal(
      events.some((event) => event.startsWith('fatal')),
      false,
      `cut at ${cut}`,
    );
  }
});

test('StreamFramer gives the same messages byte by byte', () => {
  const stream = Buffer.from(one + two + three, 'latin1');
  const events = feedAll(Array.from(stream, (byte) => Uint8Array.of(byte)));
  assert.deepEqual(shown(events), [`message ${one}`, `message ${two}`, `message ${three}`]);
});

test('StreamFramer hands out memory that later chunks do not touch', () => {
  const framer = new StreamFramer();
  framer.feed(Buffer.from(one.slice(0, 40)));
  const [event] = framer.feed(Buffer.from(one.slice(40)));
  framer.feed(Buffer.from('OPTIONS sip:zzz'));
  framer.feed(Buffer.alloc(500, 'z'));
  assert.deepEqual(event === undefined ? [] : shown([event]), [`message ${one}`]);
});

test('StreamFramer tells pings from pongs, also when they come in pieces', () => {
  assert.deepEqual(shown(feedAll(['\r\n\r\n'])), ['ping']);
  assert.deepEqual(shown(feedAll(['\r\n'])), ['pong']);
  assert.deepEqual(shown(feedAll(['\r', '\n'])), ['pong']);
  assert.deepEqual(shown(feedAll(['\r\n\r', '\n'])), ['ping']);
  assert.deepEqual(shown(feedAll([`${two}\r\n\r\n`])), [`message ${two}`, 'ping']);
  assert.deepEqual(shown(feedAll([`\r\n${two}`])), [`message ${two}`]);
});

test('StreamFramer reports one ping for any number of them in a chunk', () => {
  assert.deepEqual(shown(feedAll(['\r\n'.repeat(30_000)])), ['ping']);
});

test('StreamFramer.pending says that a message has begun', () => {
  const framer = new StreamFramer();
  assert.equal(framer.pending, false);
  framer.feed(Buffer.from('\r\n'));
  assert.equal(framer.pending, false);
  framer.feed(Buffer.from(one.slice(0, 1)));
  assert.equal(framer.pending, true);
  framer.feed(Buffer.from(one.slice(1)));
  assert.equal(framer.pending, false);
});

const fatal: readonly (readonly [name: string, stream: string, status: number, answerable: boolean])[] = [
  ['no Content-Length', message([]), 400, true],
  ['an empty Content-Length', message(['Content-Length:']), 400, true],
  ['a negative Content-Length', message(['Content-Length: -1']), 400, true],
  ['a signed Content-Length', message(['Content-Length: +1']), 400, true],
  ['a hexadecimal Content-Length', message(['Content-Length: 0x10']), 400, true],
  ['a list of Content-Lengths', message(['Content-Length: 1, 1'], 'a'), 400, true],
  ['a Content-Length with words', message(['Content-Length: 1 a'], 'a'), 400, true],
  ['a folded second number', message(['Content-Length: 1\r\n 2'], 'a'), 400, true],
  ['two different Content-Lengths', message(['Content-Length: 1', 'l: 2'], 'ab'), 400, true],
  ['a Content-Length above the cap', message(['Content-Length: 65536']), 413, true],
  ['a Content-Length that wraps 64 bits', message(['Content-Length: 18446744073709551616']), 413, true],
  ['a Content-Length of 5,000 digits', message([`Content-Length: ${'9'.repeat(5000)}`]), 413, true],
  ['header and body above the cap together', message(['Content-Length: 65500']), 413, true],
  ['a header above the cap', message([`Subject: ${'x'.repeat(messageLimits.headBytes)}`]), 513, false],
  ['a header that never ends', 'OPTIONS sip:a@b SIP/2.0\r\n'.repeat(3000), 513, false],
  ['a lone CR before a message', `\r${two}`, 400, false],
];

for (const [name, stream, status, answerable] of fatal) {
  test(`StreamFramer ends at ${name} with ${status}, however it is cut`, () => {
    for (const chunks of [
      [stream],
      [stream.slice(0, 30), stream.slice(30)],
      [`${stream.slice(0, 30)}`, ...(stream.slice(30).match(/[\s\S]{1,1000}/g) ?? [])],
    ]) {
      const events = feedAll([...chunks, two]);
      assert.equal(events.length, 1);
      const [event] = events;
      assert(event?.kind === 'fatal');
      assert.equal(event.status, status);
      assert.equal(event.head !== undefined, answerable);
      if (event.head !== undefined) assert.equal(parseMessage(event.head, 'stream').kind, 'bad-request');
    }
  });
}

test('StreamFramer takes the same Content-Length twice', () => {
  assert.equal(feedAll([message(['Content-Length: 1', 'l: 01'], 'a')])[0]?.kind, 'message');
});

test('StreamFramer takes no name that only contains Content-Length for it', () => {
  const events = feedAll([
    message(['X-Content-Length: 7', 'Content-Length-X: 8', 'Content: 9', 'Subject: \r\n Content-Length: 4', 'Content-Length: 1'], 'a'),
  ]);
  assert.equal(events[0]?.kind, 'message');
});

test('StreamFramer cuts where parseMessage reads', () => {
  for (const text of [one, two, three]) {
    const [event] = feedAll([text]);
    assert(event?.kind === 'message');
    const result = parseMessage(event.bytes, 'stream');
    assert.equal(result.kind, 'message');
  }
});

test('StreamFramer allocates for an announced body only as it comes', () => {
  const framer = new StreamFramer();
  const before = process.memoryUsage().arrayBuffers;
  const framers = Array.from({ length: 200 }, () => new StreamFramer());
  for (const each of framers) each.feed(Buffer.from(message(['Content-Length: 60000'], 'a')));
  framer.feed(Buffer.from(one));
  assert(process.memoryUsage().arrayBuffers - before < 200 * 4096);
});
