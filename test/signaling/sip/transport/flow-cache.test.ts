import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow } from '../../../../signaling/sip/transport/flow.ts';
import { FlowCache } from '../../../../signaling/sip/transport/flow-cache.ts';

function flow(address: string, port: number): Flow {
  return { zone: 'z', listener: 'l', protocol: 'udp', address, port, connection: 0, localHost: 'h', localPort: 1 };
}

test('FlowCache keeps what is used and never more than two generations', () => {
  let created = 0;
  const cache = new FlowCache((address, port) => {
    created++;
    return flow(address, port);
  }, 100);
  const busy = cache.get('192.0.2.1', 5060);
  for (let port = 1; port <= 10_000; port++) {
    cache.get('198.51.100.1', port);
    if (port % 50 === 0) assert.equal(cache.get('192.0.2.1', 5060), busy);
    assert.ok(cache.size <= 200);
  }
  assert.equal(created, 10_001);
});
