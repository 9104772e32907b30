import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRng } from '../../../../shared/rng.ts';
import { TimerQueue } from '../../../../shared/timer-queue.ts';
import { parseUri } from '../../../../signaling/sip/message/uri.ts';
import { parseHosts, readHostsFile } from '../../../../signaling/sip/resolve/hosts-file.ts';
import { NodeDnsLookup } from '../../../../signaling/sip/resolve/node-dns-lookup.ts';
import type { ResolveResult } from '../../../../signaling/sip/resolve/resolution.ts';
import { Resolver } from '../../../../signaling/sip/resolve/resolver.ts';
import { domainName, naptrData, type ServedRecord, srvData, startDnsServer } from './dns-server.ts';

const records: readonly ServedRecord[] = [
  { name: 'carrier.test', type: 'NAPTR', ttl: 300, data: naptrData(20, 1, 's', 'SIP+D2U', '_sip._udp.carrier.test') },
  { name: 'carrier.test', type: 'NAPTR', ttl: 300, data: naptrData(10, 1, 'S', 'SIP+D2T', '_sip._tcp.carrier.test') },
  { name: '_sip._tcp.carrier.test', type: 'SRV', ttl: 300, data: srvData(10, 1, 5060, 'edge.carrier.test') },
  { name: '_sip._udp.carrier.test', type: 'SRV', ttl: 300, data: srvData(10, 1, 5070, 'alias.carrier.test') },
  { name: 'edge.carrier.test', type: 'A', ttl: 120, data: Buffer.from([192, 0, 2, 1]) },
  { name: 'edge.carrier.test', type: 'A', ttl: 30, data: Buffer.from([192, 0, 2, 2]) },
  { name: 'edge.carrier.test', type: 'AAAA', ttl: 120, data: Buffer.from('20010db8000000000000000000000001', 'hex') },
  { name: 'alias.carrier.test', type: 'CNAME', ttl: 120, data: domainName('loop.carrier.test') },
  { name: 'loop.carrier.test', type: 'CNAME', ttl: 120, data: domainName('alias.carrier.test') },
];

async function lookup(t: { after(f: () => unknown): void }): Promise<{ dns: NodeDnsLookup; questions: string[] }> {
  const { server, questions, close } = await startDnsServer(records);
  const dns = new NodeDnsLookup({ servers: [server], hosts: parseHosts('10.0.0.5 fs1 fs1.inside # node one\n::5 fs1\nnot an address\n') });
  t.after(async () => {
    dns.close();
    await close();
  });
  return { dns, questions };
}

test('a URI is resolved through a real DNS server; a CNAME loop ends', async (t) => {
  const { dns, questions } = await lookup(t);
  const timers = new TimerQueue();
  const resolver = new Resolver({ dns, timers, now: () => 0, supported: ['udp', 'tcp', 'tls'], rng: seededRng(1) });
  const uri = parseUri('sip:carrier.test');
  assert.ok(uri !== undefined);
  const result = await new Promise<ResolveResult>((resolve) => resolver.resolve(uri, resolve));
  assert.deepEqual(result, {
    targets: [
      { protocol: 'tcp', address: '192.0.2.1', port: 5060 },
      { protocol: 'tcp', address: '192.0.2.2', port: 5060 },
      { protocol: 'tcp', address: '2001:db8::1', port: 5060 },
    ],
  });
  assert.ok(questions.includes('35 carrier.test') && questions.includes('33 _sip._tcp.carrier.test'));
});

test('NodeDnsLookup gives the least TTL of an answer, empty answers for missing names, and rejects failures', async (t) => {
  const { dns } = await lookup(t);
  const { records: addresses, ttlMs } = await dns.a('edge.carrier.test');
  assert.deepEqual(addresses.map((record) => record.address).sort(), ['192.0.2.1', '192.0.2.2']);
  assert.equal(ttlMs, 30_000);
  assert.deepEqual(await dns.srv('nobody.test'), { records: [], ttlMs: undefined });
  assert.deepEqual(await dns.aaaa('_sip._tcp.carrier.test'), { records: [], ttlMs: undefined });
  await assert.rejects(dns.a('name.servfail'));
  assert.throws(() => new NodeDnsLookup({ servers: ['not an address'] }), { code: 'bad-dns-server' });
});

test('NodeDnsLookup knows the hosts file and localhost without asking', async (t) => {
  const { dns, questions } = await lookup(t);
  assert.deepEqual((await dns.a('fs1')).records, [{ address: '10.0.0.5' }]);
  assert.deepEqual((await dns.aaaa('fs1')).records, [{ address: '::5' }]);
  assert.deepEqual((await dns.aaaa('fs1.inside')).records, []);
  assert.deepEqual((await dns.a('localhost')).records, [{ address: '127.0.0.1' }]);
  assert.deepEqual(questions, []);
  assert.ok(readHostsFile('/nonexistent').has('localhost'));
});
