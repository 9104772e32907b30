// What `weir run` starts: the application, and in the demo the test agent that stands in for the pool.
import { startTestAgent } from '../agent/test-agent.ts';
import { startApp } from '../app.ts';
import type { Config } from '../config/schema.ts';
import { hostAddress, parseUri } from '../sip/message/uri.ts';
import { demoWelcome } from './demo-welcome.ts';
import type { RunningApp, StartOptions } from './running-app.ts';

export async function startConfigured(config: Config, { log, mode }: StartOptions): Promise<RunningApp> {
  const agent = mode === 'demo' ? await startTestAgent({ ...demoAddress(config), log: log.child({ part: 'test-agent' }) }) : undefined;
  try {
    const app = await startApp(config, log);
    if (agent !== undefined) console.log(demoWelcome(app.listeners, agent));
    return {
      drain: (limitMs) => app.drain(limitMs),
      async close() {
        await app.close();
        await agent?.close();
      },
    };
  } catch (thrown) {
    await agent?.close();
    throw thrown;
  }
}

/** Where the demo's pool expects its only node. */
function demoAddress(config: Config): { address: string; port: number } {
  const uri = parseUri(config.pools[0]?.nodes[0]?.uri ?? '');
  return { address: uri === undefined ? '127.0.0.1' : hostAddress(uri), port: uri?.port ?? 5060 };
}
