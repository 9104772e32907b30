import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { mentionsAddress, parseIpAddress } from '../../../signaling/sdp/ip-address.ts';

for (const [text, kind] of [
  ['192.0.2.1', 'unicast'],
  ['10.0.0.1', 'unicast'],
  ['223.255.255.255', 'unicast'],
  ['169.253.255.255', 'unicast'],
  ['0.0.0.0', 'unspecified'],
  ['0.0.0.1', 'unusable'],
  ['127.0.0.1', 'loopback'],
  ['127.255.0.9', 'loopback'],
  ['169.254.169.254', 'link-local'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['240.0.0.1', 'unusable'],
  ['255.255.255.255', 'broadcast'],
  ['2001:db8::1', 'unicast'],
  ['2001:DB8:0:0:8:800:200C:417A', 'unicast'],
  ['fd00::2', 'unicast'],
  ['::', 'unspecified'],
  ['0:0:0:0:0:0:0:0', 'unspecified'],
  ['::1', 'loopback'],
  ['::2', 'unusable'],
  ['::127.0.0.1', 'unusable'],
  ['::ffff:192.0.2.1', 'unusable'],
  ['::ffff:7f00:1', 'unusable'],
  ['fe80::1', 'link-local'],
  ['febf::1', 'link-local'],
  ['fec0::1', 'unicast'],
  ['ff02::1', 'multicast'],
  ['64:ff9b::192.0.2.1', 'unicast'],
  ['64:ff9b::a9fe:a9fe', 'unusable'],
  ['2002:7f00:1::', 'unusable'],
  ['2002:c000:201::1', 'unicast'],
] as const) {
  test(`parseIpAddress calls ${text} ${kind}`, () => assert.deepEqual(parseIpAddress(text), { family: text.includes(':') ? 6 : 4, kind }));
}

for (const text of [
  '',
  'host.example',
  'x.local',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.4 ',
  ' 1.2.3.4',
  '1.2.3.0x4',
  '1..3.4',
  '2130706433',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7::8:9',
  '::12345',
  'fe80::1%eth0',
  '[::1]',
  '::1.2.3',
  '1.2.3.4::',
  ':1:2:3:4:5:6:7',
  'g::1',
]) {
  test(`parseIpAddress refuses "${text}"`, () => assert.equal(parseIpAddress(text), undefined));
}

test('parseIpAddress takes the literals that node:net takes', () => {
  const text = fc.string({ unit: fc.constantFrom(...'0123456789abcf:.'), maxLength: 20 });
  fc.assert(
    fc.property(fc.oneof(text, fc.ipV4(), fc.ipV6()), (candidate) => {
      assert.equal(parseIpAddress(candidate)?.family ?? 0, isIP(candidate), candidate);
    }),
    { seed: 7, numRuns: 5000, examples: [['::'], ['1::'], ['1:2:3:4:5:6:1.2.3.4'], ['1:2:3:4:5:6:7::'], ['1.2.3.4::'], ['1:1.2.3.4::2']] },
  );
});

test('mentionsAddress finds literals inside words', () => {
  for (const text of [
    '10.77.77.77',
    'x=10.77.77.77;y',
    'candidate:1 1 udp 1 10.77.77.77 5 typ host',
    '10.77.77.77.',
    'sip:[fd00::2]:5060',
    'ip:fd00::2',
    '2001:db8:0:0:8:800:200c:417a',
    'v4=10.77.77.77:5060',
  ]) {
    assert.equal(mentionsAddress(text), true, text);
  }
  for (const text of [
    'rtpmap:0 PCMU/8000',
    'fmtp:101 0-15',
    'extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
    '1.2.3',
    '12:30:45',
    'x:y',
  ]) {
    assert.equal(mentionsAddress(text), false, text);
  }
});
