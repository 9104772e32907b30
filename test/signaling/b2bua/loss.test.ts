import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRng } from '../../../shared/rng.ts';
import { UserAgent } from './automatic-party.ts';
import { World } from './world.ts';

test('30 % loss and 10 % duplication both ways: no call twice inside, no BYE lost, nothing left', async () => {
  let answered = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const world = new World(undefined, seed);
    const chance = seededRng(seed * 7919);
    world.copies = () => {
      const draw = chance.int(100);
      return draw < 30 ? 0 : draw < 40 ? 2 : 1;
    };
    const phone = new UserAgent(world, 'outside', '203.0.113.5', 5080);
    const nodes = ['10.0.0.11', '10.0.0.12', '10.0.0.13'].map((address) => new UserAgent(world, 'inside', address, 5060));
    for (let i = 0; i < 10; i++) {
      phone.call(`lossy-${seed}-${i}`);
      await world.pass(1500);
    }
    await world.pass(60_000);
    await phone.hangUpAll();
    await world.pass(120_000);
    world.copies = () => 1;
    // Every INVITE that reached a node is a call of its own: a repeated one was recognised as such.
    const callIds = nodes.flatMap((node) => [...node.callIds]);
    assert.equal(new Set(callIds).size, callIds.length, `seed ${seed}: one Call-ID on two nodes`);
    assert.equal(nodes.flatMap((node) => [...node.standing]).length, 0, `seed ${seed}: a node still holds a call`);
    assert.equal(phone.standing.size, 0, `seed ${seed}: the phone still holds a call`);
    await world.assertEmpty();
    answered += world.cdrs.filter((cdr) => cdr.reason === 'caller-hangup').length;
  }
  assert.ok(answered > 100, `only ${answered} of 200 calls stood until they were hung up: the wire is worse than it should be`);
});
