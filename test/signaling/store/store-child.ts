// A process for the test of SIGKILL: writes 1000 records, says so once they are flushed, and goes on writing until it is killed.
import { silentLog } from '../../../shared/log.ts';
import { TimerQueue } from '../../../shared/timer-queue.ts';
import { Store } from '../../../signaling/store/store.ts';

const timers = new TimerQueue();
const now = (): number => performance.now();
const store = new Store({ directory: process.argv[2] ?? '', cdrFile: '', log: silentLog, timers, now });
for (let i = 0; i < 1000; i++) store.putRecord(`kept-${i}`, '{"n":1}');
await store.flush();
process.stdout.write('flushed\n');
let n = 0;
setInterval(() => {
  for (let i = 0; i < 200; i++) store.putRecord(`more-${n++ % 5000}`, `{"n":${n}}`);
  timers.tick(now());
}, 1);
