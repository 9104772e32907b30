import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatVia, parseVia } from '../../../../signaling/sip/message/via.ts';

const good: readonly (readonly [text: string, formatted: string])[] = [
  ['SIP/2.0/UDP 192.0.2.1', 'SIP/2.0/UDP 192.0.2.1'],
  ['SIP/2.0/udp host.example.com:5070;branch=z9hG4bK1;rport', 'SIP/2.0/UDP host.example.com:5070;branch=z9hG4bK1;rport'],
  ['sip / 2.0 /\tTLS  [2001:db8::1] : 5061 ; Branch = x', 'SIP/2.0/TLS [2001:db8::1]:5061;branch=x'],
  ['SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9', 'SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9'],
  ['SIP/2.0/x-Own a;received=2001:db8::2', 'SIP/2.0/X-OWN a;received=2001:db8::2'],
  ['SIP/7.0/UDP c.example.com', 'SIP/2.0/UDP c.example.com'],
];

for (const [text, formatted] of good) {
  test(`parseVia reads ${JSON.stringify(text)}`, () => {
    const via = parseVia(text);
    assert(via !== undefined);
    assert.equal(formatVia(via), formatted);
    assert.deepEqual(parseVia(formatted), via);
  });
}

for (const text of [
  '',
  'SIP/2.0/UDP',
  'SIP/2.0/UDP ',
  'SIP/2.0 192.0.2.1',
  'HTTP/2.0/TCP a',
  'SIP/2.0/UDPa;branch=1',
  'SIP/2.0/UDP a:0',
  'SIP/2.0/UDP a:65536',
  'SIP/2.0/UDP a:x',
  'SIP/2.0/UDP a b',
  'SIP/2.0/UDP a;branch="x',
  'SIP/2.0/UDP [::1',
  'SIP/2.0/UDP 2001:db8::1',
  'SIP/2.0/UDP ;branch=1',
]) {
  test(`parseVia refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseVia(text), undefined);
  });
}
