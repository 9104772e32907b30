import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bracketed, parseHostPort, sourceKey, unmapped, withoutScope } from '../../../../signaling/sip/transport/address.ts';

test('sourceKey is the address of IPv4 and the /64 of IPv6, however it is written', () => {
  const keys: readonly (readonly [string, string])[] = [
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ];
  for (const [address, key] of keys) assert.equal(sourceKey(address), key);
});

test('addresses are unmapped, bracketed and stripped of their scope', () => {
  assert.equal(unmapped('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(unmapped('::ffff:1'), '::ffff:1');
  assert.equal(bracketed('::1'), '[::1]');
  assert.equal(bracketed('192.0.2.1'), '192.0.2.1');
  assert.equal(withoutScope('fe80::1%eth0'), 'fe80::1');
});

test('parseHostPort reads hosts, ports and IPv6 with and without brackets', () => {
  assert.deepEqual(parseHostPort('sip.example.com'), { host: 'sip.example.com', port: undefined });
  assert.deepEqual(parseHostPort('192.0.2.1:5070'), { host: '192.0.2.1', port: 5070 });
  assert.deepEqual(parseHostPort('2001:db8::1'), { host: '[2001:db8::1]', port: undefined });
  assert.deepEqual(parseHostPort('[2001:db8::1]:5060'), { host: '[2001:db8::1]', port: 5060 });
  for (const wrong of ['', ':5060', 'a:b', 'a:0', 'a:65536', '[1.2.3.4]:5', '[::1]x', 'a;b', 'sip:a']) {
    assert.equal(parseHostPort(wrong), undefined, wrong);
  }
});
