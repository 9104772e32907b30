import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { commandProblem, isCommand, refOf } from '../../../media/relay/command.ts';
import { at, endpoint, pcma, RelayWorld } from './relay-world.ts';

const transport = endpoint({ id: 1, ...at('198.51.100.7', 4000), signalingAddress: '2001:db8::1' });
const state = { transports: [transport], streams: [{ from: 1, to: [1], codecs: [pcma] }], timeoutMs: 0 };
const apply = { kind: 'apply', ref: 1, session: 's', revision: 1, state };
const reserve = { kind: 'reserve', ref: 1, session: 's', transports: [{ id: 1, interface: 'outside', family: 4, rtcp: 'mux' }] };

test('isCommand takes every command as stated', () => {
  const keys = { suite: 'AES_CM_128_HMAC_SHA1_80', keySalt: 'abc', mki: '01' };
  const secured = { ...transport, protection: { kind: 'sdes', local: keys, remote: keys } };
  const good = [
    apply,
    reserve,
    { ...apply, state: { ...state, transports: [secured] } },
    { ...apply, state: { transports: [], streams: [], timeoutMs: Number.POSITIVE_INFINITY } },
    { kind: 'release', ref: 1, session: 's' },
    { kind: 'query', ref: 0, session: 's' },
    { kind: 'drain', ref: 2 },
  ];
  for (const command of good) assert.equal(commandProblem(command), undefined, JSON.stringify(command));
});

test('commandProblem names the field that is wrong', () => {
  const one = (change: object): object => ({ ...apply, state: { ...state, transports: [{ ...transport, ...change }] } });
  const stream = (change: object): object => ({ ...apply, state: { ...state, streams: [{ ...state.streams[0], ...change }] } });
  const cases: readonly (readonly [command: unknown, problem: RegExp])[] = [
    [null, /not an object/],
    [[apply], /not an object/],
    [{ ...apply, ref: -1 }, /ref is -1/],
    [{ ...apply, ref: 1.5 }, /ref is 1.5/],
    [{ ...apply, kind: 'destroy' }, /kind is "destroy"/],
    [{ ...apply, session: '' }, /session/],
    [{ ...apply, session: 'x'.repeat(257) }, /session/],
    [{ ...apply, revision: Number.NaN }, /revision is NaN/],
    [{ ...apply, state: { ...state, timeoutMs: -1 } }, /timeoutMs is -1/],
    [{ ...apply, state: { ...state, timeoutMs: Number.NaN } }, /timeoutMs/],
    [{ ...apply, state: { ...state, transports: new Array(65).fill(transport) } }, /transports has 65 entries, at most 64/],
    [one({ remote: { address: 'example.com', port: 4000 } }), /remote/],
    [one({ remote: { address: '198.51.100.7', port: 0 } }), /remote/],
    [one({ remoteRtcp: { address: '198.51.100.7', port: 65_536 } }), /remoteRtcp/],
    [one({ signalingAddress: 'fe80::1%eth0' }), /signalingAddress/],
    [one({ dscp: 64 }), /dscp is 64/],
    [one({ learning: 'eager' }), /learning is "eager"/],
    [one({ acceptFrom: undefined }), /acceptFrom is undefined/],
    [one({ rtcpMux: 1 }), /rtcpMux/],
    [one({ armed: '2' }), /armed/],
    [
      one({ protection: { kind: 'sdes', local: { suite: 'S', keySalt: 'topsecret' }, remote: {} } }),
      /^transports: protection has malformed keys$/,
    ],
    [stream({ to: ['1'] }), /to: to is "1"/],
    [stream({ codecs: [{ ...pcma, payloadType: 128 }] }), /payloadType is 128/],
    [stream({ codecs: [{ ...pcma, clockRate: Number.POSITIVE_INFINITY }] }), /clockRate/],
    [{ ...reserve, transports: [{ id: 1, interface: 'outside', family: 5, rtcp: 'mux' }] }, /family is 5/],
    [{ ...reserve, transports: [{ id: 1, interface: 'outside', family: 4, rtcp: 'both' }] }, /rtcp is "both"/],
    [{ ...reserve, transports: { length: 1 } }, /transports is object/],
  ];
  for (const [command, problem] of cases) {
    assert.match(commandProblem(command) ?? 'none', problem);
    assert.equal(isCommand(command), false);
  }
});

test('SessionTable answers anything with a ref exactly once and throws at nothing', () => {
  const world = new RelayWorld();
  const odd = fc.oneof(fc.anything(), fc.constantFrom('s', 1, 'reserve', 'apply', transport, state, [transport]));
  const command = fc.record({
    kind: fc.constantFrom('reserve', 'apply', 'release', 'query', 'what'),
    ref: fc.nat(),
    session: odd,
    state: odd,
    transports: odd,
    revision: odd,
  });
  fc.assert(
    fc.property(fc.oneof(command, fc.anything()), (message) => {
      world.posted.length = 0;
      world.table.command(message, world.now);
      assert.equal(world.posted.length, 1);
      const [reply] = world.posted;
      assert.ok(reply !== undefined && 'ref' in reply && reply.ref === refOf(message));
    }),
    { seed: 9, numRuns: 2000 },
  );
});
