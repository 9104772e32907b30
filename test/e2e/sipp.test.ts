// sipp on both sides of a running Weir, over UDP and TCP in all four mixes: every scenario that wants something of the path
// between caller and callee. What is right stands in the scenarios; here it is counted.
import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { missingTool } from '../support/packages.ts';
import { type SippResult, type SippRun, startSipp } from '../support/sipp.ts';
import { siteConfig } from '../support/site.ts';
import { UdpPeer } from '../support/udp-peer.ts';
import { type EndOfCall, WeirProcess } from '../support/weir-process.ts';

const skip = missingTool('sipp');

type Transport = 'udp' | 'tcp';

/** Each has a Weir and addresses of its own, so that they run side by side. */
const mixes: { readonly outside: Transport; readonly inside: Transport; readonly net: string; readonly port: number }[] = [
  { outside: 'udp', inside: 'udp', net: '127.30.21', port: 5310 },
  { outside: 'tcp', inside: 'udp', net: '127.30.22', port: 5320 },
  { outside: 'udp', inside: 'tcp', net: '127.30.23', port: 5330 },
  { outside: 'tcp', inside: 'tcp', net: '127.30.24', port: 5340 },
];

interface Pair {
  readonly does: string;
  readonly client: string;
  readonly server: string;
  /** As the CDR tells it; default: caller-hangup. */
  readonly reason?: string;
  readonly load?: Pick<SippRun, 'calls' | 'rate'>;
}

const pairs: readonly Pair[] = [
  { does: 'a hundred calls at 50 a second', client: 'uac-basic', server: 'uas-basic', load: { calls: 100, rate: 50 } },
  { does: 'early media', client: 'uac-basic', server: 'uas-early-media' },
  { does: 'a late offer', client: 'uac-late-offer', server: 'uas-late-offer' },
  { does: 'reliable provisional responses', client: 'uac-prack', server: 'uas-prack' },
  { does: 're-INVITEs of the caller', client: 'uac-reinvite', server: 'uas-reinvited' },
  { does: 're-INVITEs of the callee', client: 'uac-reinvite-from-uas', server: 'uas-reinvite' },
  { does: 'UPDATE of the caller', client: 'uac-update', server: 'uas-updated' },
  { does: 'UPDATE of the callee', client: 'uac-update-from-uas', server: 'uas-update' },
  { does: 'INFO', client: 'uac-info', server: 'uas-info' },
  { does: 'CANCEL', client: 'uac-cancel', server: 'uas-ring', reason: 'caller-cancelled' },
  { does: 'BYE of the callee', client: 'uac-bye-from-uas', server: 'uas-bye', reason: 'callee-hangup' },
  { does: 'REFER of the callee and its NOTIFYs', client: 'uac-refer-from-uas', server: 'uas-refer', reason: 'callee-hangup' },
  { does: '486', client: 'uac-refused', server: 'uas-busy', reason: 'rejected' },
  { does: '302', client: 'uac-refused', server: 'uas-redirect', reason: 'rejected' },
];

interface Played {
  readonly name: string;
  readonly result: SippResult;
  readonly calls: number;
}

/** On a loaded machine sipp also tells of retransmissions; only the calls count. */
function assertWell(...played: readonly Played[]): void {
  const story = played.map(({ name, result }) => `${name}: ${result.errors.slice(0, 2000)}\n...${result.messages.slice(-5000)}`).join('\n');
  const told = played.map(({ name, result }) => [name, result.exitCode, result.successful]);
  const wanted = played.map(({ name, calls }) => [name, 0, calls]);
  assert.deepEqual(told, wanted, story);
}

/** The CDRs of the calls that a client placed. */
function cdrsOf(weir: WeirProcess, client: SippResult): Promise<EndOfCall[]> {
  const names = new Set(Array.from(client.messages.matchAll(/^Call-ID: *(\S+)/gm), ([, name]) => name!));
  return Promise.all(Array.from(names, (name) => weir.cdr(name)));
}

/** A call that Weir has not forgotten would keep it from ending. */
async function assertDrained(weir: WeirProcess): Promise<void> {
  weir.child.kill('SIGTERM');
  const exit = await Promise.race([weir.ended, weir.logged('ended').then(() => weir.ended)]);
  assert.equal(exit.code, 0, weir.output);
}

describe('weir between two sipp', { skip, concurrency: 2 }, () => {
  for (const mix of mixes) {
    describe(`weir between ${mix.outside} outside and ${mix.inside} inside`, { concurrency: 1 }, () => {
      const { net, port } = mix;
      const weirAddress = `${net}.1`;
      const node = `${net}.20`;
      let weir: WeirProcess;
      before(async () => {
        const uri = `sip:${node}:${port}${mix.inside === 'tcp' ? ';transport=tcp' : ''}`;
        // On a loaded machine sipp may take its time for a 100.
        const failover = { responseMs: 15_000 };
        weir = await WeirProcess.start({ config: siteConfig({ outside: weirAddress, inside: `${net}.2`, nodes: [uri], failover }) });
      });
      after(() => weir.stop());

      for (const { does, client, server, reason = 'caller-hangup', load = {} } of pairs) {
        test(`weir carries ${does}`, async () => {
          const { calls = 1 } = load;
          const keys = new Map([['target', `other@${node}:5060`]]);
          const uasRun = { scenario: server, localAddress: node, localPort: port, transport: mix.inside, keys, calls, pauseMs: 50 };
          const uas = startSipp(uasRun);
          await uas.ready;
          const uacRun = { scenario: client, localAddress: `${net}.10`, localPort: port + 1, transport: mix.outside, pauseMs: 50 };
          const uac = await startSipp({ ...uacRun, remote: `${weirAddress}:5060`, ...load }).done;
          if (uac.exitCode !== 0) uas.stop();
          assertWell({ name: client, result: uac, calls }, { name: server, result: await uas.done, calls });
          const reasons = (await cdrsOf(weir, uac)).map((cdr) => cdr.reason);
          assert.deepEqual(reasons, new Array(calls).fill(reason));
        });
      }

      test('weir forgets every call', () => assertDrained(weir));
    });
  }
});

describe('weir with a node that fails', { skip, concurrency: 2 }, () => {
  /** Two nodes, of which the first fails: a first call finds that out, four more go to the second at once. */
  async function failsOver(t: TestContext, net: string, ports: { bad: number; good: number }): Promise<void> {
    const nodes = [`sip:${net}.20:${ports.bad}`, `sip:${net}.21:${ports.good}`];
    const failover = { responseMs: 1500, holdOffMs: 60_000 };
    const weir = await WeirProcess.start({ config: siteConfig({ outside: `${net}.1`, inside: `${net}.2`, nodes, failover }) });
    t.after(() => weir.stop());
    const good = startSipp({ scenario: 'uas-basic', localAddress: `${net}.21`, localPort: ports.good, calls: 5 });
    t.after(() => good.stop());
    await good.ready;
    const local = { localAddress: `${net}.10`, localPort: ports.good + 1, remote: `${net}.1:5060` };
    for (const [calls, branches] of [
      [1, 2],
      [4, 1],
    ] as const) {
      const uac = await startSipp({ scenario: 'uac-basic', ...local, calls }).done;
      assertWell({ name: 'uac', result: uac, calls });
      const told = (await cdrsOf(weir, uac)).map((cdr) => `${cdr.node}, branch ${cdr.branches}`);
      assert.deepEqual(told, new Array(calls).fill(`node-2, branch ${branches}`));
    }
    assertWell({ name: 'node-2', result: await good.done, calls: 5 });
    await assertDrained(weir);
  }

  test('weir sends the call a node refuses with 503 to the next node, and the later ones there at once', async (t) => {
    const full = startSipp({ scenario: 'uas-503', localAddress: '127.30.25.20', localPort: 5350 });
    await full.ready;
    await failsOver(t, '127.30.25', { bad: 5350, good: 5351 });
    assertWell({ name: 'node-1', result: await full.done, calls: 1 });
  });

  test('weir sends the call a node is silent about to the next node, and the later ones there at once', async (t) => {
    const mute = await UdpPeer.bind('127.30.26.20');
    t.after(() => mute.close());
    await failsOver(t, '127.30.26', { bad: mute.port, good: 5361 });
    assert.match(Buffer.from((await mute.next()).bytes).toString('latin1'), /^INVITE /);
  });
});
