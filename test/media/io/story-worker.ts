// Thread that plays one story, as media workers run a backend: the blocking ones block it. Posts 'ok' or the failure.
import { parentPort, workerData } from 'node:worker_threads';
import { nativeDescriptors, nativeLibc, Stage } from './stage.ts';
import { basicStories } from './stories-basic.ts';
import { hostStories, nativeStories, wakeup } from './stories-host.ts';
import { smallStories, stressStories } from './stories-stress.ts';

const { backend, name, ticks } = workerData;
wakeup.ticks = ticks;
wakeup.onTick = (fd) => parentPort?.postMessage({ wake: fd });

try {
  const before = nativeDescriptors();
  const story = [basicStories, stressStories, smallStories, hostStories, nativeStories]
    .map((map) => map.get(name))
    .find((found) => found !== undefined);
  if (story === undefined) throw new Error(`No story "${name}"`);
  const stage = new Stage(backend, smallStories.has(name) ? 'small' : 'normal');
  await stage.play(story);
  if (stage.io.wakeFd >= 0) nativeLibc().close(stage.io.wakeFd);
  const mapped = stage.libc?.mapped() ?? 0n;
  if (mapped !== 0n) throw new Error(`${mapped} bytes are left mapped`);
  const left = nativeDescriptors() - before;
  if (left > 0) throw new Error(`${left} descriptors are left open`);
  parentPort?.postMessage({ ok: true });
} catch (thrown) {
  parentPort?.postMessage({ failure: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) });
}
