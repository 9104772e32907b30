// `weir run --supervise`: the same command line without that option, as a child of a supervisor. The child hears over an IPC
// channel when its supervisor is gone.
import { spawn } from 'node:child_process';
import type { Log } from '../../shared/log.ts';
import { type Child, type ChildEnd, type PassedSignal, Supervisor } from './supervisor.ts';

const passed: readonly PassedSignal[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/** Resolves to the exit code when the child has ended for good. */
export function superviseRun(log: Log): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const supervisor = new Supervisor({
    log,
    spawn: spawnSelf,
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    now: () => performance.now(),
    ended: resolve,
  });
  for (const signal of passed) process.on(signal, () => supervisor.signal(signal));
  supervisor.start();
  return promise;
}

function spawnSelf(ended: (end: ChildEnd) => void): Child {
  const args = [...process.execArgv, ...process.argv.slice(1).filter((argument) => argument !== '--supervise')];
  // A group of its own: Ctrl-C in a terminal reaches the child through the supervisor, once.
  const child = spawn(process.execPath, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], detached: true });
  child.once('error', (error) => {
    if (child.pid === undefined) ended({ code: null, signal: null, error: error.message });
  });
  child.once('exit', (code, signal) => ended({ code, signal }));
  return { pid: child.pid, kill: (signal) => child.kill(signal) };
}
