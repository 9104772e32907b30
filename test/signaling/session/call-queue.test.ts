import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallQueue } from '../../../signaling/session/call-queue.ts';

test('CallQueue runs the operations of one call in order, and forgets an idle call', async () => {
  const queue = new CallQueue(10);
  const gate = Promise.withResolvers<void>();
  const order: number[] = [];
  const first = queue.run('a', async () => {
    await gate.promise;
    order.push(1);
  });
  const second = queue.run('a', async () => {
    order.push(2);
  });
  await queue.run('b', async () => {
    order.push(3);
  });
  assert.equal(queue.size, 1);
  gate.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(order, [3, 1, 2]);
  assert.equal(queue.size, 0);
});

test('CallQueue goes on after an operation that failed, which fails for its caller alone', async () => {
  const queue = new CallQueue(10);
  const failed = queue.run('a', () => Promise.reject(new Error('no')));
  const next = queue.run('a', async () => 'yes');
  await assert.rejects(failed, /no/);
  assert.equal(await next, 'yes');
  assert.equal(queue.size, 0);
});

test('CallQueue counts the running operation as waiting', async () => {
  const queue = new CallQueue(2);
  const gate = Promise.withResolvers<void>();
  const running = queue.run('a', () => gate.promise);
  assert.equal(queue.isFull('a'), false);
  const waiting = queue.run('a', () => gate.promise);
  assert.equal(queue.isFull('a'), true);
  assert.equal(queue.isFull('b'), false);
  gate.resolve();
  await Promise.all([running, waiting]);
  assert.equal(queue.isFull('a'), false);
});
