import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../../media/io/address.ts';
import { OwnSockets } from '../../../media/relay/own-sockets.ts';
import { parsePrefix, prefixContains } from '../../../media/relay/prefix.ts';
import { TargetPolicy, type TargetVerdict } from '../../../media/relay/target-policy.ts';
import type { MediaInterface } from '../../../shared/relay/worker-options.ts';

function verdicts(media: Partial<MediaInterface>, targets: Readonly<Record<string, TargetVerdict>>): void {
  const address = media.address ?? '203.0.113.1';
  const full: MediaInterface = {
    name: 'zone',
    family: address.includes(':') ? 6 : 4,
    address,
    advertised: address,
    allowed: [],
    denied: [],
    ...media,
  };
  const policy = new TargetPolicy(full, { has: () => false });
  for (const [target, verdict] of Object.entries(targets)) {
    const words = parseAddress(target);
    if (words === undefined) throw new Error(target);
    assert.equal(policy.verdict(words, 4000), verdict, `${target} from ${full.address}`);
  }
}

const nobody = {
  '0.0.0.0': 'never',
  '0.1.2.3': 'never',
  '224.0.0.1': 'never',
  '239.255.255.250': 'never',
  '255.255.255.255': 'never',
} as const;

test('TargetPolicy of an interface on the internet wants proof of private and local targets', () => {
  verdicts(
    { address: '203.0.113.1' },
    {
      ...nobody,
      '198.51.100.7': 'fine',
      '10.1.2.3': 'unproven',
      '172.16.0.1': 'unproven',
      '172.32.0.1': 'fine',
      '192.168.255.255': 'unproven',
      '100.64.0.1': 'unproven',
      '100.128.0.1': 'fine',
      '169.254.169.254': 'unproven',
      '127.0.0.1': 'unproven',
      '2001:db8::1': 'never',
    },
  );
});

test('TargetPolicy goes by the advertised address: a cloud host with a private one is on the internet', () => {
  verdicts({ address: '10.0.0.4', advertised: '203.0.113.1' }, { ...nobody, '10.1.2.3': 'unproven', '198.51.100.7': 'fine' });
  verdicts(
    { address: '10.0.0.4' },
    { ...nobody, '10.1.2.3': 'fine', '192.168.1.1': 'fine', '198.51.100.7': 'fine', '127.0.0.1': 'unproven' },
  );
});

test('TargetPolicy of a loopback interface serves loopback and nothing else', () => {
  verdicts(
    { address: '127.0.0.1' },
    { ...nobody, '127.0.0.1': 'fine', '127.9.9.9': 'fine', '10.1.2.3': 'unproven', '198.51.100.7': 'unproven' },
  );
});

test('TargetPolicy knows the classes of IPv6', () => {
  verdicts(
    { address: '2001:db8::1' },
    {
      '::': 'never',
      'ff02::1': 'never',
      '198.51.100.7': 'never',
      '2001:db8::7': 'fine',
      'fd00::1': 'unproven',
      'fe80::1': 'unproven',
      '::1': 'unproven',
    },
  );
  verdicts({ address: 'fd00::1' }, { 'fd12::1': 'fine', '2001:db8::7': 'fine', '::1': 'unproven' });
  verdicts({ address: '::1' }, { '::1': 'fine', '2001:db8::7': 'unproven' });
});

test('TargetPolicy obeys the lists of the interface, denial first', () => {
  verdicts(
    { address: '203.0.113.1', allowed: ['10.8.0.0/16', '224.0.0.0/4', 'nonsense'], denied: ['10.8.1.0/24', '198.51.100.0/24', '10/8'] },
    { ...nobody, '10.8.2.1': 'fine', '10.8.1.1': 'unproven', '10.9.0.1': 'unproven', '198.51.100.7': 'unproven', '198.51.101.7': 'fine' },
  );
});

test('OwnSockets knows open media ports on every address of ours, advertised ones too, and the listeners', () => {
  const media = { family: 4 as const, allowed: [], denied: [] };
  const own = new OwnSockets({
    interfaces: [
      { ...media, name: 'outside', address: '10.0.0.4', advertised: '203.0.113.1' },
      { ...media, name: 'inside', address: '10.0.0.5', advertised: '10.0.0.5' },
    ],
    openPorts: new SharedArrayBuffer(16_384),
    ownEndpoints: [
      { address: '0.0.0.0', port: 5060 },
      { address: '10.0.0.9', port: 5080 },
    ],
  });
  own.mark('10.0.0.4', 20_000, 'open');
  own.mark('10.0.0.5', 20_003, 'open');
  const has = (address: string, port: number): boolean => {
    const words = parseAddress(address);
    return words !== undefined && own.has(words, port);
  };
  assert.deepEqual([has('10.0.0.4', 20_000), has('203.0.113.1', 20_000), has('10.0.0.5', 20_000)], [true, true, false]);
  assert.deepEqual([has('10.0.0.5', 20_003), has('10.0.0.4', 20_003), has('10.0.0.5', 20_002)], [true, false, false]);
  assert.deepEqual([has('203.0.113.1', 5060), has('10.0.0.5', 5060), has('198.51.100.7', 5060)], [true, true, false]);
  assert.deepEqual([has('10.0.0.9', 5080), has('10.0.0.5', 5080)], [true, false]);
  own.mark('10.0.0.4', 20_000, 'closed');
  assert.equal(has('10.0.0.4', 20_000), false);
});

test('parsePrefix takes addresses and CIDR, and refuses what is neither', () => {
  for (const text of ['', '/8', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8x', '10.0.0/8', '::/129', 'host']) {
    assert.equal(parsePrefix(text), undefined, text);
  }
  const cases: readonly (readonly [prefix: string, address: string, inside: boolean])[] = [
    ['0.0.0.0/0', '255.1.2.3', true],
    ['128.0.0.0/1', '127.0.0.1', false],
    ['198.51.100.7', '198.51.100.7', true],
    ['198.51.100.7', '198.51.100.6', false],
    ['198.51.100.6/31', '198.51.100.7', true],
    ['2001:db8:1::/48', '2001:db8:1:ffff::1', true],
    ['2001:db8:1::/48', '2001:db8:2::1', false],
    ['::/0', '1.2.3.4', false],
    ['2001:db8::1/128', '2001:db8::1', true],
    ['2001:db8::/127', '2001:db8::2', false],
  ];
  for (const [prefix, address, inside] of cases) {
    const [parsed, words] = [parsePrefix(prefix), parseAddress(address)];
    if (parsed === undefined || words === undefined) throw new Error(prefix);
    assert.equal(prefixContains(parsed, words), inside, `${address} in ${prefix}`);
  }
});
