// The store's thread with a bug: the first one dies over its first group of writes, the next one is the real one.
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { StoreEvent, StoreRequest } from '../../../signaling/store/store-messages.ts';

const mark = join(workerData.directory, '..', 'died');

if (existsSync(mark)) {
  await import('../../../signaling/store/store-worker.ts');
} else {
  closeSync(openSync(mark, 'w'));
  const tell = (event: StoreEvent): void => parentPort?.postMessage(event);
  parentPort?.on('message', (request: StoreRequest) => {
    if (request.kind === 'write') throw new Error('a bug in the thread');
    tell({ kind: 'loaded', records: [], fault: null });
  });
  tell({ kind: 'opened', fault: null });
}
