import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import test from 'node:test';
import { FileWatch } from './file-watch.ts';

test('FileWatch tells the first file that does not end in time, once, and no other', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const late: string[] = [];
  const stream = new EventEmitter();
  new FileWatch({ limitMs: 1000, overdue: (file) => late.push(file) }).watch(stream);
  const tell = (event: string, file: string, name = file): unknown => stream.emit(event, { name, file });
  tell('test:dequeue', 'a');
  tell('test:dequeue', 'b');
  tell('test:dequeue', 'b', 'a test in b');
  t.mock.timers.tick(500);
  tell('test:dequeue', 'c');
  tell('test:complete', 'b', 'a test in b');
  tell('test:complete', 'a');
  t.mock.timers.tick(499);
  assert.deepEqual(late, []);
  t.mock.timers.tick(1);
  assert.deepEqual(late, ['b']);
  t.mock.timers.tick(10_000);
  assert.deepEqual(late, ['b']);
});
