// Starts a relay of ours as a process on one core and reads the ports of its calls from its first line.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BenchCall } from './generator.ts';
import { pinned } from './line-process.ts';
import type { PeerPorts, Profile, RelayUnderTest } from './load.ts';

export interface RelayProcessOptions {
  /** `echo-relay.ts` or `weir-relay.ts`. */
  readonly file: string;
  readonly backend: string;
  readonly core: number;
  readonly calls: number;
  readonly profile: Profile;
  readonly ports: PeerPorts;
}

export async function startRelayProcess(options: RelayProcessOptions): Promise<RelayUnderTest> {
  const { file, backend, core, calls, ports, profile } = options;
  const path = fileURLToPath(new URL(file, import.meta.url));
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', path, backend, String(calls), JSON.stringify(ports), profile];
  const [command, ...args] = pinned(core, node);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`${file} ${backend} ended with code ${code}`)));
  });
  const told: { calls: BenchCall[] } = JSON.parse(line);
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { name: backend, pid: child.pid ?? 0, address: '127.0.0.1', calls: told.calls, stop };
}
