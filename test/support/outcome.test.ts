import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import test from 'node:test';
import { Outcome } from './outcome.ts';

type Event = [name: 'test:pass' | 'test:fail', data: object];

function outcomeOf(...events: Event[]): Outcome {
  const outcome = new Outcome();
  const stream = new EventEmitter();
  outcome.watch(stream);
  for (const [name, data] of events) stream.emit(name, { name: 'x', file: '/x.test.ts', details: { type: 'test' }, ...data });
  return outcome;
}

test('Outcome passes when all passed', () => {
  assert.deepEqual(outcomeOf(['test:pass', {}]).faults(true), []);
});

test('Outcome fails on a failure, and when nothing ran', () => {
  assert.deepEqual(outcomeOf(['test:pass', {}], ['test:fail', {}]).faults(false), ['1 failed']);
  assert.deepEqual(outcomeOf().faults(false), ['no test passed']);
  assert.deepEqual(outcomeOf(['test:pass', { details: { type: 'suite' } }]).faults(false), ['no test passed']);
});

for (const omission of [{ skip: 'no sipp' }, { skip: true }, { todo: 'later' }, { todo: true }]) {
  test(`Outcome takes ${JSON.stringify(omission)} for a fault only where all is required`, () => {
    const outcome = outcomeOf(['test:pass', {}], ['test:pass', omission]);
    assert.deepEqual(outcome.faults(false), []);
    assert.deepEqual(outcome.faults(true), ['1 skipped, which WEIR_REQUIRE_ALL=1 does not allow']);
    assert.equal(outcome.passed, 1);
  });
}

test('Outcome takes a failing test marked as to do for an omission', () => {
  const outcome = outcomeOf(['test:pass', {}], ['test:fail', { todo: 'later' }]);
  assert.deepEqual(outcome.faults(false), []);
  assert.equal(outcome.faults(true).length, 1);
});
