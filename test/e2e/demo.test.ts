// The first five minutes: `npm start` says what it is and how to call it, the calls that it prints work as printed, Ctrl-C ends it.
// Only the addresses are others, so that a Weir running beside the tests is not in the way.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { until, within } from '../support/until.ts';
import { newDirectory, root } from '../support/weir-process.ts';

const outside = '127.30.121.1';
const inside = '127.30.121.2';
const agent = '127.30.121.20';

function environment(directory: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('WEIR'));
  return {
    ...Object.fromEntries(inherited),
    ...Object.fromEntries([0, 1, 2].map((n) => [`WEIR__zones__0__listeners__${n}__address`, outside])),
    ...Object.fromEntries([0, 1].map((n) => [`WEIR__zones__1__listeners__${n}__address`, inside])),
    WEIR__zones__0__media__0__address: outside,
    WEIR__zones__1__media__0__address: inside,
    WEIR__pools__0__nodes__0__uri: `sip:${agent}:5090`,
    WEIR__state__directory: directory,
  };
}

interface Demo {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
  /** Waits for a line that holds `part`. */
  says(part: string): Promise<void>;
}

/** In a process group of its own, as a shell would start it. */
function npmStart(t: TestContext, env: NodeJS.ProcessEnv): Demo {
  const child = spawn('npm', ['start'], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  t.after(() => {
    if (alive(child)) process.kill(-child.pid!, 'SIGKILL');
  });
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  const hear = (line: string): void => {
    lines.push(line);
    for (const listener of [...listeners]) listener();
  };
  createInterface({ input: child.stdout }).on('line', hear);
  createInterface({ input: child.stderr }).on('line', hear);
  const observe = (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const said = (part: string): boolean => lines.some((line) => line.includes(part));
  return { child, lines, says: (part) => until(observe, () => said(part), part, 60_000) };
}

/** Whether anything of the process group is left. */
function alive({ pid }: ChildProcess): boolean {
  try {
    return process.kill(-pid!, 0);
  } catch {
    return false;
  }
}

async function shell(command: string, env: NodeJS.ProcessEnv): Promise<{ code: number; out: string }> {
  const child = spawn('sh', ['-c', command], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, out: out + err };
}

test('npm start prints ten lines that tell how to call it; the calls work as printed; Ctrl-C ends it', async (t) => {
  const directory = newDirectory();
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const env = environment(directory);
  const demo = npmStart(t, env);
  await demo.says('Ctrl-C ends it.');

  const first = demo.lines.findIndex((line) => line.startsWith('Weir is running'));
  const welcome = demo.lines.slice(first, demo.lines.indexOf('Ctrl-C ends it.') + 1);
  assert.equal(welcome.length, 10, welcome.join('\n'));
  assert.match(welcome[1]!, /udp 127\.30\.121\.1:5060, tcp 127\.30\.121\.1:5060, tls 127\.30\.121\.1:5061/);
  assert.match(welcome[2]!, /udp 127\.30\.121\.2:5080, tcp 127\.30\.121\.2:5080/);
  assert.match(welcome[3]!, /127\.30\.121\.20:5090/);

  const commands = welcome.flatMap((line) => /npx weir call \S+( --insecure)?/.exec(line)?.[0] ?? []);
  assert.equal(commands.length, 3, welcome.join('\n'));
  const calls = commands.map(async (command) => ({ command, ...(await shell(`${command} --seconds 2 --json`, env)) }));
  for (const { command, code, out } of await Promise.all(calls)) assert.equal(code, 0, `${command}\n${out}`);

  process.kill(-demo.child.pid!, 'SIGINT');
  await within(once(demo.child, 'close'), 'the end of npm start');
  assert.ok(
    demo.lines.some((line) => line.includes('ended') && line.includes('"code":0')),
    demo.lines.join('\n'),
  );
  assert.equal(
    demo.lines.some((line) => /ERROR|WARN:/.test(line)),
    false,
    demo.lines.join('\n'),
  );
  assert.equal(alive(demo.child), false, 'something of it still runs');
});
