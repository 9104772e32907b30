// A media worker that starts and never answers a command.
import { parentPort } from 'node:worker_threads';

parentPort?.postMessage({ kind: 'ready', io: 'dgram', why: 'mute on purpose', wakeFd: -1 });
parentPort?.on('message', () => {});
