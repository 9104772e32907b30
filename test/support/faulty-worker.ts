// The media worker with faults that production code must not have: a query of a session named "throw" throws outside of every catch, one
// of a session named "exit" ends the thread before it is answered.
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', (message: unknown) => {
  const text = JSON.stringify(message);
  if (text.includes('"query"') && text.includes('"exit"')) process.exit(3);
  if (text.includes('"query"') && text.includes('"throw"')) throw new Error('fault on purpose');
});

await import('../../media/worker.ts');
