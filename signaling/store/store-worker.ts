// The store's thread: takes groups of writes, puts each on disk in one transaction, and answers. It keeps nothing: what
// could not be written goes back to the main thread, which sends it again.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { invariant } from '../../shared/assert.ts';
import { CdrFile } from './cdr-file.ts';
import { RecordDatabase } from './record-database.ts';
import type { StoreEvent, StoreFault, StoreRequest, StoreWorkerOptions } from './store-messages.ts';

function serve(port: MessagePort, options: StoreWorkerOptions): void {
  const tell = (event: StoreEvent): void => port.postMessage(event);
  const database = new RecordDatabase({
    directory: options.directory,
    movedAside: (path, fault) => tell({ kind: 'moved-aside', path, fault }),
    timestamp: () => new Date().toISOString().replaceAll(/[:.]/g, '-'),
  });
  const cdrFile = options.cdrFile === '' ? undefined : new CdrFile(options.cdrFile);
  port.on('message', (request: StoreRequest) => {
    if (request.kind === 'write') {
      const recordsFault = request.records.length === 0 ? null : database.write(request.records);
      const linesFault = request.lines.length === 0 ? null : appendTo(cdrFile, request.lines);
      tell({ kind: 'written', sequence: request.sequence, recordsFault, linesFault });
    } else if (request.kind === 'load') {
      tell({ kind: 'loaded', ...database.load() });
    } else {
      database.close();
      cdrFile?.close();
      port.close();
    }
  });
  tell({ kind: 'opened', fault: database.open() });
}

function appendTo(cdrFile: CdrFile | undefined, lines: readonly string[]): StoreFault | null {
  return cdrFile === undefined ? null : cdrFile.append(lines);
}

invariant(parentPort !== null, 'store-worker.ts runs as a worker thread only');
const options: StoreWorkerOptions = workerData;
serve(parentPort, options);
