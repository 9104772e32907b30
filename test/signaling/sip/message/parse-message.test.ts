import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantError } from '../../../../shared/assert.ts';
import { Headers } from '../../../../signaling/sip/message/headers.ts';
import { messageLimits } from '../../../../signaling/sip/message/limits.ts';
import { encodeMessage, type ParseResult, parseMessage } from '../../../../signaling/sip/message/parse-message.ts';
import { replyTo } from '../../../../signaling/sip/message/reply.ts';
import { SipRequest } from '../../../../signaling/sip/message/request.ts';
import { SipResponse } from '../../../../signaling/sip/message/response.ts';

const fields = [
  'Via: SIP/2.0/UDP a;branch=z9hG4bK1',
  'From: "A" <sip:a@b>;tag=1',
  'To: <sip:c@d>',
  'Call-ID: x@y',
  'CSeq: 1 OPTIONS',
  'Max-Forwards: 70',
];

interface Change {
  readonly line?: string;
  /** Header lines that replace those of the same name, or come on top. */
  readonly put?: readonly string[];
  readonly drop?: string;
  readonly body?: string;
}

function text({ line = 'OPTIONS sip:c@d SIP/2.0', put = [], drop, body = '' }: Change = {}): string {
  const kept = fields.filter((field) => {
    const name = field.slice(0, field.indexOf(':'));
    return name !== drop && !put.some((other) => other.startsWith(`${name}:`));
  });
  return [line, ...kept, ...put, '', body].join('\r\n');
}

function parse(message: string, framing: 'datagram' | 'stream' = 'datagram'): ParseResult {
  return parseMessage(Buffer.from(message, 'latin1'), framing);
}

function outcome(message: string, framing: 'datagram' | 'stream' = 'datagram'): string {
  const result = parse(message, framing);
  return result.kind === 'bad-request' ? `${result.status} ${result.reason}` : result.kind;
}

function request(message: string): SipRequest {
  const result = parse(message);
  assert(result.kind === 'message' && result.message.kind === 'request', JSON.stringify(result));
  return result.message;
}

test('parseMessage reads the parts of a request', () => {
  const message = request(text({ put: ['Content-Length: 4'], body: 'bodyrest' }));
  assert.equal(message.method, 'OPTIONS');
  assert.equal(message.uri, 'sip:c@d');
  assert.equal(message.callId, 'x@y');
  assert.deepEqual(message.cseq, { sequence: 1, method: 'OPTIONS' });
  assert.equal(message.from.display, '"A"');
  assert.equal(message.to.uri, 'sip:c@d');
  assert.equal(message.topVia.params.get('branch'), 'z9hG4bK1');
  assert.equal(message.maxForwards, 70);
  assert.equal(Buffer.from(message.body).toString(), 'body');
});

test('parseMessage gives the body as a view of the bytes', () => {
  const bytes = Buffer.from(text({ body: 'body' }));
  const result = parseMessage(bytes, 'datagram');
  assert(result.kind === 'message');
  bytes.fill('X', bytes.length - 4);
  assert.equal(Buffer.from(result.message.body).toString(), 'XXXX');
});

test('parseMessage keeps no other view of the bytes', () => {
  const bytes = Buffer.from(text({ put: ['Subject: kept'] }));
  const result = parseMessage(bytes, 'datagram');
  assert(result.kind === 'message');
  bytes.fill('X');
  assert.equal(result.message.headers.get('subject'), 'kept');
  assert.equal(result.message.callId, 'x@y');
});

test('parseMessage reads a plain Uint8Array in the middle of its memory', () => {
  const memory = new Uint8Array(Buffer.from(`junk${text()}junk`));
  assert.equal(parseMessage(memory.subarray(4, memory.length - 4), 'datagram').kind, 'message');
});

test('the getters follow changes of the headers', () => {
  const message = request(text());
  assert.equal(message.to.params.get('tag'), undefined);
  message.headers.set('to', '<sip:c@d>;tag=2');
  assert.equal(message.to.params.get('tag'), '2');
  message.headers.prepend('via', 'SIP/2.0/TCP top');
  assert.equal(message.topVia.host, 'top');
});

test('the getters throw InvariantError where there is nothing to read', () => {
  const empty = new SipRequest({ method: 'OPTIONS', uri: 'sip:a', headers: new Headers() });
  for (const name of ['callId', 'cseq', 'from', 'to', 'topVia'] as const) assert.throws(() => empty[name], InvariantError);
  assert.equal(empty.maxForwards, undefined);
});

test('parseMessage takes line ends for keepalives, and skips them before a message', () => {
  for (const bytes of ['', '\r\n', '\r\n\r\n', '\r\n'.repeat(1000)]) assert.equal(outcome(bytes), 'keepalive');
  assert.equal(outcome(`\r\n\r\n${text()}`), 'message');
  assert.equal(outcome('\n'), 'malformed');
  assert.equal(outcome('\0\0\0\0'), 'malformed');
});

const accepted: readonly (readonly [name: string, message: string])[] = [
  ['compact names', text().replace('Via:', 'v:').replace('From:', 'f:').replace('To:', 't:').replace('Call-ID:', 'i:')],
  ['white space before the colon', text().replace('From:', 'From \t :')],
  ['names in any case', text().replace('Call-ID', 'cALL-iD')],
  ['folded values', text().replace('From: ', 'From:\r\n ').replace('CSeq: 1 ', 'CSeq: 1\r\n\t ')],
  ['an unknown method', text({ line: 'FOO sip:c@d SIP/2.0', put: ['CSeq: 1 FOO'] })],
  ['a version in lower case', text({ line: 'OPTIONS sip:c@d sip/2.0' })],
  ['no Max-Forwards', text({ drop: 'Max-Forwards' })],
  ['Max-Forwards 0 and 255', text({ put: ['Max-Forwards: 255'] })],
  ['several Vias in a line', text({ put: ['Via: SIP/2.0/UDP a, SIP/2.0/UDP b;x=","'] })],
  ['the same Content-Length twice', text({ put: ['Content-Length: 1', 'l: 1'], body: 'a' })],
  ['an empty header value', text({ put: ['Subject:', 'X-Empty: \t '] })],
  ['a value of blank folded lines', text({ put: ['Subject: a\r\n \r\n\t\r\n b'] })],
  ['bytes above ASCII', text({ put: ['Subject: \xe5\xa4\xa7\x85\xa0'] })],
  ['70 Vias', text({ put: Array.from({ length: 70 }, (_, i) => `Via: SIP/2.0/UDP h${i}`) })],
  ['256 header fields', text({ put: Array.from({ length: 250 }, (_, i) => `X-${i}: 1`) })],
];

for (const [name, message] of accepted) {
  test(`parseMessage takes ${name}`, () => {
    assert.equal(outcome(message), 'message');
  });
}

const refused: readonly (readonly [name: string, message: string, status: number | 'malformed'])[] = [
  ['no Via', text({ drop: 'Via' }), 'malformed'],
  ['a malformed top Via', text({ put: ['Via: SIP/2.0/UDP'] }), 'malformed'],
  ['a malformed later Via in the line', text({ put: ['Via: SIP/2.0/UDP a, b'] }), 400],
  ['no From', text({ drop: 'From' }), 400],
  ['no To', text({ drop: 'To' }), 400],
  ['no Call-ID', text({ drop: 'Call-ID' }), 400],
  ['no CSeq', text({ drop: 'CSeq' }), 400],
  ['two From', text({ put: ['From: <sip:a@b>;tag=1', 'f: <sip:a@b>;tag=1'] }), 400],
  ['two To', text({ put: ['To: <sip:a@b>', 'To: <sip:a@b>'] }), 400],
  ['two Call-ID', text({ put: ['Call-ID: a', 'i: a'] }), 400],
  ['two CSeq', text({ put: ['CSeq: 1 OPTIONS', 'CSeq: 1 OPTIONS'] }), 400],
  ['two Max-Forwards', text({ put: ['Max-Forwards: 1', 'Max-Forwards: 1'] }), 400],
  ['two Content-Type', text({ put: ['Content-Type: a/b', 'c: a/b'] }), 400],
  ['two values in From', text({ put: ['From: <sip:a@b>;tag=1, <sip:c@d>'] }), 400],
  ['an open quote in To', text({ put: ['To: "a <sip:c@d>'] }), 400],
  ['a space in Call-ID', text({ put: ['Call-ID: a b'] }), 400],
  ['an empty Call-ID', text({ put: ['Call-ID:'] }), 400],
  ['CSeq 2^31', text({ put: ['CSeq: 2147483648 OPTIONS'] }), 400],
  ['CSeq without number', text({ put: ['CSeq: OPTIONS'] }), 400],
  ['CSeq of another method', text({ put: ['CSeq: 1 INVITE'] }), 400],
  ['CSeq of the method in another case', text({ put: ['CSeq: 1 options'] }), 400],
  ['Max-Forwards 256', text({ put: ['Max-Forwards: 256'] }), 400],
  ['Max-Forwards -1', text({ put: ['Max-Forwards: -1'] }), 400],
  ['Content-Length -1', text({ put: ['Content-Length: -1'] }), 400],
  ['Content-Length 1e1', text({ put: ['Content-Length: 1e1'], body: '0123456789' }), 400],
  ['an empty Content-Length', text({ put: ['Content-Length:'] }), 400],
  ['Content-Length beyond 64 bits', text({ put: ['Content-Length: 18446744073709551617'], body: 'a' }), 400],
  ['two Content-Lengths that differ', text({ put: ['Content-Length: 1', 'l: 2'], body: 'ab' }), 400],
  ['a body shorter than Content-Length', text({ put: ['Content-Length: 5'], body: 'abcd' }), 400],
  ['no empty line', text().slice(0, -2), 400],
  ['no end of the last line', text().slice(0, -4), 400],
  ['SIP/3.0', text({ line: 'OPTIONS sip:c@d SIP/3.0' }), 505],
  ['SIP/2.1', text({ line: 'OPTIONS sip:c@d SIP/2.1' }), 505],
  ['HTTP/1.1', text({ line: 'OPTIONS sip:c@d HTTP/1.1' }), 'malformed'],
  ['no version', text({ line: 'OPTIONS sip:c@d' }), 'malformed'],
  ['no URI', text({ line: 'OPTIONS SIP/2.0' }), 400],
  ['an empty URI', text({ line: 'OPTIONS  SIP/2.0' }), 400],
  ['two spaces after the method', text({ line: 'OPTIONS  sip:c@d SIP/2.0' }), 400],
  ['a tab in the request line', text({ line: 'OPTIONS\tsip:c@d SIP/2.0' }), 'malformed'],
  ['a space after the version', text({ line: 'OPTIONS sip:c@d SIP/2.0 ' }), 400],
  ['a URI in brackets', text({ line: 'OPTIONS <sip:c@d> SIP/2.0' }), 400],
  ['headers in the URI', text({ line: 'OPTIONS sip:c@d?Route=x SIP/2.0' }), 400],
  ['a URI without scheme', text({ line: 'OPTIONS c@d SIP/2.0' }), 400],
  ['a method that is no token', text({ line: 'OPT:IONS sip:c@d SIP/2.0' }), 'malformed'],
  ['a method of 65 characters', text({ line: `${'M'.repeat(65)} sip:c@d SIP/2.0` }), 'malformed'],
  ['a URI of 5,000 characters', text({ line: `OPTIONS sip:${'c'.repeat(5000)}@d SIP/2.0` }), 414],
  ['257 header fields', text({ put: Array.from({ length: 251 }, (_, i) => `X-${i}: 1`) }), 513],
  ['10,000 header fields', text({ put: Array.from({ length: 10_000 }, () => 'X: 1') }), 513],
  ['71 Vias', text({ put: Array.from({ length: 71 }, () => 'Via: SIP/2.0/UDP a') }), 513],
  [
    '1,000 Vias in two lines',
    text({ put: Array.from({ length: 4 }, () => `Via: ${Array.from({ length: 250 }, () => 'SIP/2.0/UDP a').join()}`) }),
    513,
  ],
  ['a header field of more than 8 KiB', text({ put: [`X: ${'x'.repeat(messageLimits.lineBytes)}`] }), 513],
  ['a header field of more than 8 KiB in folded lines', text({ put: [`X: ${'x\r\n '.repeat(3000)}x`] }), 513],
  ['a header above the cap', text({ put: Array.from({ length: 5 }, () => `X: ${'x'.repeat(7000)}`) }), 513],
  ['a message above the cap', text({ body: 'x'.repeat(messageLimits.messageBytes) }), 513],
  ['a first header line that is folded', text().replace('\r\nVia', '\r\n Subject: x\r\nVia'), 400],
  ['a line without colon', text({ put: ['Subject'] }), 400],
  ['a header without name', text({ put: [': x'] }), 400],
  ['a name with a space inside', text({ put: ['X Tenant: 1'] }), 400],
  ['a name above ASCII', text({ put: ['X-\xc3\xa9: 1'] }), 400],
];

for (const [name, message, status] of refused) {
  test(`parseMessage refuses ${name}: ${status}`, () => {
    const result = outcome(message);
    assert.equal(result.startsWith(String(status)), true, result);
  });
}

test('parseMessage drops a bad ACK instead of answering it', () => {
  assert.equal(outcome(text({ line: 'ACK sip:c@d SIP/2.0', put: ['CSeq: 1 INVITE'] })), 'malformed');
});

test('parseMessage wants Content-Length on a stream only', () => {
  assert.equal(outcome(text(), 'stream'), '400 Missing Content-Length');
  assert.equal(outcome(text({ put: ['l: 0'] }), 'stream'), 'message');
});

test('a bad request can be answered whatever it lacks', () => {
  for (const [name, message, status] of refused) {
    const result = parse(message);
    if (result.kind !== 'bad-request') continue;
    const response = replyTo(result.request, result.status, result.reason);
    const lines = encodeMessage(response).toString('latin1').split('\r\n');
    assert.equal(lines[0]?.startsWith(`SIP/2.0 ${status} `), true, name);
    assert.equal(lines.filter((line) => line.startsWith('Via: ')).length > 0, true, name);
    assert.equal(
      lines.every((line) => !/[\r\n\0]/.test(line)),
      true,
      name,
    );
    assert.notEqual(result.request.topVia.host, '', name);
  }
});

const responses: readonly (readonly [line: string, expected: readonly [number, string] | undefined])[] = [
  ['SIP/2.0 200 OK', [200, 'OK']],
  ['SIP/2.0 180 ', [180, '']],
  ['SIP/2.0 180', [180, '']],
  ['sip/2.0 699 a  b ', [699, 'a  b ']],
  ['SIP/2.0 099 x', undefined],
  ['SIP/2.0 700 x', undefined],
  ['SIP/2.0 2000 x', undefined],
  ['SIP/2.0 20 x', undefined],
  ['SIP/2.0  200 x', undefined],
  ['SIP/2.0 200x', undefined],
  ['SIP/3.0 200 OK', undefined],
];

for (const [line, expected] of responses) {
  test(`parseMessage reads the status line ${JSON.stringify(line)} as ${expected ?? 'nothing'}`, () => {
    const result = parse(text({ line }));
    if (expected === undefined) {
      assert.equal(result.kind, 'malformed');
    } else {
      assert(result.kind === 'message' && result.message.kind === 'response');
      assert.deepEqual([result.message.status, result.message.reason], expected);
    }
  });
}

test('parseMessage drops responses that are not sound', () => {
  const line = 'SIP/2.0 200 OK';
  for (const change of [
    { drop: 'To' },
    { put: ['CSeq: x'] },
    { put: ['Content-Length: 9'] },
    { put: ['Content-Length: x'] },
    { put: ['a b: c'] },
  ]) {
    assert.equal(outcome(text({ line, ...change })), 'malformed');
  }
});

// Whatever way a header field is hidden: it is found, or the message is refused. Never is it neither.
const hidden = ['X-Tenant: evil', 'X-Tenant : evil', 'x-tenant\t:evil', 'X-TENANT:\r\n evil', 'X-Tenant:evil\r\n more'];
const broken = [
  'Subject: a\nX-Tenant: evil',
  'Subject: a\rX-Tenant: evil',
  'Subject: a\r\n\nX-Tenant: evil',
  'Subject: a\r\r\nX-Tenant: evil',
  'Subject: a\0\r\nX-Tenant: evil',
  'Subject: \0',
  'X-Tenant\0: evil',
  '\0X-Tenant: evil',
  'X-\x00Tenant: evil',
  'X-Tenant\n: evil',
  'X-Tenant\xa0: evil',
  '\xc2\xa0X-Tenant: evil',
  'X-Tenant evil',
  'X-Tenant;: evil',
];

for (const field of hidden) {
  test(`parseMessage finds the header field of ${JSON.stringify(field)}`, () => {
    const message = request(text({ put: [field] }));
    assert.equal(message.headers.get('x-tenant')?.startsWith('evil'), true);
    message.headers.remove('x-tenant');
    assert.equal(encodeMessage(message).includes('evil'), false);
  });
}

for (const field of broken) {
  test(`parseMessage refuses ${JSON.stringify(field)}`, () => {
    assert.equal(outcome(text({ put: [field] })).startsWith('400'), true);
  });
}

test('parseMessage hides nothing in the folded lines of another header field', () => {
  const message = request(text({ put: ['Subject: a\r\n X-Tenant: evil'] }));
  assert.equal(message.headers.get('x-tenant'), undefined);
  assert.equal(encodeMessage(message).includes('\r\nSubject: a X-Tenant: evil\r\n'), true);
});

test('encodeMessage writes canonical names, keeps the order and counts the body', () => {
  const result = parse(text({ put: ['l: 2', 'x-Odd: 1', 'k: timer'], body: 'ab' }));
  assert(result.kind === 'message');
  const lines = encodeMessage(result.message).toString().split('\r\n');
  assert.deepEqual(lines, ['OPTIONS sip:c@d SIP/2.0', ...fields, 'Content-Length: 2', 'x-Odd: 1', 'Supported: timer', '', 'ab']);
  result.message.body = Buffer.from('longer');
  assert.equal(encodeMessage(result.message).toString().includes('Content-Length: 6\r\n'), true);
});

test('encodeMessage writes Content-Length once, and last when it had no place', () => {
  const response = new SipResponse({ status: 200, reason: 'OK', headers: new Headers() });
  assert.equal(encodeMessage(response).toString(), 'SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n');
  response.headers.append('content-length', '99');
  response.headers.append('content-length', '98');
  assert.equal(encodeMessage(response).toString(), 'SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n');
});

test('encodeMessage never writes a line of somebody else', () => {
  const headers = new Headers();
  headers.append('subject', 'a\r\nX-Tenant: evil');
  const evil = '\r\nX-Tenant: evil\r\n\r\n\0';
  for (const message of [
    new SipRequest({ method: `OPTIONS${evil}`, uri: `sip:a${evil}`, headers }),
    new SipResponse({ status: 200, reason: `OK${evil}`, headers }),
  ]) {
    const lines = encodeMessage(message)
      .toString()
      .split(/\r\n|\r|\n/);
    assert.equal(lines.length, 5, lines.join('|'));
    assert.equal(
      lines.some((line) => line.startsWith('X-Tenant')),
      false,
    );
    assert.equal(encodeMessage(message).includes(0), false);
  }
});

test('encodeMessage gives back every byte above ASCII', () => {
  const result = parseMessage(Buffer.from(text({ put: ['Subject: \xe5\xa4\xa7\x80\xff'] }), 'latin1'), 'datagram');
  assert(result.kind === 'message');
  assert.equal(encodeMessage(result.message).includes(Buffer.from([0xe5, 0xa4, 0xa7, 0x80, 0xff])), true);
});

test('parseMessage leaves the prototype of objects alone', () => {
  const message = request(
    text({ put: ['__proto__: evil', 'constructor: evil', 'toString: evil', 'To: <sip:c@d>;__proto__=evil;hasOwnProperty=1'] }),
  );
  assert.equal(message.headers.get('__proto__'), 'evil');
  assert.equal(message.headers.get('valueOf'), undefined);
  assert.equal(message.to.params.get('__proto__'), 'evil');
  assert.equal(message.to.params.get('constructor'), undefined);
  assert.equal(({} as { evil?: string }).evil, undefined);
});
