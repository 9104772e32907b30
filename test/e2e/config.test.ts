// What an operator meets first: a configuration full of mistakes, an open door, a port that is taken. As processes, the whole way.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { SipPeer } from '../support/sip-peer.ts';
import { siteConfig } from '../support/site.ts';
import { newDirectory, root, WeirProcess } from '../support/weir-process.ts';

const net = '127.30.111';

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function directory(t: TestContext): string {
  const made = newDirectory();
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Runs the command line to its end. */
async function weir(cwd: string, ...args: string[]): Promise<Outcome> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WEIR')));
  const command = ['--disable-warning=ExperimentalWarning', join(root, 'signaling', 'main.ts'), ...args];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'], cwd, env });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, out, err };
}

const mistakes = `zones:
  - name: Outside
    side: outside
    listeners:
      - { protocol: sctp, address: ${net}.1, port: 5060 }
      - { protocol: udp, address: ${net}.1, port: 70000 }
      - { protocol: udp, adress: ${net}.1, port: 5060 }
    media: []
  - name: inside
    side: inside
    listeners: [{ protocol: udp, address: not-an-address, port: 5060 }]
    media: [{ address: ${net}.2 }]
    learning: psychic
pools:
  - name: farm
    zone: inside
    nodes: []
media: { ports: { min: 20000, max: 99999 }, io: fast }
limits: { ringMs: soon }
log: { colour: blue }
`;
/** Line and column of what is wrong, and a word that must stand there. */
const expected: [place: string, words: RegExp][] = [
  ['2:11', /zones\[0\]\.name: found "Outside"/],
  ['5:21', /protocol: found "sctp", allowed: .*udp.*tcp.*tls/],
  ['6:55', /port: found 70000, allowed: .*65535/],
  ['7:', /adress.*did you mean "address"/],
  ['8:12', /zones\[0\]\.media/],
  ['11:43', /address: found "not-an-address"/],
  ['13:15', /learning: found "psychic", allowed: .*ranked.*signalled/],
  ['17:12', /nodes/],
  ['18:36', /max: found 99999/],
  ['18:49', /io: found "fast", allowed: .*auto.*uring.*epoll.*dgram/],
  ['19:19', /ringMs: found "soon"/],
  ['20:8', /colour/],
];

test('weir check prints every mistake of a file with its line and column, and exits 1', async (t) => {
  const cwd = directory(t);
  writeFileSync(join(cwd, 'weir.yaml'), mistakes);
  const { code, out, err } = await weir(cwd, 'check', '-c', 'weir.yaml');
  assert.deepEqual([code, out], [1, '']);
  const lines = err.trimEnd().split('\n');
  for (const [place, words] of expected) {
    const line = lines.find((each) => each.startsWith(`error: weir.yaml:${place}`) && words.test(each));
    assert.ok(line !== undefined, `${place} ${words}\n${err}`);
  }
  assert.match(lines.at(-1) ?? '', /^\d+ errors, \d+ warnings?$/);
  assert.ok(Number(/^\d+/.exec(lines.at(-1) ?? '')?.[0]) >= expected.length);
});

test('weir run refuses the same file with the same words, and starts nothing', async (t) => {
  const cwd = directory(t);
  writeFileSync(join(cwd, 'weir.yaml'), mistakes);
  const [checked, run] = await Promise.all([weir(cwd, 'check', '-c', 'weir.yaml'), weir(cwd, 'run', '-c', 'weir.yaml')]);
  assert.deepEqual([run.code, run.out], [78, '']);
  const errors = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('error: '));
  assert.deepEqual(errors(run.err), errors(checked.err));
  assert.match(run.err, /weir run: \d+ errors in the configuration\n$/);
});

test('weir run refuses to listen for strangers outside without a list of networks, and says why', async (t) => {
  const cwd = directory(t);
  const site = siteConfig({ outside: '203.0.113.10', inside: `${net}.2`, nodes: [`sip:${net}.20`] });
  writeFileSync(join(cwd, 'weir.yaml'), JSON.stringify(site, null, 2));
  for (const [command, exit] of [
    ['check', 1],
    ['run', 78],
  ] as const) {
    const { code, err } = await weir(cwd, command, '-c', 'weir.yaml');
    assert.equal(code, exit);
    assert.match(
      err,
      /weir\.yaml:\d+:\d+: zones\[0\]\.allow: is empty while the zone listens on 203\.0\.113\.10\. .*no authentication yet/,
    );
  }
});

test('weir run names zone, protocol and address of a port that is taken, over UDP and TCP', async (t) => {
  const held = await SipPeer.open(`${net}.1`, 5060);
  t.after(() => held.close());
  const server = createServer().listen(5080, `${net}.1`);
  await once(server, 'listening');
  t.after(() => server.close());
  for (const [port, protocol] of [
    [5060, 'udp'],
    [5080, 'tcp'],
  ] as const) {
    const config = siteConfig({ outside: `${net}.1`, inside: `${net}.2`, nodes: [`sip:${net}.20`], port });
    const run = WeirProcess.spawn({ config });
    assert.deepEqual(await run.ended, { code: 1, signal: null }, run.output);
    const failure = await run.logged('start-failed');
    assert.equal(failure.code, 'listen-failed');
    assert.match(String(failure.reason), new RegExp(`^Cannot listen on ${protocol} ${net}.1:${port} of zone "outside": .*EADDRINUSE`));
    await run.stop();
  }
});

test('weir run refuses a state directory that another Weir uses, and says so', async (t) => {
  const cwd = directory(t);
  const first = await WeirProcess.start({
    config: siteConfig({ outside: `${net}.3`, inside: `${net}.4`, nodes: [`sip:${net}.20`] }),
    directory: cwd,
  });
  t.after(() => first.stop());
  const config = siteConfig({ outside: `${net}.5`, inside: `${net}.6`, nodes: [`sip:${net}.20`] });
  const second = WeirProcess.spawn({ config, directory: cwd });
  assert.equal((await second.ended).code, 1, second.output);
  assert.match(String((await second.logged('start-failed')).reason), /another process/);
});
