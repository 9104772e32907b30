// The command line of Weir around an application that only tells what is done to it. The environment can make it misbehave.
import { existsSync, writeFileSync } from 'node:fs';
import { WeirError } from '../../../shared/errors.ts';
import { buildProgram } from '../../../signaling/cli/program.ts';

process.channel?.unref();
const { FAKE_START, FAKE_CRASH_ONCE } = process.env;

const program = buildProgram(async (config, { log, mode }) => {
  if (FAKE_START === 'refuse') throw new WeirError('listen-failed', 'Cannot listen on udp 127.0.0.1:5060: address in use');
  if (FAKE_START === 'bug') throw new TypeError('a bug at the start');
  const alive = setInterval(() => {}, 1000);
  if (FAKE_START === 'bug-later') setImmediate(() => JSON.parse('{'));
  if (FAKE_START === 'rejection-later') setImmediate(() => void Promise.reject(new Error('nobody cared')));
  if (FAKE_CRASH_ONCE !== undefined && !existsSync(FAKE_CRASH_ONCE)) {
    writeFileSync(FAKE_CRASH_ONCE, '');
    setImmediate(() => process.kill(process.pid, 'SIGKILL'));
  }
  log.info({ mode, calls: config.limits.calls }, 'fake-started');
  return {
    async drain(limitMs) {
      log.info({ limitMs }, 'fake-draining');
      if (config.limits.drainMs > 1000) await new Promise(() => {});
    },
    async close() {
      log.info({}, 'fake-closed');
      clearInterval(alive);
    },
    async reload(_next, changed) {
      return changed.filter((path) => path.startsWith('limits'));
    },
  };
});
await program.parseAsync(process.argv);
