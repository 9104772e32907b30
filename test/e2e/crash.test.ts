// Weir is killed under calls and started again on the same state: nobody is left hanging on either side, nothing is left in the
// records, and the next call works.
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../shared/log.ts';
import type { Call, CallEnd } from '../../signaling/agent/call.ts';
import { startTestAgent, type TestAgent } from '../../signaling/agent/test-agent.ts';
import { placeCall } from '../../signaling/probe/place-call.ts';
import { hears } from '../support/agent-scene.ts';
import { Phone, type PlacedCall } from '../support/phone.ts';
import { siteConfig } from '../support/site.ts';
import { polled, until, within } from '../support/until.ts';
import { newDirectory, WeirProcess } from '../support/weir-process.ts';

interface Scene {
  readonly agent: TestAgent;
  readonly phone: Phone;
  readonly directory: string;
  readonly weirAddress: string;
  start(args?: readonly string[]): Promise<WeirProcess>;
}

async function scene(t: TestContext, net: string, protocol: 'udp' | 'tcp', node = ''): Promise<Scene> {
  const weirAddress = `${net}.1`;
  const directory = newDirectory();
  const agent = await startTestAgent({ address: `${net}.20`, port: 5060, log: silentLog });
  const phone = await Phone.open({ address: `${net}.10`, weir: weirAddress, protocol });
  t.after(async () => {
    await phone.close();
    await agent.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const config = siteConfig({ outside: weirAddress, inside: `${net}.2`, nodes: [`sip:${net}.20:5060${node}`] });
  return {
    agent,
    phone,
    directory,
    weirAddress,
    async start(args = []) {
      const weir = await WeirProcess.start({ config, directory, args });
      t.after(() => weir.stop());
      return weir;
    },
  };
}

interface RecordOnDisk {
  readonly legs: readonly unknown[];
  readonly pending: readonly unknown[];
}

/** What a copy of the state holds: the running process has the files locked. */
function recordsOf(directory: string): RecordOnDisk[] {
  const copy = newDirectory();
  try {
    cpSync(join(directory, 'state'), copy, { recursive: true });
    const database = new DatabaseSync(join(copy, 'weir.db'));
    const rows = database.prepare('SELECT json FROM record').all();
    database.close();
    return rows.map(({ json }) => JSON.parse(String(json)));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function countRecords(directory: string): { answered: number; ringing: number } {
  const records = recordsOf(directory);
  return {
    answered: records.filter((record) => record.legs.length === 2).length,
    ringing: records.filter((record) => record.pending.length === 1).length,
  };
}

/** 20 calls that talk and 5 that ring, all of them on disk. */
async function placeMany({ agent, phone, directory }: Scene): Promise<Placed> {
  const talking = await Promise.all(Array.from({ length: 20 }, () => phone.dial('echo')));
  const ringing = await Promise.all(Array.from({ length: 5 }, () => phone.dial('ring')));
  await Promise.all(talking.map(async (placed) => hears(await placed.answered(), 5)));
  await Promise.all(ringing.map((placed) => placed.progress()));
  const onDisk = (): boolean => {
    const { answered, ringing } = countRecords(directory);
    return answered === 20 && ringing === 5;
  };
  await until(polled, onDisk, '20 answered and 5 ringing calls on disk');
  return { talking, ringing, nodeSide: agent.calls };
}

/** How calls ended, and how many so. */
async function endsOf(calls: readonly Call[]): Promise<Record<string, number>> {
  const tally: Record<string, number> = {};
  const ends = calls.map((call) => within(call.ended, 'the end of the call').then(describeEnd, (thrown: Error) => thrown.message));
  for (const end of await Promise.all(ends)) tally[end] = (tally[end] ?? 0) + 1;
  return tally;
}

function describeEnd(end: CallEnd): string {
  if (end.kind === 'bye') return `BYE from ${end.by}: ${end.reason}`;
  if (end.kind === 'refused') return `${end.status} from ${end.by}`;
  return end.kind === 'cancelled' ? `CANCEL from ${end.by}` : end.cause;
}

interface Placed {
  readonly talking: readonly PlacedCall[];
  readonly ringing: readonly PlacedCall[];
  readonly nodeSide: readonly Call[];
}

/** `waiting`: how the calls that rang ended for their callers. */
async function assertSettled(scene: Scene, waiting: string, { talking, ringing, nodeSide }: Placed): Promise<void> {
  const bye = 'BYE from far: Q.850;cause=41';
  assert.deepEqual(await endsOf(talking.map(({ call }) => call)), { [bye]: 20 });
  assert.deepEqual(await endsOf(ringing.map(({ call }) => call)), { [waiting]: 5 });
  assert.deepEqual(await endsOf(nodeSide), { [bye]: 20, 'CANCEL from far': 5 });
  await until(polled, () => recordsOf(scene.directory).length === 0, 'no records left');
  const report = await placeCall({
    uri: `sip:echo@${scene.weirAddress}`,
    seconds: 0.5,
    expectToneHz: 1000,
    localAddress: scene.phone.address,
  });
  assert.equal(report.result, 'ok', report.failure);
}

test('weir killed under calls hangs them up after its restart, both sides over UDP', async (t) => {
  const at = await scene(t, '127.30.31', 'udp');
  const first = await at.start();
  const placed = await placeMany(at);
  assert.deepEqual(await first.kill('SIGKILL'), { code: null, signal: 'SIGKILL' });
  const second = await at.start();
  await assertSettled(at, '500 from far', placed);
  assert.equal((await second.logged('settling-calls-of-a-killed-process')).calls, 25);
});

test('weir killed under calls hangs them up after its restart, both sides over TCP', async (t) => {
  const at = await scene(t, '127.30.32', 'tcp', ';transport=tcp');
  const first = await at.start();
  const placed = await placeMany(at);
  await first.kill('SIGKILL');
  await at.start();
  // The callers who waited see their connection break, and need no more.
  await assertSettled(at, 'transport', placed);
});

test('weir run --supervise starts a killed Weir again by itself and settles its calls', async (t) => {
  const at = await scene(t, '127.30.33', 'udp');
  const supervised = await at.start(['--supervise']);
  const placed = await placeMany(at);
  const child = Number((await supervised.logged('child-started')).pid);
  process.kill(child, 'SIGKILL');
  await supervised.logged('child-died', (line) => line.signal === 'SIGKILL');
  await supervised.countLogged('ready', 2);
  await assertSettled(at, '500 from far', placed);
  const exit = await supervised.kill('SIGTERM');
  assert.equal(exit.code, 0, supervised.output);
});
