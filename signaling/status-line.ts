// The pulse of the process in the log: calls, media load, memory, and how long the event loop stalled since the last
// line. What an operator looks at first, and what the benches read.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Log } from '../shared/log.ts';

export interface Pulse {
  readonly calls: number;
  readonly dialogs: number;
  readonly sessions: number;
  readonly portsFree: number;
}

/** The histogram's own timer; what it records includes this. */
const resolutionMs = 5;

/** Logs 'status' every `seconds`; the returned function ends it. */
export function startStatusLine(log: Log, seconds: number, pulse: () => Pulse): () => void {
  if (seconds === 0) return () => {};
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  const timer = setInterval(() => {
    const loop_max_ms = Math.max(0, Math.round(delay.max / 1e5) / 10 - resolutionMs);
    delay.reset();
    log.info({ ...pulse(), rss_mb: Math.round(process.memoryUsage.rss() / 1e6), loop_max_ms }, 'status');
  }, seconds * 1000);
  timer.unref();
  return () => {
    clearInterval(timer);
    delay.disable();
  };
}
