// The media worker with a fault that production code must not have: a release of a session named "fault-..." throws outside of every
// catch, before it is carried out, and ends the thread.
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', (message: unknown) => {
  const commands: unknown[] = Array.isArray(message) ? message : [message];
  const isFault = (one: unknown): boolean => JSON.stringify(one).includes('"release"') && JSON.stringify(one).includes('"fault-');
  if (commands.some(isFault)) throw new Error('fault on purpose');
});

await import('../../media/worker.ts');
