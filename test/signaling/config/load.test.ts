import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { loadConfig } from '../../../signaling/config/load.ts';
import { complaints, directoryWith, load, loadBody, sound, warnings } from './config-directory.ts';

test('loadConfig takes a sound file and fills in the defaults', (t) => {
  const { result } = load(t, { 'weir.yaml': sound });
  assert.deepEqual(complaints(result), []);
  assert.ok(result.kind === 'loaded');
  assert.deepEqual(result.warnings, []);
  assert.equal(result.config.limits.calls, 20_000);
  assert.equal(result.config.zones[1]?.name, 'inside');
});

test('loadConfig tells all problems at once, with place, key path, found and allowed', (t) => {
  const text = sound
    .replace('port: 5060', 'port: 70000')
    .replace('side: inside', 'sied: inside')
    .replace('address: 127.0.0.1, port: 5080', 'address: localhost, port: 5080');
  const { directory, result } = load(t, { 'weir.yaml': `${text}limits:\nmedia:\n  io: fast\n  ports: { min: even, max: 0 }\n` });
  assert.deepEqual(complaints(result, directory), [
    'weir.yaml:5:52: zones[0].listeners[0].port: found 70000, allowed: a whole number from 1 to 65535',
    'weir.yaml:8:5: zones[1].side: is missing, allowed: "outside", "inside"',
    'weir.yaml:9:5: zones[1].sied: is no known key (did you mean "side"?)',
    'weir.yaml:11:35: zones[1].listeners[0].address: found "localhost", allowed: an IPv4 address or an IPv6 address',
    'weir.yaml:21:1: limits: found nothing, allowed: a section with the keys calls, callsPerSecond, messageBytes, connections, ' +
      'connectionsPerSource, connectionIdleMs, firstMessageMs, tlsHandshakeMs, ringMs, callMs, drainMs',
    'weir.yaml:23:7: media.io: found "fast", allowed: "auto", "uring", "epoll", "dgram"',
    'weir.yaml:24:17: media.ports.min: found "even", allowed: a whole number from 1 to 65535',
    'weir.yaml:24:28: media.ports.max: found 0, allowed: a whole number from 1 to 65535',
  ]);
});

test('loadConfig tells what the rules say although a key is mistyped', (t) => {
  const { directory, result } = load(t, { 'weir.yaml': sound.replace('pool: farm', 'pool: fram\n  autobound: {}') });
  assert.deepEqual(complaints(result, directory), [
    'weir.yaml:20:9: routing.pool: there is no pool "fram" (did you mean "farm"?)',
    'weir.yaml:21:3: routing.autobound: is no known key (did you mean "outbound"?)',
  ]);
});

for (const name of ['__proto__', 'constructor', 'hasOwnProperty']) {
  test(`loadConfig takes the key ${name} for what it is, an unknown one`, () => {
    assert.match(complaints(loadBody(`${sound}${name}: { calls: 1 }\n`)).join(), new RegExp(`:21:1: ${name}: is no known key`));
  });
}

const broken: [name: string, text: string, expected: RegExp][] = [
  ['an empty file', '', /:1:1: found nothing but a value or comments/],
  ['a file of comments', '# nothing yet\n', /found nothing but/],
  ['a list at the top', '- a\n', /found a list, allowed: sections/],
  ['a null entry in a list', 'zones: [null]\n', /:1:9: zones\[0\]: found nothing, allowed: a section with the keys name/],
  ['an empty list where one entry is needed', 'zones: []\n', /:1:8: zones: found an empty list, allowed: a list of 1 to 64 entries/],
  ['a list where a section is needed', `${sound}limits: [1]\n`, /limits: found a list of 1, allowed: a section/],
  [
    'a section where a number is needed',
    `${sound}limits: { calls: { a: 1 } }\n`,
    /limits\.calls: found a section, allowed: a whole number/,
  ],
  ['a name the pattern refuses', sound.replaceAll('name: inside', 'name: Inside!'), /found "Inside!", allowed: 1-32 of a-z, 0-9/],
  ['control characters in a value', `${sound}log: { level: "\\e[31m\\r\\n" }\n`, /log\.level: found "\\u001b\[31m\\r\\n", allowed/],
];
for (const [name, text, expected] of broken) {
  test(`loadConfig refuses ${name} with a place`, () => {
    assert.match(complaints(loadBody(text)).join('\n'), expected);
  });
}

test('loadConfig tells a missing file in one line', () => {
  const result = loadConfig({ source: { kind: 'file', path: '/nonexistent/weir.yaml' }, env: {}, wallClock: () => 0 });
  assert.deepEqual(complaints(result), [
    "/nonexistent/weir.yaml: cannot read: ENOENT: no such file or directory, open '/nonexistent/weir.yaml'",
  ]);
});

test('loadConfig tells a directory given as the file', (t) => {
  const directory = directoryWith(t, { 'weir.yaml/x': '' });
  const result = loadConfig({ source: { kind: 'file', path: join(directory, 'weir.yaml') }, env: {}, wallClock: () => 0 });
  assert.match(complaints(result).join(), /cannot read: EISDIR/);
});

test('loadConfig joins conf.d beside the file: sections by key, lists end to end', (t) => {
  const { directory, result } = load(t, {
    'weir.yaml': sound,
    'conf.d/20-limits.yaml': 'limits: { calls: 7 }\n',
    'conf.d/10-pool.yaml': "pools:\n  - { name: spare, zone: inside, nodes: [{ name: s1, uri: 'sip:127.0.0.1:5091' }] }\n",
    'conf.d/.hidden.yaml': 'not: read\n',
    'conf.d/README': 'not read',
  });
  assert.deepEqual(complaints(result), []);
  assert.ok(result.kind === 'loaded');
  assert.deepEqual(
    result.config.pools.map((pool) => pool.name),
    ['farm', 'spare'],
  );
  assert.equal(result.config.limits.calls, 7);
  assert.deepEqual(
    result.sources.map((file) => file.slice(directory.length + 1)),
    ['weir.yaml', 'conf.d/10-pool.yaml', 'conf.d/20-limits.yaml'],
  );
});

test('loadConfig names the file of conf.d that holds the fault, and of two that set one value both', (t) => {
  const { directory, result } = load(t, {
    'weir.yaml': `${sound}limits: { calls: 5 }\n`,
    'conf.d/a.yaml': 'limits:\n  calls: 6\n  ringMs: soon\n',
    'conf.d/b.yaml': 'routing: [x]\n',
  });
  assert.deepEqual(complaints(result, directory), [
    'conf.d/a.yaml:2:10: limits.calls: is set twice, first at weir.yaml:21:18',
    'conf.d/a.yaml:3:11: limits.ringMs: found "soon", allowed: a whole number from 0 to 86400000',
    'conf.d/b.yaml:1:10: routing: is a list here and a section at weir.yaml:20:3',
  ]);
});

test('loadConfig reads a whole configuration from the environment', () => {
  assert.equal(loadBody(sound).kind, 'loaded');
  assert.match(complaints(loadBody('zones: {')).join(), /^WEIR_CONFIG_BODY:1:/);
});

test('loadConfig gives environment overrides the last word and reads them by type', () => {
  const result = loadBody(`${sound}limits: { calls: 5 }\n`, {
    WEIR__limits__calls: '6',
    WEIR__LIMITS__RINGMS: '1000',
    WEIR__zones__0__listeners__0__port: '15060',
    WEIR__zones__0__allow: '192.0.2.0/24, 2001:db8::/32',
    WEIR__sip__userAgent: '0815',
    WEIR_OTHER: 'ignored',
  });
  assert.deepEqual(complaints(result), []);
  assert.ok(result.kind === 'loaded');
  assert.deepEqual([result.config.limits.calls, result.config.limits.ringMs], [6, 1000]);
  assert.equal(result.config.zones[0]?.listeners[0]?.port, 15_060);
  assert.deepEqual(result.config.zones[0]?.allow, ['192.0.2.0/24', '2001:db8::/32']);
  assert.equal(result.config.sip.userAgent, '0815');
});

test('loadConfig tells overrides that lead nowhere, and does not show their values', () => {
  const result = loadBody(sound, {
    WEIR__limits__cals: '1',
    WEIR__limits: '1',
    WEIR__zones__first__name: 'x',
    WEIR__zones__7__name: 'x',
    WEIR__zones: 'x',
    WEIR__limits__calls: 'hunter2',
  });
  assert.deepEqual(complaints(result), [
    'environment variable WEIR__limits: names a section, not a single value',
    'environment variable WEIR__limits__calls: limits.calls: found a value from the environment (not shown), allowed: a whole number from 1 to 1000000',
    'environment variable WEIR__limits__cals: "cals" is no known key (did you mean "calls"?)',
    'environment variable WEIR__zones: names a list of 1 to 64 entries of sections; set the values inside it one by one',
    'environment variable WEIR__zones__7__name: entry 7 cannot be set: the list has 2, allowed: 0 to 2',
    'environment variable WEIR__zones__first__name: "first" must be the number of a list entry, counted from 0',
  ]);
});

test('loadConfig fills in ${VAR}, ${VAR:-default} and ${file:...}, and reads numbers where numbers belong', (t) => {
  const directory = directoryWith(t, { name: 'from-file\n' });
  const text = `${sound}limits:\n  calls: \${CALLS}\n  ringMs: \${RING:-7000}\nsip:\n  userAgent: '\${file:${directory}/name} $\${kept}'\ndns: { servers: ['\${DNS:-}1.2.3.4'] }\n`;
  const result = loadBody(text, { CALLS: '42', RING: '' });
  assert.deepEqual(complaints(result), []);
  assert.ok(result.kind === 'loaded');
  assert.deepEqual([result.config.limits.calls, result.config.limits.ringMs], [42, 7000]);
  assert.equal(result.config.sip.userAgent, 'from-file ${kept}');
  assert.deepEqual(result.config.dns.servers, ['1.2.3.4']);
  assert.deepEqual([...result.secretPaths], ['sip.userAgent']);
});

test('loadConfig leaves quoted text in the file what it is', () => {
  assert.match(complaints(loadBody(`${sound}limits: { calls: "42" }\n`)).join(), /limits\.calls: found "42", allowed: a whole number/);
});

test('loadConfig does not read YAML structure out of a variable', () => {
  const result = loadBody(`${sound}sip: { userAgent: "\${NAME}" }\n`, { NAME: 'x }\nlimits: { calls: 1' });
  assert.ok(result.kind === 'loaded');
  assert.equal(result.config.sip.userAgent, 'x }\nlimits: { calls: 1');
  assert.equal(result.config.limits.calls, 20_000);
});

test('loadConfig tells what cannot be filled in, once, and never the secret', (t) => {
  const directory = directoryWith(t, { secret: 'hunter2-long-secret' });
  const text = `${sound}limits:\n  calls: \${NOT_SET}\n  ringMs: "\${file:${directory}/secret}"\n  callMs: "\${file:relative}"\n  drainMs: "\${file:/nonexistent/x}"\n  connections: "\${a b}"\n  messageBytes: "\${open"\n`;
  const found = complaints(loadBody(text));
  assert.deepEqual(
    found.map((line) => line.replace(directory, '')),
    [
      'WEIR_CONFIG_BODY:22:10: limits.calls: the environment variable NOT_SET is not set (${NOT_SET:-default} gives a default)',
      'WEIR_CONFIG_BODY:23:11: limits.ringMs: found (secret), allowed: a whole number from 0 to 86400000',
      'WEIR_CONFIG_BODY:24:11: limits.callMs: ${file:relative} must name an absolute path',
      "WEIR_CONFIG_BODY:25:12: limits.drainMs: cannot read /nonexistent/x: ENOENT: no such file or directory, open '/nonexistent/x'",
      'WEIR_CONFIG_BODY:26:16: limits.connections: cannot read "${a b}", allowed: ${NAME}, ${NAME:-default}, ${file:/absolute/path}',
      'WEIR_CONFIG_BODY:27:17: limits.messageBytes: ${open has no closing }',
    ],
  );
});

test('loadConfig keeps warnings apart from errors', () => {
  const result = loadBody(sound.replace('routing:\n  pool: farm\n', ''));
  assert.equal(result.kind, 'loaded');
  assert.match(warnings(result).join(), /routing\.pool: is not set/);
});

test('loadConfig lives through a file that vanishes or is half written between two loads', (t) => {
  const directory = directoryWith(t, { 'weir.yaml': sound.slice(0, 100) });
  const source = { kind: 'file', path: join(directory, 'weir.yaml') } as const;
  assert.equal(loadConfig({ source, env: {}, wallClock: () => 0 }).kind, 'invalid');
  rmSync(source.path);
  assert.equal(loadConfig({ source, env: {}, wallClock: () => 0 }).kind, 'invalid');
});
