import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demoWelcome } from '../../../signaling/cli/demo-welcome.ts';

test('demoWelcome says in ten lines what listens where and how to call it', () => {
  const listener = (zone: string, protocol: 'udp' | 'tls', port: number) => ({
    zone,
    name: `${zone}-${protocol}`,
    protocol,
    address: '127.0.0.1',
    port,
    advertised: `127.0.0.1:${port}`,
    advertisedHost: '127.0.0.1',
    advertisedPort: port,
    family: 4 as const,
  });
  const text = demoWelcome([listener('outside', 'udp', 15060), listener('outside', 'tls', 15061), listener('inside', 'udp', 15080)], {
    address: '127.0.0.1',
    port: 15090,
  });
  assert.equal(text.split('\n').length, 10);
  for (const part of ['udp 127.0.0.1:15060, tls 127.0.0.1:15061', 'udp 127.0.0.1:15080', '127.0.0.1:15090', 'sip:echo@127.0.0.1:15060']) {
    assert.ok(text.includes(part), part);
  }
});
