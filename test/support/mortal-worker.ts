// The media worker of production, that dies when it is told to: post its number to its BroadcastChannel.
// Only on the dgram backend: the native ones never return to the event loop, where the message would arrive.
import { workerData } from 'node:worker_threads';

const mortalChannel = 'weir-mortal-worker';

const channel = new BroadcastChannel(mortalChannel);
channel.onmessage = ({ data }) => {
  if (data === workerData.worker) throw new Error('told to die');
};
channel.unref();

await import('../../media/worker.ts');
