// Two user agents for tests on loopback addresses: the test agent with its table of users, and a caller that dials them.
import { silentLog } from '../../shared/log.ts';
import type { Call } from '../../signaling/agent/call.ts';
import { plainLook } from '../../signaling/agent/look.ts';
import type { OutgoingInvite } from '../../signaling/agent/outgoing-invite.ts';
import { startTestAgent, type TestAgent, type TestAgentOptions } from '../../signaling/agent/test-agent.ts';
import { type PlaceOptions, UserAgent, type UserAgentOptions } from '../../signaling/agent/user-agent.ts';
import { until } from './until.ts';

export type SceneOptions = Partial<TestAgentOptions> & {
  readonly protocol?: 'udp' | 'tcp' | 'tls';
  readonly caller?: Partial<UserAgentOptions>;
};

export interface AgentScene {
  readonly agent: TestAgent;
  readonly caller: UserAgent;
  /** Places a call to a user of the agent, sending a tone of 1000 Hz. */
  dial(user: string, change?: Partial<PlaceOptions>): Promise<{ call: Call; invite: OutgoingInvite }>;
  close(): Promise<void>;
}

export async function openScene(address: string, callerAddress: string, options: SceneOptions = {}): Promise<AgentScene> {
  const { protocol = 'udp', caller: callerOptions = {}, ...agentOptions } = options;
  const agent = await startTestAgent({ address, port: 0, log: silentLog, protocols: [protocol], ...agentOptions });
  const caller = await UserAgent.start({
    listeners: [{ protocol, address: callerAddress, port: 0 }],
    look: plainLook,
    log: silentLog,
    taken: (_call, invite) => invite.refuse(486),
    ...callerOptions,
  });
  const host = address.includes(':') ? `[${address}]` : address;
  return {
    agent,
    caller,
    async dial(user, change = {}) {
      const uri = `sip:${user}@${host}:${agent.port}`;
      const placed = await caller.place({
        target: { protocol, address, port: agent.port },
        uri,
        from: 'sip:caller@example.test',
        ...change,
      });
      if (placed === undefined) throw new Error(`no way by ${protocol} to ${uri}`);
      placed.call.media.stream.play({ kind: 'tone', hz: 1000 });
      return placed;
    },
    async close() {
      await caller.close();
      await agent.close();
    },
  };
}

/** Waits until the call has received so many RTP packets. */
export function hears(call: Call, packets: number): Promise<void> {
  const { stream } = call.media;
  return until(
    (listener) => stream.observe(listener),
    () => stream.statistics().received.packets >= packets,
    `${packets} RTP packets`,
  );
}

/** Waits until a request of that method came within the call. */
export function gets(call: Call, method: string, count = 1): Promise<void> {
  const came = (): boolean => call.requests.filter((request) => request.method === method).length >= count;
  return until((listener) => call.observe(listener), came, `${count} ${method}`);
}
