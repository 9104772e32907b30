// The embedded test agent: answers calls as their dialled user asks, echoes media, and looks like a FreeSWITCH. It stands in
// for the pool in the demo and in tests; whoever dials decides what happens, so nothing in it is random but identifiers.
//
// | user            | what happens                                                                                  |
// |-----------------|-----------------------------------------------------------------------------------------------|
// | anything else   | 100, 180, 200; every RTP packet goes back to where it came from, same payload types             |
// | first           | the same with the offerer's first codec, whatever it is (Opus, G.722, ...)                     |
// | tone, tone-HZ   | 200, plays 440 Hz, or HZ (20-3900)                                                             |
// | silent          | 200, sends no media at all                                                                     |
// | busy            | 486                                                                                            |
// | reject-NNN      | NNN (300-699); 503 with Retry-After: 300, as FreeSWITCH at max-sessions; 3xx with a Contact    |
// | redirect-USER   | 302 to USER at this agent                                                                      |
// | ring            | 180 and nothing more, until CANCEL (487)                                                       |
// | drop            | 100 and nothing more                                                                           |
// | late            | 183 with early media (440 Hz) for 1 s, then 200 and echo                                       |
// | late-echo       | 183 with early media (echo) for 1 s, then 200 and echo                                         |
// | prack           | 183 with SDP, reliable (RFC 3262; 421 when the caller cannot), after PRACK 200 and echo        |
// | delay-MS        | 180, 200 after MS (up to 3600000), echo                                                        |
// | hangup-MS       | 200, echo, BYE after MS                                                                        |
// | offer           | 200 to an INVITE without SDP (our offer, the ACK answers), else 488. Other users take both.    |
// | hold            | 200, echo; re-INVITE to hold (sendonly) at once, then re-INVITE to resume                      |
// | update          | 200, echo; UPDATE with a new offer                                                             |
// | refer-USER      | 200, echo; REFER to USER at this agent, BYE after the last NOTIFY                              |
//
// Within calls INFO, MESSAGE, OPTIONS, NOTIFY get 200, UPDATE and re-INVITE an answer, REFER 202 and two NOTIFYs. Outside of
// calls OPTIONS, REGISTER, MESSAGE and their kin get 200. Session timers are agreed to and, if asked for, refreshed.
import type { Log } from '../../shared/log.ts';
import type { Rng } from '../../shared/rng.ts';
import type { SipMessage } from '../sip/message/message.ts';
import { parseUri } from '../sip/message/uri.ts';
import type { Flow } from '../sip/transport/flow.ts';
import type { TlsCredentials } from '../sip/transport/transport-options.ts';
import type { Call } from './call.ts';
import type { IncomingInvite } from './incoming-invite.ts';
import { freeswitchLook, type Look, type Plant } from './look.ts';
import { behave } from './test-behaviour.ts';
import { UserAgent } from './user-agent.ts';

export interface TestAgentOptions {
  readonly address: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly log: Log;
  /** Default: udp and tcp on the same port. */
  readonly protocols?: readonly ('udp' | 'tcp' | 'tls')[];
  /** For tls; default: a throw-away certificate. */
  readonly credentials?: TlsCredentials;
  readonly rng?: Rng;
  readonly t1Ms?: number;
  /** Words and an address that only the agent knows, in every message it sends. */
  readonly plant?: Plant;
  /** More headers in every message. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Statuses other than the usual ones, by method, within calls and outside of them. */
  readonly answers?: ReadonlyMap<string, number>;
  /** Takes a call instead of the table above when it returns true. */
  behave?(user: string, call: Call, invite: IncomingInvite): boolean;
  heard?(message: SipMessage, flow: Flow): void;
}

export interface TestAgent {
  readonly address: string;
  readonly port: number;
  /** For calls that the agent places, and all else. */
  readonly agent: UserAgent;
  /** Living calls, oldest first. */
  readonly calls: readonly Call[];
  /** The next call to that user, or the oldest one that came already and that nobody asked for. */
  nextCall(user: string): Promise<Call>;
  close(): Promise<void>;
}

/** Calls that no test asked for are forgotten. */
const maxUnclaimed = 100;

export async function startTestAgent(options: TestAgentOptions): Promise<TestAgent> {
  const unclaimed: { user: string; call: Call }[] = [];
  const waiting: { user: string; claim(call: Call): void }[] = [];
  const { address, port } = options;
  const agent = await UserAgent.start({
    listeners: (options.protocols ?? ['udp', 'tcp']).map((protocol) => ({ protocol, address, port })),
    look: look(options),
    log: options.log,
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    ...(options.rng === undefined ? {} : { rng: options.rng }),
    ...(options.t1Ms === undefined ? {} : { t1Ms: options.t1Ms }),
    ...(options.answers === undefined ? {} : { answers: options.answers }),
    ...(options.heard === undefined ? {} : { heard: options.heard }),
    taken(call, invite) {
      const user = parseUri(invite.request.uri)?.user ?? '';
      const [claimer] = takeOf(waiting, user);
      if (claimer !== undefined) claimer.claim(call);
      else if (unclaimed.push({ user, call }) > maxUnclaimed) unclaimed.shift();
      if (options.behave?.(user, call, invite) !== true) behave(user, call, invite, agent);
    },
  });
  return {
    address,
    port: agent.listeners[0]?.port ?? options.port,
    agent,
    get calls() {
      return agent.calls;
    },
    nextCall(user) {
      const [come] = takeOf(unclaimed, user);
      if (come !== undefined) return Promise.resolve(come.call);
      const { promise, resolve } = Promise.withResolvers<Call>();
      waiting.push({ user, claim: resolve });
      return promise;
    },
    close: () => agent.close(),
  };
}

/** Removes the first entry for `user`; at most one comes back. */
function takeOf<T extends { readonly user: string }>(entries: T[], user: string): readonly T[] {
  const index = entries.findIndex((entry) => entry.user === user);
  return index === -1 ? [] : entries.splice(index, 1);
}

function look(options: TestAgentOptions): Look {
  const freeswitch = freeswitchLook(options.plant);
  return { ...freeswitch, headers: [...freeswitch.headers, ...(options.headers ?? [])] };
}
