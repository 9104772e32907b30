// One suite for all packet I/O backends: every story is played on each, in a worker thread of its own.
import { writeSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { type Backend, backends, hasIPv6, unavailable } from './stage.ts';
import { basicStories, ipv6Stories } from './stories-basic.ts';
import { hostStories, nativeStories } from './stories-host.ts';
import { smallStories, stressStories } from './stories-stress.ts';

const everywhere = [...basicStories.keys(), ...stressStories.keys(), ...smallStories.keys(), ...hostStories.keys()];

for (const backend of backends) {
  const names = backend === 'dgram' ? everywhere : [...everywhere, ...nativeStories.keys()];
  for (const name of names) test(`${backend} ${name}`, { skip: missing(backend, name) }, () => play(backend, name));
}

/** Why a story cannot be played here: a kernel or container that denies the backend, or has no IPv6 on loopback. */
function missing(backend: Backend, name: string): string | false {
  const reason = unavailable(backend);
  if (reason !== '') return reason;
  return ipv6Stories.has(name) && !hasIPv6() ? 'no IPv6 on loopback' : false;
}

async function play(backend: Backend, name: string): Promise<void> {
  const ticks = new Int32Array(new SharedArrayBuffer(4));
  const one = new BigUint64Array([1n]);
  const worker = new Worker(new URL('story-worker.ts', import.meta.url), { workerData: { backend, name, ticks } });
  await new Promise<void>((resolve, reject) => {
    let failure: Error | undefined = new Error('The worker ended without a word');
    worker.on('message', (message: { wake?: number; ok?: true; failure?: string }) => {
      if (message.wake !== undefined) {
        Atomics.add(ticks, 0, 1);
        writeSync(message.wake, one);
      } else failure = message.ok === true ? undefined : new Error(message.failure);
    });
    worker.on('error', reject);
    worker.on('exit', () => (failure === undefined ? resolve() : reject(failure)));
  });
}
