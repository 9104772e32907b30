import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRng } from '../../../../shared/rng.ts';
import { TimerQueue } from '../../../../shared/timer-queue.ts';
import { parseUri } from '../../../../signaling/sip/message/uri.ts';
import { defaultResolveLimits, type ResolveLimits } from '../../../../signaling/sip/resolve/limits.ts';
import type { ResolveResult } from '../../../../signaling/sip/resolve/resolution.ts';
import { Resolver } from '../../../../signaling/sip/resolve/resolver.ts';
import type { Protocol } from '../../../../signaling/sip/transport/flow.ts';
import { DnsTable, type Zone } from './dns-table.ts';

class Bench {
  readonly dns: DnsTable;
  readonly timers = new TimerQueue();
  readonly resolver: Resolver;
  now = 0;

  constructor(
    zone: Zone,
    options: { supported?: readonly Protocol[]; families?: (4 | 6)[]; limits?: Partial<ResolveLimits>; ttlMs?: number } = {},
  ) {
    this.dns = new DnsTable(zone, options.ttlMs);
    this.resolver = new Resolver({
      dns: this.dns,
      timers: this.timers,
      now: () => this.now,
      supported: options.supported ?? ['udp', 'tcp', 'tls'],
      limits: { ...defaultResolveLimits, ...options.limits },
      rng: seededRng(7),
      ...(options.families === undefined ? {} : { families: options.families }),
    });
  }

  start(uri: string): { result: ResolveResult | undefined; calls: number } {
    const seen: { result: ResolveResult | undefined; calls: number } = { result: undefined, calls: 0 };
    const parsed = parseUri(uri);
    assert.ok(parsed !== undefined, uri);
    this.resolver.resolve(parsed, (result) => {
      seen.result = result;
      seen.calls++;
    });
    return seen;
  }

  async resolve(uri: string): Promise<string> {
    const seen = this.start(uri);
    await settled();
    assert.equal(seen.calls, 1, 'done is called once');
    assert.equal(this.timers.size, 0, 'no timer is left');
    return show(seen.result);
  }

  advance(ms: number): void {
    this.now += ms;
    this.timers.tick(this.now);
  }
}

function show(result: ResolveResult | undefined): string {
  if (result === undefined) return 'nothing';
  if ('error' in result) return result.error;
  return result.targets
    .map(({ protocol, address, port, serverName }) => `${protocol} ${address} ${port}${serverName === undefined ? '' : ` ${serverName}`}`)
    .join(', ');
}

/** Lets every promise of a fake answer run: no time passes, no timer fires. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

const example: Zone = {
  'NAPTR example.com': [
    '50 50 s SIPS+D2T _sips._tcp.example.com',
    '90 50 s SIP+D2T _sip._tcp.example.com',
    '100 50 s SIP+D2U _sip._udp.example.com',
  ],
  'SRV _sips._tcp.example.com': '0 1 5061 s1.example.com',
  'SRV _sip._tcp.example.com': ['0 1 5060 s1.example.com', '10 1 5070 s2.example.com'],
  'SRV _sip._udp.example.com': '0 1 5060 s2.example.com',
  'A s1.example.com': '192.0.2.1',
  'AAAA s1.example.com': '2001:db8::1',
  'A s2.example.com': '192.0.2.2',
  'A example.com': '192.0.2.99',
  'SRV _sip._udp.nonaptr.com': '0 1 5080 s2.example.com',
  'SRV _sip._tcp.nonaptr.com': '0 1 5090 s1.example.com',
  'A plain.com': ['192.0.2.50', '192.0.2.51'],
  'AAAA plain.com': '2001:db8::50',
  'SRV _sip._udp.gone.com': '0 0 0 .',
  'A gone.com': '192.0.2.77',
  'NAPTR odd.com': [
    '10 10 u E2U+sip !^.*$!sip:x@y!',
    '10 20 s SIP+D2S _sip._sctp.odd.com',
    '10 30 s sip+d2u _sip._udp.example.com.',
    '5 1  SIP+D2T other.com',
  ],
  'NAPTR lost.com': '10 10 s SIP+D2T _sip._tcp.lost.com',
  'A lost.com': '192.0.2.60',
};

const branches: readonly (readonly [name: string, uri: string, expected: string])[] = [
  ['literal IPv4: udp on 5060', 'sip:192.0.2.9', 'udp 192.0.2.9 5060'],
  ['literal IPv4 with port', 'sip:192.0.2.9:5090', 'udp 192.0.2.9 5090'],
  ['literal IPv6', 'sip:[2001:db8::9]', 'udp 2001:db8::9 5060'],
  ['literal with transport', 'sip:192.0.2.9;transport=tcp', 'tcp 192.0.2.9 5060'],
  ['literal with transport=tls', 'sip:192.0.2.9;transport=TLS', 'tls 192.0.2.9 5061'],
  ['sips literal: tls on 5061', 'sips:192.0.2.9', 'tls 192.0.2.9 5061'],
  ['sips with transport=tcp is tls', 'sips:192.0.2.9;transport=tcp', 'tls 192.0.2.9 5061'],
  ['sips with udp cannot be', 'sips:192.0.2.9;transport=udp', 'unsupported-transport'],
  ['unknown transport', 'sip:192.0.2.9;transport=sctp', 'unsupported-transport'],
  ['transport not supported by us', 'sip:192.0.2.9;transport=ws', 'unsupported-transport'],
  ['maddr stands for the host', 'sip:example.com;maddr=192.0.2.200', 'udp 192.0.2.200 5060'],
  ['other schemes', 'tel:+123456', 'unsupported-scheme'],
  ['name with port: A and AAAA only', 'sip:plain.com:5090', 'udp 192.0.2.50 5090, udp 192.0.2.51 5090, udp 2001:db8::50 5090'],
  [
    'sips name with port: tls, with the name to prove',
    'sips:plain.com:5099',
    'tls 192.0.2.50 5099 plain.com, tls 192.0.2.51 5099 plain.com, tls 2001:db8::50 5099 plain.com',
  ],
  [
    'NAPTR by order',
    'sip:example.com',
    'tls 192.0.2.1 5061 example.com, tls 2001:db8::1 5061 example.com, tcp 192.0.2.1 5060, tcp 2001:db8::1 5060, tcp 192.0.2.2 5070, udp 192.0.2.2 5060',
  ],
  ['sips drops NAPTR without TLS', 'sips:example.com', 'tls 192.0.2.1 5061 example.com, tls 2001:db8::1 5061 example.com'],
  ['NAPTR of other services, flags and rewrites are passed over', 'sip:odd.com', 'udp 192.0.2.2 5060'],
  ['NAPTR whose SRV is missing: address of the host', 'sip:lost.com', 'tcp 192.0.2.60 5060'],
  ['transport given: its SRV only', 'sip:example.com;transport=tcp', 'tcp 192.0.2.1 5060, tcp 2001:db8::1 5060, tcp 192.0.2.2 5070'],
  [
    'transport given, no SRV: address on the default port',
    'sip:plain.com;transport=tcp',
    'tcp 192.0.2.50 5060, tcp 192.0.2.51 5060, tcp 2001:db8::50 5060',
  ],
  ['no NAPTR: SRV of each protocol in our order', 'sip:nonaptr.com', 'udp 192.0.2.2 5080, tcp 192.0.2.1 5090, tcp 2001:db8::1 5090'],
  ['no NAPTR, no SRV: udp to the address', 'sip:plain.com', 'udp 192.0.2.50 5060, udp 192.0.2.51 5060, udp 2001:db8::50 5060'],
  [
    'sips, no NAPTR, no SRV: tls to the address',
    'sips:plain.com',
    'tls 192.0.2.50 5061 plain.com, tls 192.0.2.51 5061 plain.com, tls 2001:db8::50 5061 plain.com',
  ],
  ['SRV target ".": not there, no fallback', 'sip:gone.com;transport=udp', 'no-records'],
  ['nothing at all', 'sip:nowhere.com', 'no-records'],
  [
    'names are asked in lower case without the root dot',
    'sip:PLAIN.com.:5060',
    'udp 192.0.2.50 5060, udp 192.0.2.51 5060, udp 2001:db8::50 5060',
  ],
  ['a mistyped address is no name', 'sip:192.0.2.300:5060', 'bad-host'],
  ['a label that is too long', `sip:${'a'.repeat(64)}.com`, 'bad-host'],
];

for (const [name, uri, expected] of branches) {
  test(`Resolver ${name}`, async () => {
    assert.equal(await new Bench(example).resolve(uri), expected);
  });
}

test('Resolver answers literals and cached names before it returns', async () => {
  const bench = new Bench(example);
  assert.equal(show(bench.start('sip:192.0.2.9').result), 'udp 192.0.2.9 5060');
  const first = await bench.resolve('sip:example.com');
  const asked = bench.dns.questions.length;
  assert.equal(show(bench.start('sip:example.com').result), first);
  assert.equal(bench.dns.questions.length, asked);
});

test('Resolver leaves out families and protocols it cannot use', async () => {
  const only4 = new Bench(example, { families: [4], supported: ['tcp', 'udp'] });
  assert.equal(await only4.resolve('sip:example.com'), 'tcp 192.0.2.1 5060, tcp 192.0.2.2 5070, udp 192.0.2.2 5060');
  assert.ok(!only4.dns.questions.some((question) => question.startsWith('AAAA')));
  assert.equal(await only4.resolve('sips:example.com'), 'unsupported-transport');
  assert.equal(await only4.resolve('sip:[::1]'), 'no-records');
  const first6 = new Bench(example, { families: [6, 4] });
  assert.equal(await first6.resolve('sip:plain.com:1'), 'udp 2001:db8::50 1, udp 192.0.2.50 1, udp 192.0.2.51 1');
});

test('Resolver shares one question among all who ask at once', async () => {
  const bench = new Bench(example);
  const seen = Array.from({ length: 50 }, () => bench.start('sip:plain.com:5060'));
  await settled();
  assert.deepEqual(bench.dns.questions, ['A plain.com', 'AAAA plain.com']);
  assert.ok(seen.every(({ result, calls }) => calls === 1 && show(result).startsWith('udp 192.0.2.50')));
});

test('Resolver asks again when the TTL is over: clamped to 1 s at least, 60 s where it is unknown', async () => {
  const zero = new Bench({ 'A a.com': '192.0.2.1' }, { families: [4], ttlMs: 0 });
  await zero.resolve('sip:a.com:1');
  zero.advance(999);
  zero.dns.replace({ 'A a.com': '192.0.2.2' });
  assert.equal(await zero.resolve('sip:a.com:1'), 'udp 192.0.2.1 1');
  zero.advance(1);
  assert.equal(await zero.resolve('sip:a.com:1'), 'udp 192.0.2.2 1');
  const unknown = new Bench({ 'A a.com': '192.0.2.1' }, { families: [4] });
  await unknown.resolve('sip:a.com:1');
  unknown.advance(59_999);
  await unknown.resolve('sip:a.com:1');
  assert.equal(unknown.dns.questions.length, 1);
  unknown.advance(1);
  await unknown.resolve('sip:a.com:1');
  assert.equal(unknown.dns.questions.length, 2);
});

test('Resolver believes "no such name" for some seconds', async () => {
  const bench = new Bench({}, { families: [4] });
  assert.equal(await bench.resolve('sip:a.com:1'), 'no-records');
  bench.dns.replace({ 'A a.com': '192.0.2.1' });
  assert.equal(await bench.resolve('sip:a.com:1'), 'no-records');
  bench.advance(defaultResolveLimits.negativeMs);
  assert.equal(await bench.resolve('sip:a.com:1'), 'udp 192.0.2.1 1');
});

test('Resolver tells a failure from an absence, goes on without NAPTR, and serves old answers while servers fail', async () => {
  const bench = new Bench({ 'A a.com': '192.0.2.1' }, { families: [4] });
  bench.dns.failing.add('NAPTR a.com');
  assert.equal(await bench.resolve('sip:a.com'), 'udp 192.0.2.1 5060');
  bench.dns.failing.add('A a.com').add('A b.com');
  assert.equal(await bench.resolve('sip:b.com:1'), 'dns-failed');
  bench.advance(100_000);
  assert.equal(await bench.resolve('sip:a.com:1'), 'udp 192.0.2.1 1');
  const asked = bench.dns.questions.length;
  bench.advance(1000);
  await bench.resolve('sip:a.com:1');
  assert.equal(bench.dns.questions.length, asked, 'the failure is remembered');
  bench.advance(defaultResolveLimits.staleMs);
  assert.equal(await bench.resolve('sip:a.com:1'), 'dns-failed');
});

test('Resolver ends after 3 s with what it has, once, and the late answer changes nothing', async () => {
  const bench = new Bench(example);
  bench.dns.silent.add('A s1.example.com').add('AAAA s1.example.com').add('A plain.com').add('AAAA plain.com');
  const partial = bench.start('sip:example.com');
  const nothing = bench.start('sip:plain.com:1');
  await settled();
  bench.advance(2999);
  assert.equal(partial.calls + nothing.calls, 0);
  bench.advance(1);
  assert.equal(show(partial.result), 'tcp 192.0.2.2 5070, udp 192.0.2.2 5060');
  assert.equal(show(nothing.result), 'timeout');
  await settled();
  assert.equal(partial.calls + nothing.calls, 2);
  assert.equal(bench.timers.size, 0);
});

test('a slow answer that is not needed delays nobody', async () => {
  const bench = new Bench(example);
  bench.dns.silent.add('A example.com').add('AAAA example.com');
  assert.match(await bench.resolve('sip:example.com'), /^tls 192.0.2.1 5061/);
});

test('Resolver caps targets, records and questions of a hostile zone', async () => {
  const zone: Record<string, readonly string[]> = {
    'SRV _sip._udp.evil.com': Array.from({ length: 2000 }, (_, i) => `${i} 0 ${i + 1} h${i}.evil.com`),
  };
  for (let i = 0; i < 2000; i++) zone[`A h${i}.evil.com`] = Array.from({ length: 2000 }, (_, j) => `10.0.${j >> 8}.${j & 255}`);
  const bench = new Bench(zone);
  const targets = (await bench.resolve('sip:evil.com;transport=udp')).split(', ');
  assert.equal(targets.length, defaultResolveLimits.targets);
  assert.ok(bench.dns.questions.length <= defaultResolveLimits.questionsPerResolution);
});

test('Resolver keeps a bounded cache and a bounded number of questions in flight', async () => {
  const bench = new Bench({ 'A keep.com': '192.0.2.1' }, { families: [4], limits: { cacheEntries: 10, questionsInFlight: 5 } });
  for (let i = 0; i < 30; i++) await bench.resolve(`sip:n${i}.com:1`);
  await bench.resolve('sip:n0.com:1');
  assert.equal(bench.dns.questions.filter((question) => question === 'A n0.com').length, 2, 'the oldest name was forgotten');
  for (let i = 0; i < 5; i++) bench.dns.silent.add(`A slow${i}.com`);
  for (let i = 0; i < 5; i++) bench.start(`sip:slow${i}.com:1`);
  assert.equal(show(bench.start('sip:keep.com:1').result), 'dns-failed');
});
