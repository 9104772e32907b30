// Properties that hold for any bytes: nothing throws, what is written reads the same, and no value breaks out of its line.
// fast-check prints seed and path of a failure.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCSeq } from '../../../../signaling/sip/message/cseq.ts';
import { StreamFramer } from '../../../../signaling/sip/message/frame.ts';
import { Headers } from '../../../../signaling/sip/message/headers.ts';
import { splitList } from '../../../../signaling/sip/message/list-value.ts';
import { findSdpPart, replaceSdpPart } from '../../../../signaling/sip/message/multipart.ts';
import { formatNameAddr, parseNameAddr } from '../../../../signaling/sip/message/name-addr.ts';
import { formatParams, parseParams } from '../../../../signaling/sip/message/params.ts';
import { encodeMessage, parseMessage } from '../../../../signaling/sip/message/parse-message.ts';
import { parseRAck } from '../../../../signaling/sip/message/rack.ts';
import { parseReplaces, parseTargetDialog } from '../../../../signaling/sip/message/replaces.ts';
import { replyTo } from '../../../../signaling/sip/message/reply.ts';
import { SipRequest } from '../../../../signaling/sip/message/request.ts';
import { parseRetryAfter } from '../../../../signaling/sip/message/retry-after.ts';
import { parseSessionExpires } from '../../../../signaling/sip/message/session-expires.ts';
import { formatUri, parseUri, sameUri } from '../../../../signaling/sip/message/uri.ts';
import { formatVia, parseVia } from '../../../../signaling/sip/message/via.ts';

const seed = 20260701;
const fixtures = new URL('../../../fixtures/sip/', import.meta.url);
const messages = ['rfc4475', 'rfc5118'].flatMap((rfc) =>
  readdirSync(new URL(rfc, fixtures)).map((file) => readFileSync(new URL(`${rfc}/${file}`, fixtures))),
);

/** Text made of what parsers look at, so that fuzz gets past the first character. */
const tricky = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(...'<>"\\;:,@?=%[]()*/ \t\r\n\0&', 'sip:', 'SIP/2.0', '/UDP ', 'tag=', '\r\n ', '\\"', '%41', '::'),
      },
      { weight: 2, arbitrary: fc.constantFrom('a', 'b1', '192.0.2.1', 'example.com', '5060', 'INVITE', '\xc3\xa9') },
      fc.nat(255).map((code) => String.fromCharCode(code)),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

function handle(bytes: Uint8Array): void {
  const result = parseMessage(bytes, 'datagram');
  if (result.kind === 'bad-request') {
    const answer = encodeMessage(replyTo(result.request, result.status, result.reason)).toString('latin1');
    const [head = ''] = answer.split('\r\n\r\n');
    assert.equal(/[\r\n\0]/.test(head.replaceAll('\r\n', '')), false);
    assert.notEqual(result.request.topVia, undefined);
  }
  if (result.kind !== 'message') return;
  const { message } = result;
  assert.notEqual([message.from, message.to, message.cseq, message.callId, message.topVia].includes(''), true);
  const encoded = encodeMessage(message);
  const again = parseMessage(encoded, 'stream');
  assert(again.kind === 'message', JSON.stringify(again));
  const plain = (headers: Headers) => [...headers.entries()].filter(([name]) => name !== 'content-length');
  assert.deepEqual(plain(again.message.headers), plain(message.headers));
  assert.deepEqual(Buffer.from(again.message.body), Buffer.from(message.body));
  assert.deepEqual(encodeMessage(again.message), encoded);
  // A stream reads the same message where a datagram did.
  const [event] = new StreamFramer().feed(encoded);
  assert(event?.kind === 'message');
  assert.deepEqual(Buffer.from(event.bytes), encoded);
}

test('parseMessage bears random bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => handle(bytes)),
    { seed, numRuns: 3000 },
  );
});

test('parseMessage bears valid messages with bytes changed, taken out and put in', () => {
  const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), remove: fc.nat(8), insert: tricky });
  fc.assert(
    fc.property(fc.constantFrom(...messages), fc.array(edit, { minLength: 1, maxLength: 4 }), (message, edits) => {
      let bytes = message;
      for (const { at, remove, insert } of edits) {
        const index = Math.floor(at * bytes.length);
        bytes = Buffer.concat([bytes.subarray(0, index), Buffer.from(insert, 'latin1'), bytes.subarray(index + remove)]);
      }
      handle(bytes);
    }),
    { seed, numRuns: 6000 },
  );
});

test('parseMessage bears every message cut at every byte', () => {
  for (const message of messages) {
    if (message.length > 1200) continue;
    for (let end = 0; end < message.length; end++) handle(message.subarray(0, end));
  }
});

test('StreamFramer gives the same events for any cut of any bytes', () => {
  const stream = fc.array(
    fc.oneof(
      fc.constantFrom(...messages),
      tricky.map((text) => Buffer.from(text, 'latin1')),
      fc.constant(Buffer.from('\r\n\r\n')),
    ),
    {
      maxLength: 4,
    },
  );
  fc.assert(
    fc.property(stream, fc.array(fc.nat(2000), { maxLength: 6 }), (parts, cuts) => {
      const bytes = Buffer.concat(parts);
      const whole = new StreamFramer().feed(bytes);
      const framer = new StreamFramer();
      const points = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
      const pieces = points.slice(1).flatMap((end, index) => framer.feed(bytes.subarray(points[index], end)));
      const shown = (events: typeof whole) =>
        events
          .filter(({ kind }) => kind === 'message' || kind === 'fatal')
          .map((event) => (event.kind === 'message' ? Buffer.from(event.bytes).toString('latin1') : event.kind));
      assert.deepEqual(shown(pieces), shown(whole));
    }),
    { seed, numRuns: 2000 },
  );
});

test('parsers of values bear any text', () => {
  fc.assert(
    fc.property(tricky, (text) => {
      for (const parse of [
        parseUri,
        parseNameAddr,
        parseVia,
        parseCSeq,
        parseParams,
        parseRAck,
        parseReplaces,
        parseTargetDialog,
        parseSessionExpires,
        parseRetryAfter,
        splitList,
      ]) {
        parse(text);
      }
    }),
    { seed, numRuns: 20_000 },
  );
});

test('values that parse are written so that they parse to the same', () => {
  fc.assert(
    fc.property(tricky, (text) => {
      const uri = parseUri(text);
      if (uri !== undefined) {
        assert.deepEqual(parseUri(formatUri(uri)), uri);
        assert.equal(sameUri(uri, uri), true);
      }
      const via = parseVia(text);
      if (via !== undefined) assert.deepEqual(parseVia(formatVia(via)), via);
      const params = parseParams(text);
      if (params !== undefined) assert.deepEqual(parseParams(formatParams(params)), params);
      const nameAddr = parseNameAddr(text);
      if (nameAddr !== undefined) {
        const formatted = formatNameAddr(nameAddr);
        assert.equal(formatNameAddr(parseNameAddr(formatted) ?? nameAddr), formatted);
        assert.equal(parseNameAddr(formatted)?.uri, nameAddr.uri);
      }
    }),
    { seed, numRuns: 20_000 },
  );
});

test('encodeMessage keeps every value on its line', () => {
  fc.assert(
    fc.property(
      fc.array(tricky, { minLength: 4, maxLength: 4 }),
      fc.uint8Array({ maxLength: 20 }),
      ([a = '', b = '', c = '', d = ''], body) => {
        const headers = new Headers();
        headers.append('subject', a);
        headers.set('x-own', b);
        headers.prepend('via', c);
        const bytes = encodeMessage(new SipRequest({ method: 'OPTIONS', uri: d, headers, body }));
        const head = bytes.subarray(0, bytes.length - body.length).toString('latin1');
        assert.equal(head.endsWith('\r\n\r\n'), true);
        assert.equal(head.split(/\r\n|\r|\n/).length, 7);
        assert.equal(head.includes('\0'), false);
      },
    ),
    { seed, numRuns: 3000 },
  );
});

test('findSdpPart bears any body, and replaceSdpPart changes nothing around the part', () => {
  const line = fc.constantFrom(
    '--b',
    '--b--',
    '--c',
    '\r\n',
    '\r\n\r\n',
    'Content-Type: application/sdp',
    'Content-Type: multipart/mixed;boundary=c',
    'v=0',
    '\0',
    ' ',
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
      const body = Buffer.from(lines.join(''));
      const part = findSdpPart('multipart/mixed;boundary=b', body);
      const replaced = replaceSdpPart('multipart/mixed;boundary=b', body, part ?? new Uint8Array(0));
      assert.deepEqual(replaced === undefined ? undefined : Buffer.from(replaced), part === undefined ? undefined : body);
    }),
    { seed, numRuns: 5000 },
  );
});
