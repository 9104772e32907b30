// A media worker dies under calls: its calls end with a reason on both sides, those of the other worker go on, and a new worker
// takes the next calls. The application runs in this process, so that the worker can be reached.
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Log, silentLog } from '../../shared/log.ts';
import type { Call } from '../../signaling/agent/call.ts';
import { startTestAgent } from '../../signaling/agent/test-agent.ts';
import { startApp } from '../../signaling/app.ts';
import { configSchema } from '../../signaling/config/schema.ts';
import { hears } from '../support/agent-scene.ts';
import { Phone } from '../support/phone.ts';
import { siteConfig } from '../support/site.ts';
import { polled, until, within } from '../support/until.ts';
import { inDirectory, newDirectory } from '../support/weir-process.ts';

const outside = '127.30.41.1';
/** The name stands in mortal-worker.ts too, which runs as a thread only. */
const mortalChannel = 'weir-mortal-worker';
/** Two workers share 20000-20999. */
const workerOf = (port: number): number => (port < 20_500 ? 0 : 1);

async function startSite(
  t: TestContext,
): Promise<{ phone: Phone; agentCalls: () => readonly Call[]; told: EventEmitter; cdrFile: string }> {
  const directory = newDirectory();
  const agent = await startTestAgent({ address: '127.30.41.20', port: 5060, log: silentLog });
  const media = { workers: 2, io: 'dgram', ports: { min: 20_000, max: 20_999 } } as const;
  const input = siteConfig({ outside, inside: '127.30.41.2', nodes: ['sip:127.30.41.20:5060'], media });
  const told = new EventEmitter();
  const tell = (fields: object, event: string): void => void told.emit(event, fields);
  const log: Log = { ...silentLog, info: tell, error: tell };
  const app = await startApp(configSchema.parse(inDirectory(input, directory)), log, {
    mediaWorker: new URL('../support/mortal-worker.ts', import.meta.url),
  });
  const phone = await Phone.open({ address: '127.30.41.10', weir: outside });
  t.after(async () => {
    await phone.close();
    await app.close();
    await agent.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return { phone, agentCalls: () => agent.calls, told, cdrFile: join(directory, 'cdr.jsonl') };
}

/** A call that hears itself, and the worker that relays it. */
async function talk(phone: Phone): Promise<{ call: Call; worker: number; callId: string }> {
  const placed = await phone.dial('echo');
  const call = await placed.answered();
  await hears(call, 5);
  const source = call.media.stream.statistics().sources[0] ?? '';
  return { call, worker: workerOf(Number(source.split(':')[1])), callId: placed.invite.request.callId };
}

const packetsOf = (call: Call): number => call.media.stream.statistics().received.packets;

test('weir ends the calls of a media worker that died, keeps the others, and goes on with a new worker', async (t) => {
  const { phone, agentCalls, told, cdrFile } = await startSite(t);
  const talks = [await talk(phone), await talk(phone), await talk(phone), await talk(phone)];
  const lost = talks.filter((each) => each.worker === 0);
  const kept = talks.filter((each) => each.worker === 1);
  assert.deepEqual([lost.length, kept.length], [2, 2]);
  const nodeSide = agentCalls();

  const ended = once(told, 'media-worker-ended');
  const back = once(told, 'media-worker-ready');
  const channel = new BroadcastChannel(mortalChannel);
  channel.postMessage(0);
  channel.close();
  assert.deepEqual((await within(ended, 'the end of the worker'))[0], { worker: 0, reason: 'told to die', sessions: 2 });

  const bye = { kind: 'bye', by: 'far', reason: 'Q.850;cause=27' };
  for (const { call } of lost) assert.deepEqual(await within(call.ended, 'the BYE to the caller'), bye);
  await until(polled, () => nodeSide.filter((call) => call.state === 'ended').length === 2, 'the BYEs to the callees');
  for (const call of nodeSide) if (call.state === 'ended') assert.deepEqual(await call.ended, bye);
  for (const { call } of kept) await hears(call, packetsOf(call) + 20);

  assert.equal((await within(back, 'a new worker'))[0].worker, 0);
  const next = await talk(phone);
  assert.equal(next.worker, 0);
  for (const { call } of [...kept, next]) await call.hangUp();
  const reasons = (): Map<string, string> => {
    const cdrs = readFileSync(cdrFile, 'utf8').trim().split('\n');
    return new Map(cdrs.map((line) => JSON.parse(line)).map(({ call_id, reason }) => [call_id, reason]));
  };
  await until(polled, () => reasons().size === 5, 'five CDRs');
  for (const { callId } of lost) assert.equal(reasons().get(callId), 'media-failed');
  for (const { callId } of [...kept, next]) assert.equal(reasons().get(callId), 'caller-hangup');
});
