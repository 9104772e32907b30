// The messages of RFC 4475 and RFC 5118, each with what the RFC wants done about it: taken as a message, answered with a
// status, or dropped. Verdicts that need an element's semantics are its users'; here the message is taken, with a note.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { StreamFramer } from '../../../../signaling/sip/message/frame.ts';
import { findSdpPart } from '../../../../signaling/sip/message/multipart.ts';
import { parseNameAddr } from '../../../../signaling/sip/message/name-addr.ts';
import { encodeMessage, parseMessage } from '../../../../signaling/sip/message/parse-message.ts';
import type { SipRequest } from '../../../../signaling/sip/message/request.ts';
import { hostAddress, parseUri } from '../../../../signaling/sip/message/uri.ts';

const fixtures = new URL('../../../fixtures/sip/', import.meta.url);

type Verdict = 'accept' | 'drop' | 400 | 505;

const rfc4475: readonly (readonly [name: string, section: string, verdict: Verdict, note?: string])[] = [
  ['wsinv', '3.1.1.1', 'accept'],
  ['intmeth', '3.1.1.2', 'accept'],
  ['esc01', '3.1.1.3', 'accept'],
  ['escnull', '3.1.1.4', 'accept'],
  ['esc02', '3.1.1.5', 'accept'],
  ['lwsdisp', '3.1.1.6', 'accept'],
  ['longreq', '3.1.1.7', 'accept'],
  ['dblreq', '3.1.1.8', 'accept', 'what follows the body is discarded'],
  ['semiuri', '3.1.1.9', 'accept'],
  ['transports', '3.1.1.10', 'accept'],
  ['mpart01', '3.1.1.11', 'accept'],
  ['unreason', '3.1.1.12', 'accept'],
  ['noreason', '3.1.1.13', 'accept'],
  ['badinv01', '3.1.2.1', 400],
  ['clerr', '3.1.2.2', 400],
  ['ncl', '3.1.2.3', 400],
  ['scalar02', '3.1.2.4', 400],
  ['scalarlg', '3.1.2.5', 'drop'],
  ['quotbal', '3.1.2.6', 400],
  ['ltgtruri', '3.1.2.7', 400],
  ['lwsruri', '3.1.2.8', 400],
  ['lwsstart', '3.1.2.9', 400],
  ['trws', '3.1.2.10', 400],
  ['escruri', '3.1.2.11', 400],
  ['baddate', '3.1.2.12', 'accept', 'who reads Date may refuse it'],
  ['regbadct', '3.1.2.13', 'accept', 'who reads Contact refuses it'],
  ['badaspec', '3.1.2.14', 400],
  ['baddn', '3.1.2.15', 'accept', 'the missing quotes are put in when the value is written again'],
  ['badvers', '3.1.2.16', 505],
  ['mismatch01', '3.1.2.17', 400],
  ['mismatch02', '3.1.2.18', 400],
  ['bigcode', '3.1.2.19', 'drop'],
  ['badbranch', '3.2.1', 'accept', 'the transaction layer takes the branch for one of RFC 2543'],
  ['insuf', '3.3.1', 400],
  ['unkscm', '3.3.2', 'accept', '416 is the user agent core'],
  ['novelsc', '3.3.3', 'accept', '416 is the user agent core'],
  ['unksm2', '3.3.4', 'accept', 'To and From are only compared'],
  ['bext01', '3.3.5', 'accept', '420 is the user agent core'],
  ['invut', '3.3.6', 'accept', '415 is the user agent core'],
  ['regaut01', '3.3.7', 'accept', 'authentication ignores the scheme'],
  ['multi01', '3.3.8', 400],
  ['mcl01', '3.3.9', 400],
  ['bcast', '3.3.10', 'accept', 'the top Via is not ours: no transaction takes it'],
  ['zeromf', '3.3.11', 'accept', '483 is the user agent core'],
  ['cparam01', '3.3.12', 'accept'],
  ['cparam02', '3.3.13', 'accept'],
  ['regescrt', '3.3.14', 'accept'],
  ['sdp01', '3.3.15', 'accept', '406 is the user agent core'],
  ['inv2543', '3.4.1', 'accept'],
];

const rfc5118: readonly (readonly [name: string, section: string, verdict: Verdict])[] = [
  ['ipv6-good', '4.1', 'accept'],
  ['ipv6-bad', '4.2', 400],
  ['port-ambiguous', '4.3', 'accept'],
  ['port-unambiguous', '4.4', 'accept'],
  ['via-received-param-with-delim', '4.5', 'accept'],
  ['via-received-param-no-delim', '4.5', 'accept'],
  ['ipv6-in-sdp', '4.6', 'accept'],
  ['mult-ip-in-header', '4.7', 'accept'],
  ['mult-ip-in-sdp', '4.8', 'accept'],
  ['ipv4-mapped-ipv6', '4.9', 'accept'],
  ['ipv6-bug-abnf-3-colons', '4.10', 'accept'],
  ['ipv6-correct-abnf-2-colons', '4.10', 'accept'],
];

function load(path: string): Buffer {
  return readFileSync(new URL(`${path}.dat`, fixtures));
}

function verdictOf(bytes: Uint8Array): Verdict | number {
  const result = parseMessage(bytes, 'datagram');
  if (result.kind === 'message') return 'accept';
  return result.kind === 'bad-request' ? result.status : 'drop';
}

function request(path: string): SipRequest {
  const result = parseMessage(load(path), 'datagram');
  assert(result.kind === 'message' && result.message.kind === 'request', JSON.stringify(result));
  return result.message;
}

for (const [rfc, table] of [
  ['rfc4475', rfc4475],
  ['rfc5118', rfc5118],
] as const) {
  test(`the table of ${rfc} names every fixture`, () => {
    const files = readdirSync(new URL(rfc, fixtures)).map((file) => file.replace('.dat', ''));
    assert.deepEqual(files.sort(), table.map(([name]) => name).sort());
  });

  for (const [name, section, verdict] of table) {
    test(`parseMessage judges ${rfc} ${section} ${name}: ${verdict}`, () => {
      assert.equal(verdictOf(load(`${rfc}/${name}`)), verdict);
    });

    if (verdict !== 'accept') continue;

    test(`encodeMessage writes ${rfc} ${name} so that it reads the same`, () => {
      const first = parseMessage(load(`${rfc}/${name}`), 'datagram');
      assert(first.kind === 'message');
      const bytes = encodeMessage(first.message);
      const second = parseMessage(bytes, 'stream');
      assert(second.kind === 'message');
      assert.deepEqual(
        [...second.message.headers.entries()].filter(([header]) => header !== 'content-length'),
        [...first.message.headers.entries()].filter(([header]) => header !== 'content-length'),
      );
      assert.deepEqual(Buffer.from(second.message.body), Buffer.from(first.message.body));
      assert.deepEqual(encodeMessage(second.message), bytes);
    });
  }
}

test('parseMessage reads the fields of wsinv', () => {
  const message = request('rfc4475/wsinv');
  assert.equal(message.from.display, '"J Rosenberg \\\\\\""');
  assert.equal(message.from.uri, 'sip:jdrosen@example.com');
  assert.equal(message.from.params.get('tag'), '98asjd8');
  assert.equal(message.to.params.get('tag'), '1918181833n');
  assert.deepEqual(message.cseq, { sequence: 9, method: 'INVITE' });
  assert.equal(message.maxForwards, 68);
  assert.equal(message.headers.get('subject'), '');
  assert.equal(message.headers.get('newfangledheader'), 'newfangled value continued newfangled value');
  assert.equal(message.headers.get('unknownheaderwithunusualvalue'), ';;,,;;,;');
  assert.equal(message.topVia.host, '192.0.2.2');
  assert.equal(message.headers.list('via').length, 3);
  assert.equal(message.body.length, 150);
  const contact = parseNameAddr(message.headers.get('contact') ?? '');
  assert.deepEqual(
    [...(contact?.params ?? [])],
    [
      ['newparam', 'newvalue'],
      ['secondparam', undefined],
      ['q', '0.33'],
    ],
  );
});

test('parseMessage reads the fields of intmeth and hands on no NUL', () => {
  const message = request('rfc4475/intmeth');
  const uri = parseUri(message.uri);
  assert.equal(uri?.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
  assert.equal(uri?.password, "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
  assert.equal(message.to.display, '"BEL:\\\x07 NUL:\\  DEL:\\\x7f"');
  assert.equal(message.callId, 'intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{');
  assert.equal(message.from.params.get('tag'), "_token~1'+`*%!-.");
  assert.equal(Buffer.from(message.from.params.get("fromparam''~+*_!.-%") ?? '', 'latin1').toString(), '"работающий"');
  assert.equal(encodeMessage(message).includes(0), false);
});

test('parseMessage leaves escapes as they are in esc01 and escnull', () => {
  assert.equal(parseUri(request('rfc4475/esc01').uri)?.user, 'sips%3Auser%40example.com');
  assert.equal(parseUri(request('rfc4475/escnull').to.uri)?.user, 'null-%00-null');
  assert.equal(request('rfc4475/esc02').method, 'RE%47IST%45R');
  // An escape is none in a header name: the second of three is an unknown header field.
  assert.equal(request('rfc4475/esc02').headers.count('contact'), 2);
});

test('parseMessage folds every spelling of Via in longreq', () => {
  const message = request('rfc4475/longreq');
  assert.equal(message.headers.count('via'), 34);
  assert.equal(message.topVia.host, 'sip33.example.com');
  assert.equal(message.body.length, 150);
});

test('parseMessage discards what follows the body of dblreq, which a stream delivers as a message', () => {
  assert.equal(request('rfc4475/dblreq').body.length, 0);
  const events = new StreamFramer().feed(load('rfc4475/dblreq'));
  assert.deepEqual(
    events.slice(0, 2).map((event) => event.kind),
    ['message', 'message'],
  );
});

test('parseMessage keeps the user part of semiuri whole', () => {
  const uri = parseUri(request('rfc4475/semiuri').uri);
  assert.equal(uri?.user, 'user;par=u%40example.net');
  assert.equal(uri?.params.size, 0);
  assert.equal(request('rfc4475/semiuri').headers.list('accept').length, 6);
});

test('findSdpPart finds none in mpart01, whose binary part holds NULs', () => {
  const message = request('rfc4475/mpart01');
  assert.equal(message.body.length, 553);
  assert.equal(findSdpPart(message.headers.get('content-type') ?? '', message.body), undefined);
});

test('parseMessage keeps the reason phrase of unreason byte for byte, and the empty one of noreason', () => {
  for (const [name, reason] of [
    ['unreason', '= 2**3 * 5**2 но сто девяносто девять - простое'],
    ['noreason', ''],
  ] as const) {
    const result = parseMessage(load(`rfc4475/${name}`), 'datagram');
    assert(result.kind === 'message' && result.message.kind === 'response');
    assert.equal(Buffer.from(result.message.reason, 'latin1').toString(), reason);
  }
});

test('parseNameAddr refuses the Contact of regbadct and takes that of regescrt', () => {
  assert.equal(parseNameAddr(request('rfc4475/regbadct').headers.get('contact') ?? ''), undefined);
  const contact = parseNameAddr(request('rfc4475/regescrt').headers.get('contact') ?? '');
  assert.equal(parseUri(contact?.uri ?? '')?.headers, 'Route=%3Csip:sip.example.com%3E');
});

test('parseNameAddr gives the parameters of cparam01 to the header, those of cparam02 to the URI', () => {
  const first = parseNameAddr(request('rfc4475/cparam01').headers.get('contact') ?? '');
  const second = parseNameAddr(request('rfc4475/cparam02').headers.get('contact') ?? '');
  assert.deepEqual([first?.params.has('unknownparam'), second?.params.has('unknownparam')], [true, false]);
  assert.equal(parseUri(second?.uri ?? '')?.params.has('unknownparam'), true);
});

test('parseUri tells address and port of RFC 5118 apart by the brackets', () => {
  const ambiguous = parseUri(request('rfc5118/port-ambiguous').uri);
  assert.deepEqual([ambiguous?.host, ambiguous?.port], ['[2001:db8::10:5070]', undefined]);
  const plain = parseUri(request('rfc5118/port-unambiguous').uri);
  assert.deepEqual([plain?.host, plain?.port], ['[2001:db8::10]', 5070]);
});

test('parseVia reads received with and without brackets, and what follows it', () => {
  assert.equal(request('rfc5118/via-received-param-with-delim').topVia.params.get('received'), '[2001:db8::9:255]');
  const bare = request('rfc5118/via-received-param-no-delim').topVia;
  assert.deepEqual([bare.params.get('received'), bare.params.get('branch')], ['2001:db8::9:255', 'z9hG4bKas3']);
});

test('hostAddress reads the three colons of RFC 3261 as the two that were meant', () => {
  const uri = parseUri(request('rfc5118/ipv6-bug-abnf-3-colons').uri);
  assert.equal(hostAddress(uri ?? { host: '' }), '2001:db8::192.0.2.1');
});

test('StreamFramer refuses ncl, mcl01 and inv2543, whose ends a stream cannot tell, and waits for the rest of clerr', () => {
  for (const name of ['ncl', 'mcl01', 'inv2543']) {
    const [event] = new StreamFramer().feed(load(`rfc4475/${name}`));
    assert.deepEqual([event?.kind, event?.kind === 'fatal' && event.status], ['fatal', 400], name);
  }
  const framer = new StreamFramer();
  assert.deepEqual(framer.feed(load('rfc4475/clerr')), []);
  assert.equal(framer.pending, true);
});
