import assert from 'node:assert/strict';
import test from 'node:test';
import { suggestion } from '../../../signaling/config/suggestion.ts';

const known = ['calls', 'callMs', 'drainMs', 'connections', 'listeners', 'uri'];
const cases: [found: string, meant: string][] = [
  ['call', 'calls'],
  ['drain_ms', 'drainMs'],
  ['DRAIN-MS', 'drainMs'],
  ['lsiteners', 'listeners'],
  ['conections', 'connections'],
  ['url', 'uri'],
  ['address', ''],
  ['', ''],
  ['x'.repeat(10_000), ''],
];
for (const [found, meant] of cases) {
  test(`suggestion for "${found.slice(0, 20)}" is "${meant}"`, () => {
    assert.equal(suggestion(found, known), meant === '' ? '' : ` (did you mean "${meant}"?)`);
  });
}
