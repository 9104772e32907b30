import assert from 'node:assert/strict';
import test from 'node:test';
import { formatPath } from '../../../signaling/config/problem.ts';
import { findingsOf } from '../../../signaling/config/rules.ts';
import { type ConfigInput, configSchema } from '../../../signaling/config/schema.ts';

type Zone = ConfigInput['zones'][number];
type Listener = Zone['listeners'][number];

function zone(side: 'outside' | 'inside', change: Partial<Zone> = {}): Zone {
  const listeners: Listener[] = [{ protocol: 'udp', address: '127.0.0.1', port: side === 'outside' ? 5060 : 5080 }];
  return { name: side, side, listeners, media: [{ address: '127.0.0.1' }], ...change };
}

function listening(listener: Partial<Listener>, side: 'outside' | 'inside' = 'outside'): Zone {
  return zone(side, { listeners: [{ protocol: 'udp', address: '127.0.0.1', port: 5060, ...listener }] });
}

function findings(change: Partial<ConfigInput>): string[] {
  const sound: ConfigInput = {
    zones: [zone('outside'), zone('inside')],
    pools: [{ name: 'farm', zone: 'inside', nodes: [{ name: 'fs1', uri: 'sip:127.0.0.1:5090' }] }],
    routing: { pool: 'farm' },
  };
  const config = configSchema.parse({ ...sound, ...change });
  return findingsOf(config).map(({ severity, path, message }) => `${severity} ${formatPath(path)}: ${message}`);
}

function withNode(uri: string): Partial<ConfigInput> {
  return { pools: [{ name: 'farm', zone: 'inside', nodes: [{ name: 'fs1', uri }] }] };
}

const inside = zone('inside');
const outside = zone('outside');
const open = { allow: ['192.0.2.0/24'] };

const cases: [name: string, change: Partial<ConfigInput>, expected: RegExp[]][] = [
  ['accepts a sound configuration', {}, []],
  ['wants an outside zone', { zones: [inside] }, [/^error zones: has no zone with side: outside/]],
  [
    'wants an inside zone',
    { zones: [outside], pools: [], routing: {} },
    [/^error zones: has no zone with side: inside/, /routing\.pool: is not set/],
  ],
  [
    'wants unique zone names',
    { zones: [outside, inside, zone('inside', { listeners: [{ protocol: 'udp', address: '127.0.0.2', port: 5060 }] })] },
    [/^error zones\[2\]\.name: "inside" is already the name of entry 1/],
  ],
  [
    'wants unique pool and node names',
    {
      pools: [
        { name: 'farm', zone: 'inside', nodes: ['a', 'a'].map((name) => ({ name, uri: 'sip:127.0.0.1' })) },
        { name: 'farm', zone: 'inside', nodes: [{ name: 'a', uri: 'sip:127.0.0.1' }] },
      ],
    },
    [/^error pools\[1\]\.name/, /^error pools\[0\]\.nodes\[1\]\.name: "a" is already/],
  ],
  [
    'refuses two listeners on one socket, in whatever zones',
    { zones: [outside, listening({ port: 5060 }, 'inside')] },
    [/^error zones\[1\]\.listeners\[0\]\.port: 127\.0\.0\.1 port 5060 is taken by zones\[0\]\.listeners\[0\]/],
  ],
  [
    'refuses tcp and tls on one port, and lets udp beside them',
    {
      zones: [
        zone('outside', {
          listeners: (['udp', 'tcp', 'tls'] as const).map((protocol) => ({ protocol, address: '127.0.0.1', port: 5061 })),
        }),
        inside,
      ],
    },
    [/^error zones\[0\]\.listeners\[2\]\.port: .*taken by zones\[0\]\.listeners\[1\]/],
  ],
  [
    'refuses one address beside all addresses',
    {
      zones: [listening({ address: '0.0.0.0', advertised: '198.51.100.1' }), listening({}, 'inside')].map((entry) => ({
        ...entry,
        ...open,
      })),
    },
    [/^error zones\[1\]\.listeners\[0\]\.port/],
  ],
  [
    'lets IPv4 and IPv6 share a port',
    { zones: [zone('outside', { listeners: ['127.0.0.1', '::1'].map((address) => ({ protocol: 'udp', address, port: 5060 })) }), inside] },
    [],
  ],
  [
    'refuses a certificate without key',
    { zones: [listening({ protocol: 'tls', certificate: '/c' }), inside] },
    [/^error .*\.certificate: is given without key/],
  ],
  [
    'refuses a key without certificate',
    { zones: [listening({ protocol: 'tls', key: '/k' }), inside] },
    [/^error .*\.key: is given without certificate/],
  ],
  ['takes tls without certificate and key', { zones: [listening({ protocol: 'tls' }), inside] }, []],
  [
    'refuses a certificate on udp',
    { zones: [listening({ certificate: '/c', key: '/k' }), inside] },
    [/^error .*\.certificate: belongs to protocol: tls only/],
  ],
  [
    'refuses an outside zone on a real address without allow',
    { zones: [listening({ address: '203.0.113.1' }), inside] },
    [/^error zones\[0\]\.allow: .*203\.0\.113\.1.*Weir has no authentication yet: list the networks/],
  ],
  ['takes it with allow', { zones: [{ ...listening({ address: '203.0.113.1' }), ...open }, inside] }, []],
  [
    'warns of an outside zone open to everyone',
    { zones: [{ ...listening({ address: '203.0.113.1' }), allow: ['192.0.2.1', '0.0.0.0/0'] }, inside] },
    [/^warning zones\[0\]\.allow\[1\]: 0\.0\.0\.0\/0 takes requests from everyone/],
  ],
  [
    'warns of an inside zone on a real address without allow',
    { zones: [outside, listening({ address: '10.0.0.1' }, 'inside')] },
    [/^warning zones\[1\]\.allow/],
  ],
  [
    'warns of a private address told to outside peers',
    { zones: [{ ...listening({ address: '10.0.0.1' }), ...open }, inside] },
    [/^warning zones\[0\]\.listeners\[0\]\.address: tells outside peers the address 10\.0\.0\.1/],
  ],
  [
    'warns of a private advertised address and of loopback told from a real one',
    {
      zones: [
        {
          ...listening({ address: '10.0.0.1', advertised: '192.168.0.1:5070' }),
          media: [{ address: '10.0.0.1', advertised: '127.0.0.1' }],
          ...open,
        },
        inside,
      ],
    },
    [/^warning .*listeners\[0\]\.advertised: .*192\.168\.0\.1/, /^warning .*media\[0\]\.advertised: .*127\.0\.0\.1/],
  ],
  [
    'takes a public advertised address',
    { zones: [{ ...listening({ address: '10.0.0.1', advertised: 'sbc.example.com' }), ...open }, inside] },
    [],
  ],
  [
    'refuses an advertised value that is no host',
    { zones: [listening({ advertised: 'sip:me@x' }), inside] },
    [/^error .*advertised: found "sip:me@x", allowed: host/],
  ],
  [
    'takes an advertised IPv6 address with and without brackets',
    {
      zones: [
        listening({ address: '::1', advertised: '[2001:db8::1]:5060' }),
        listening({ address: '::1', port: 5080, advertised: '2001:db8::1' }, 'inside'),
      ],
      ...withNode('sip:[::1]'),
    },
    [],
  ],
  [
    'refuses all addresses without advertised',
    { zones: [{ ...listening({ address: '0.0.0.0' }), ...open }, inside] },
    [/^error .*address: 0\.0\.0\.0 \(all addresses\) cannot be told to peers/],
  ],
  [
    'refuses media on all addresses without advertised',
    { zones: [zone('outside', { media: [{ address: '::' }] }), inside] },
    [/^error zones\[0\]\.media\[0\]\.address: :: cannot be told/],
  ],
  [
    'wants one media address of each family',
    { zones: [zone('outside', { media: [{ address: '127.0.0.1' }, { address: '127.0.0.2' }] }), inside] },
    [/^error zones\[0\]\.media\[1\]\.address: 127\.0\.0\.2 is a second IPv4 address/],
  ],
  [
    'warns of SRTP that passes on one side only',
    { zones: [zone('outside', { srtp: 'pass' }), zone('inside', { srtp: 'offer' })] },
    [/^warning zones\[0\]\.srtp: pass has no effect/],
  ],
  ['takes SRTP that passes on both sides', { zones: [zone('outside', { srtp: 'pass' }), zone('inside', { srtp: 'pass' })] }, []],
  ['takes media of both families', { zones: [zone('outside', { media: [{ address: '127.0.0.1' }, { address: '::1' }] }), inside] }, []],
  [
    'refuses media advertised in the other family',
    { zones: [zone('outside', { media: [{ address: '127.0.0.1', advertised: '::1' }] }), inside] },
    [/is not of the family of/],
  ],
  [
    'wants media.ports in order',
    { media: { ports: { min: 30000, max: 30000 } } },
    [/^error media\.ports\.min: found 30000, allowed: less than max/],
  ],
  [
    'wants an even first media port',
    { media: { ports: { min: 30001, max: 30100 } } },
    [/^error media\.ports\.min: found 30001, allowed: an even port/],
  ],
  [
    'wants ports for every worker',
    { media: { workers: 8, ports: { min: 30000, max: 30015 } } },
    [/^error media\.ports\.max: leaves 8 RTP ports for 8 workers/],
  ],
  [
    'warns of a listener inside the media ports',
    { media: { ports: { min: 5000, max: 5070 } } },
    [/^warning zones\[0\]\.listeners\[0\]\.port: 5060 lies inside media\.ports/],
  ],
  [
    'wants the zone of a pool to exist',
    { pools: [{ name: 'farm', zone: 'insdie', nodes: [{ name: 'a', uri: 'sip:127.0.0.1' }] }] },
    [/^error pools\[0\]\.zone: there is no zone "insdie" \(did you mean "inside"\?\)/],
  ],
  ['wants routing.pool to exist', { routing: { pool: 'x' } }, [/^error routing\.pool: there is no pool "x", allowed: farm/]],
  [
    'wants routing.pool inside',
    { pools: [{ name: 'farm', zone: 'outside', nodes: [{ name: 'a', uri: 'sip:127.0.0.1' }] }] },
    [/^error routing\.pool: pool "farm" is in zone "outside", which is outside/],
  ],
  ['warns without routing.pool', { routing: {} }, [/^warning routing\.pool: is not set: calls from outside zones will be refused/]],
  [
    'wants routing.outbound.zone to exist',
    { routing: { pool: 'farm', outbound: { zone: 'away' } } },
    [/^error routing\.outbound\.zone: there is no zone "away"/],
  ],
  [
    'wants routing.outbound.zone outside',
    { routing: { pool: 'farm', outbound: { zone: 'inside' } } },
    [/^error routing\.outbound\.zone: "inside" is an inside zone/],
  ],
  [
    'wants nextHop to be a SIP URI',
    { routing: { pool: 'farm', outbound: { zone: 'outside', nextHop: 'carrier.example' } } },
    [/^error routing\.outbound\.nextHop: found "carrier\.example", allowed: a SIP URI/],
  ],
  ['refuses a tel URI as node', withNode('tel:+4930123'), [/^error pools\[0\]\.nodes\[0\]\.uri: found "tel:/]],
  ['refuses a node without host', withNode('sip:@x:y'), [/^error pools\[0\]\.nodes\[0\]\.uri/]],
  [
    'refuses a node whose protocol the zone cannot send',
    withNode('sip:127.0.0.1;transport=tcp'),
    [/^error .*uri: needs tcp, but zone "inside" has no tcp listener/],
  ],
  ['refuses a sips node without a tls listener', withNode('sips:fs.example'), [/^error .*uri: needs tls/]],
  [
    'refuses a node of a family the zone has not',
    withNode('sip:[2001:db8::5]'),
    [/^error .*uri: is IPv6, but zone "inside" has no listener of that family/],
  ],
  ['takes a node by host name', withNode('sip:fs.example'), []],
];

for (const [name, change, expected] of cases) {
  test(`findingsOf ${name}`, () => {
    const found = findings(change);
    assert.equal(found.length, expected.length, found.join('\n'));
    for (const [index, pattern] of expected.entries()) assert.match(found[index]!, pattern);
  });
}
