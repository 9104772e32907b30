// One run of the simulation: phones and nodes with a temper, some calls in both directions at random times, and what must hold
// at the end whatever happened. The same seed gives the same run.
import assert from 'node:assert/strict';
import type { Log } from '../../shared/log.ts';
import { type Rng, seededRng } from '../../shared/rng.ts';
import type { ServerTransaction } from '../../signaling/sip/transaction/transaction.ts';
import { World, worldConfig } from '../signaling/b2bua/world.ts';
import { takeCalls } from './sim-callee.ts';
import { placeCall, probe, type SimCall } from './sim-caller.ts';
import { SimParty, sentinel } from './sim-party.ts';
import { chance, drawTemper, type Temper } from './temper.ts';
import { Wire } from './wire.ts';

/** How long calls begin, and how long all of it may go on before the parties and Weir end what is left. */
const beginMs = 20_000;
const lifeMs = 70_000;

export interface RunResult {
  readonly answered: number;
  readonly reasons: readonly string[];
}

export async function simulate(seed: number): Promise<RunResult> {
  const rng = seededRng(seed * 2_654_435);
  const temper = drawTemper(rng);
  const faults: string[] = [];
  const world = new World(drawConfig(rng), seed, faultLog(faults));
  const asked = watchRequests(world);
  const wire = new Wire({ timers: world.timers, now: () => world.now, rng: seededRng(seed + 13), temper });
  const cast = (zone: 'outside' | 'inside', port: number, addresses: readonly string[]): SimParty[] =>
    addresses.map(
      (address, index) => new SimParty({ world, wire, place: { zone, address, port }, temper, seed: seed * 20 + port + index }),
    );
  const phones = cast('outside', 5080, ['203.0.113.5', '203.0.113.6']);
  const nodes = cast('inside', 5060, ['10.0.0.11', '10.0.0.12', '10.0.0.13']);
  const parties = [...phones, ...nodes];
  for (const party of parties) takeCalls(party);
  const calls = scheduleCalls(world, rng, phones, nodes);
  misfortunes(world, rng, temper, nodes);
  if (isGentle(temper)) watchForTwins(world, parties, faults);
  await world.pass(lifeMs);
  wire.calm();
  await probeStanding(world, parties);
  for (const party of parties) for (const leg of party.legs.values()) party.hangUp(leg);
  await world.settle();
  world.b2bua.endAll('admin');
  await world.assertEmpty();

  for (const party of parties) faults.push(...party.faults);
  assert.deepEqual(faults, [], 'nothing threw, and nobody was done wrong');
  for (const phone of phones) for (const text of phone.party.texts) assertHidden(text);
  for (const party of parties) if (!party.dead) assert.deepEqual(standing(party), [], `${party.party.hostPort} still holds calls`);
  for (const { call, from } of calls) {
    if (!from.dead) assertAnswered(call, temper);
    // A challenge and the call that follows it are two to Weir.
    const merged = world.context.zones.get(from.party.place.zone)?.config.forks === 'merge' && !call.finals.includes(401);
    if (merged) assert.ok(call.tags.size <= 1, `${call.id} is merged and shows ${call.tags.size} dialogs`);
  }
  if (isGentle(temper)) assertGentle(temper, asked, parties);
  return { answered: calls.filter(({ call }) => call.finals.includes(200)).length, reasons: world.cdrs.map((cdr) => cdr.reason) };
}

function drawConfig(rng: Rng): ReturnType<typeof worldConfig> {
  const pick = <T>(...values: readonly [T, ...T[]]): T => values[rng.int(values.length)] ?? values[0];
  return worldConfig({
    outside: { forks: pick('split', 'merge'), redirects: pick('pass', 'follow'), sessionTimers: pick('carry', 'carry', 'keep') },
    inside: { forks: pick('split', 'merge'), redirects: pick('pass', 'follow'), sessionTimers: pick('carry', 'carry', 'keep') },
    root: { limits: { ringMs: pick(5000, 30_000) } },
  });
}

interface Placed {
  readonly call: SimCall;
  readonly from: SimParty;
}

function scheduleCalls(world: World, rng: Rng, phones: readonly SimParty[], nodes: readonly SimParty[]): readonly Placed[] {
  const calls: Placed[] = [];
  for (let i = 0; i < 6; i++) {
    const outward = rng.int(4) === 0;
    const from = (outward ? nodes : phones)[rng.int(2)];
    const uri = outward ? 'sip:bob@203.0.113.6:5080' : 'sip:echo@198.51.100.1';
    if (from !== undefined) from.later(beginMs, () => void calls.push({ from, call: placeCall(from, `c${i}-${world.now}`, uri) }));
  }
  return calls;
}

function misfortunes(world: World, rng: Rng, temper: Temper, nodes: readonly SimParty[]): void {
  for (const node of nodes) {
    if (!chance(rng, temper.dies)) continue;
    node.later(40_000, () => {
      node.dead = true;
    });
  }
  for (let at = 1000; at < 40_000; at += 1000) {
    world.timers.schedule(world.now + at, () => {
      if (chance(rng, temper.noPorts)) world.relay.failNext = 'no-ports';
      const sessions = [...world.relay.sessions.keys()];
      if (chance(rng, temper.mediaLost))
        world.b2bua.mediaLost(sessions[rng.int(sessions.length + 1)] ?? '', rng.int(2) === 0 ? 'media-timeout' : 'media-failed');
    });
  }
}

/** Every request that Weir is handed, to see at the end whether it answered. */
function watchRequests(world: World): readonly ServerTransaction[] {
  const asked: ServerTransaction[] = [];
  const { b2bua } = world;
  const request = b2bua.request.bind(b2bua);
  b2bua.request = (server, now) => {
    asked.push(server);
    request(server, now);
  };
  return asked;
}

/** Nobody keeps silent and nothing is lost, so every request must be answered in time. */
function isGentle({ lost, silent, dies }: Temper): boolean {
  return lost === 0 && silent === 0 && dies === 0;
}

/** What stands after the storm must work: an offer of either side is answered. */
async function probeStanding(world: World, parties: readonly SimParty[]): Promise<void> {
  const alive = parties.filter((party) => !party.dead);
  for (const party of alive) party.obliging = true;
  await world.pass(40_000);
  for (const side of ['caller', 'callee']) {
    const legs = alive.flatMap((party) => [...party.legs.values()].filter((leg) => leg.standing).map((leg) => ({ party, leg })));
    const pairs = legs.filter(({ leg }) => legs.some((other) => other.leg !== leg && other.leg.call === leg.call));
    const asking = pairs.filter(({ leg }) => (leg.dialog.callId === leg.call) === (side === 'caller'));
    const probes = asking.map(({ party, leg }) => probe(party, leg));
    await world.pass(20_000);
    for (const { party, leg, status } of probes) {
      if (leg.standing && !party.dead && !leg.busy) assert.equal(status, 200, `an offer of the ${side} in ${leg.call}`);
    }
  }
}

/** A call has one callee: others that answered were hung up at once. */
function watchForTwins(world: World, parties: readonly SimParty[], faults: string[]): void {
  for (let at = 500.5; at < lifeMs; at += 500) {
    world.timers.schedule(world.now + at, () => {
      const callees = parties.flatMap((party) => [...party.legs.values()]).filter((leg) => leg.standing && leg.dialog.callId !== leg.call);
      const twin = callees.find((leg) => callees.some((other) => other !== leg && other.call === leg.call));
      if (twin !== undefined) faults.push(`${twin.call} has two callees`);
    });
  }
}

function assertGentle(temper: Temper, asked: readonly ServerTransaction[], parties: readonly SimParty[]): void {
  for (const { answered, request } of asked) assert.ok(answered, `${request.method} ${request.callId} was never answered`);
  if (temper.neverAcks > 0) return;
  for (const party of parties) assert.equal(party.unacknowledged, 0, `${party.party.hostPort} got no ACK`);
}

function standing({ legs }: SimParty): readonly string[] {
  return [...legs.values()].filter((leg) => leg.standing).map((leg) => leg.call);
}

function assertAnswered(call: SimCall, temper: Temper): void {
  assert.ok(call.finals.length > 0 || call.failed, `${call.id} heard nothing`);
  if (temper.lost === 0 && temper.dies === 0) assert.equal(call.failed, false, `${call.id} got no final response`);
}

function assertHidden(text: string): void {
  for (const secret of [sentinel, '10.77.77.77', '10.0.0.'])
    assert.equal(text.includes(secret), false, `${secret} is seen outside:\n${text}`);
}

function faultLog(faults: string[]): Log {
  const log: Log = {
    debug() {},
    info() {},
    warn() {},
    error: (fields, event) => void faults.push(`${event} ${JSON.stringify(fields)}`),
    child: () => log,
  };
  return log;
}
