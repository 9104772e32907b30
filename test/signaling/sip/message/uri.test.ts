import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatUri, hostAddress, parseUri, sameUri } from '../../../../signaling/sip/message/uri.ts';

interface Expected {
  scheme: string;
  user?: string;
  password?: string;
  host: string;
  port?: number;
  params?: readonly (readonly [string, string | undefined])[];
  headers?: string;
}

const good: readonly (readonly [text: string, expected: Expected])[] = [
  ['sip:example.com', { scheme: 'sip', host: 'example.com' }],
  ['SIPS:alice@Example.COM:5061', { scheme: 'sips', user: 'alice', host: 'Example.COM', port: 5061 }],
  ['sip:alice:secret@example.com', { scheme: 'sip', user: 'alice', password: 'secret', host: 'example.com' }],
  ['sip:alice:@example.com', { scheme: 'sip', user: 'alice', password: '', host: 'example.com' }],
  ['sip:a;b?c/d@example.com;lr', { scheme: 'sip', user: 'a;b?c/d', host: 'example.com', params: [['lr', undefined]] }],
  ['sip:%61%40@192.0.2.1', { scheme: 'sip', user: '%61%40', host: '192.0.2.1' }],
  ['sip:*21#@pbx', { scheme: 'sip', user: '*21#', host: 'pbx' }],
  ['sip:[2001:db8::1]:5060;transport=TCP', { scheme: 'sip', host: '[2001:db8::1]', port: 5060, params: [['transport', 'TCP']] }],
  ['sip:[::ffff:192.0.2.1]', { scheme: 'sip', host: '[::ffff:192.0.2.1]' }],
  [
    'sip:bob@example.com;method=INVITE?Subject=a%20b&Replaces=c@d',
    { scheme: 'sip', user: 'bob', host: 'example.com', params: [['method', 'INVITE']], headers: 'Subject=a%20b&Replaces=c@d' },
  ],
  ['sip:example.com?to=a', { scheme: 'sip', host: 'example.com', headers: 'to=a' }],
  ['tel:+49-30-123;phone-context=example.com', { scheme: 'tel', user: '+49-30-123', host: '', params: [['phone-context', 'example.com']] }],
  ['urn:service:sos', { scheme: 'urn', user: 'service:sos', host: '' }],
  ['soap.beep://192.0.2.103:3002', { scheme: 'soap.beep', user: '//192.0.2.103:3002', host: '' }],
];

for (const [text, expected] of good) {
  test(`parseUri reads ${text}`, () => {
    const uri = parseUri(text);
    assert(uri !== undefined);
    const { params, ...rest } = uri;
    const { params: expectedParams = [], ...expectedRest } = { headers: '', ...expected };
    assert.deepEqual(rest, expectedRest);
    assert.deepEqual([...params], expectedParams);
    assert.deepEqual(parseUri(formatUri(uri)), uri);
  });
}

const bad = [
  '',
  'sip',
  'sip:',
  ':a',
  '1sip:a',
  'sip:@example.com',
  'sip::secret@example.com',
  'sip:alice@',
  'sip:alice@:5060',
  'sip:example.com:',
  'sip:example.com:0',
  'sip:example.com:65536',
  'sip:example.com:5x',
  'sip:2001:db8::10',
  'sip:[2001:db8::10',
  'sip:[]',
  'sip:[g::1]',
  'sip:[1.2.3.4]',
  'sip:a@b@c',
  'sip:exam ple.com',
  'sip:example.com; lr',
  'sip:example.com;lr=<x>',
  '<sip:example.com>',
  'sip:example.com\r\n',
  'sip:a\0b@example.com',
  'tel:',
  'example.com',
];

for (const text of bad) {
  test(`parseUri refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseUri(text), undefined);
  });
}

test('hostAddress drops the brackets of IPv6 only', () => {
  assert.equal(hostAddress({ host: '[2001:db8::1]' }), '2001:db8::1');
  assert.equal(hostAddress({ host: '192.0.2.1' }), '192.0.2.1');
});

// The examples of RFC 3261 section 19.1.4.
const pairs: readonly (readonly [a: string, b: string, same: boolean])[] = [
  ['sip:%61lice@atlanta.com;transport=TCP', 'sip:alice@AtlanTa.CoM;Transport=tcp', true],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com;newparam=5', true],
  ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;security=on', true],
  [
    'sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com',
    'sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com',
    true,
  ],
  ['sip:alice@atlanta.com?subject=project%20x&priority=urgent', 'sip:alice@atlanta.com?priority=urgent&subject=project%20x', true],
  ['SIP:ALICE@AtLanTa.CoM;Transport=udp', 'sip:alice@AtLanTa.CoM;Transport=UDP', false],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:5060', false],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com;transport=udp', false],
  ['sip:bob@biloxi.com', 'sip:bob@biloxi.com:6000;transport=tcp', false],
  ['sip:carol@chicago.com', 'sip:carol@chicago.com?Subject=next%20meeting', false],
  ['sip:bob@phone21.boxesbybob.com', 'sip:bob@192.0.2.4', false],
  ['sip:carol@chicago.com;newparam=5', 'sip:carol@chicago.com;newparam=6', false],
  ['sip:bob@biloxi.com', 'sips:bob@biloxi.com', false],
  ['sip:a%3Bb@x', 'sip:a;b@x', false],
  ['sip:a%3bb@x', 'sip:a%3Bb@x', true],
  ['tel:+491', 'tel:+491', true],
  ['tel:+491', 'tel:+492', false],
];

for (const [a, b, same] of pairs) {
  test(`sameUri calls ${a} and ${b} ${same ? 'the same' : 'different'}`, () => {
    const first = parseUri(a);
    const second = parseUri(b);
    assert(first !== undefined && second !== undefined);
    assert.equal(sameUri(first, second), same);
    assert.equal(sameUri(second, first), same);
  });
}
