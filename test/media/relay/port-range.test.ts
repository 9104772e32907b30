import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PortRange } from '../../../media/relay/port-range.ts';
import { seededRng } from '../../../shared/rng.ts';

function taken(range: PortRange, count: number): number[] {
  return Array.from({ length: count }, () => range.take(0) ?? -1);
}

test('PortRange deals every even port of the range once, then none', () => {
  for (const [min, max, units] of [
    [20_000, 20_009, 5],
    [20_001, 20_009, 4],
    [20_000, 20_008, 4],
    [20_000, 20_000, 0],
    [20_001, 20_002, 0],
  ] as const) {
    const range = new PortRange({ min, max, rng: seededRng(1) });
    assert.equal(range.free, units * 2);
    const ports = taken(range, units);
    assert.equal(new Set(ports).size, units);
    assert.ok(ports.every((port) => port % 2 === 0 && port >= min && port + 1 <= max));
    assert.equal(range.take(0), undefined);
  }
});

test('PortRange deals ports in no order that could be guessed', () => {
  const range = new PortRange({ min: 20_000, max: 59_999, rng: seededRng(3) });
  const ports = taken(range, 1000);
  // Where the next port lies, seen from the one before, in 16 equal parts of the range (cyclic): chi-square, 15 degrees of freedom.
  const parts = new Array<number>(16).fill(0);
  for (let i = 1; i < ports.length; i++) {
    const step = (ports[i]! - ports[i - 1]! + 40_000) % 40_000;
    parts[Math.floor(step / 2500)]!++;
  }
  const expected = 999 / 16;
  const chiSquare = parts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  assert.ok(chiSquare < 37.7, `chi-square ${chiSquare}: below the 0.1 % point`);
  assert.ok(ports.filter((port, i) => i > 0 && port === ports[i - 1]! + 2).length <= 3);
});

test('PortRange takes ports back, and those of other processes only after a while', () => {
  const range = new PortRange({ min: 20_000, max: 20_003, rng: seededRng(1) });
  const [one, other] = taken(range, 2);
  range.give(one!);
  range.giveForeign(other!, 0);
  assert.equal(range.take(59_999), one);
  assert.equal(range.take(59_999), undefined);
  assert.equal(range.take(60_000), other);
});
