// A phone for end-to-end tests: a plain user agent on an address of its own that calls through Weir and sends a tone.
import { silentLog } from '../../shared/log.ts';
import type { Call } from '../../signaling/agent/call.ts';
import { plainLook } from '../../signaling/agent/look.ts';
import type { OutgoingInvite } from '../../signaling/agent/outgoing-invite.ts';
import { type PlaceOptions, UserAgent, type UserAgentOptions } from '../../signaling/agent/user-agent.ts';

export interface PhoneOptions extends Partial<UserAgentOptions> {
  readonly address: string;
  /** Weir's outside address. */
  readonly weir: string;
  readonly protocol?: 'udp' | 'tcp' | 'tls';
}

export interface DialOptions extends Partial<PlaceOptions> {
  /** 0: sends nothing. Default 1000. */
  readonly toneHz?: number;
}

export interface PlacedCall {
  readonly call: Call;
  readonly invite: OutgoingInvite;
  /** Waits for the 2xx; throws for anything else. */
  answered(): Promise<Call>;
  /** Waits for 180 or 183. */
  progress(): Promise<void>;
}

export class Phone {
  readonly agent: UserAgent;
  readonly #options: PhoneOptions;

  private constructor(agent: UserAgent, options: PhoneOptions) {
    this.agent = agent;
    this.#options = options;
  }

  static async open(options: PhoneOptions): Promise<Phone> {
    const { address, weir: _weir, protocol = 'udp', ...more } = options;
    const agent = await UserAgent.start({
      listeners: [{ protocol, address, port: 0 }],
      look: plainLook,
      log: silentLog,
      trust: { kind: 'anyone' },
      taken: (_call, invite) => invite.refuse(486),
      ...more,
    });
    return new Phone(agent, options);
  }

  get address(): string {
    return this.#options.address;
  }

  /** `address:port` of its SIP. */
  get host(): string {
    const { address, port } = this.agent.listeners[0]!;
    return `${address.includes(':') ? `[${address}]` : address}:${port}`;
  }

  async dial(user: string, { toneHz = 1000, ...change }: DialOptions = {}): Promise<PlacedCall> {
    const { weir, protocol = 'udp' } = this.#options;
    const port = protocol === 'tls' ? 5061 : 5060;
    const uri = `sip:${user}@${weir}:${port}`;
    const placed = await this.agent.place({ target: { protocol, address: weir, port }, uri, from: `sip:phone@${this.host}`, ...change });
    if (placed === undefined) throw new Error(`No way by ${protocol} to ${uri}`);
    const { call, invite } = placed;
    if (toneHz > 0) call.media.stream.play({ kind: 'tone', hz: toneHz });
    return {
      call,
      invite,
      async answered() {
        const outcome = await invite.outcome;
        if (outcome.kind === 'accepted') return call;
        throw new Error(`${uri}: ${outcome.kind} ${outcome.kind === 'refused' ? outcome.response.status : outcome.cause}`);
      },
      progress: () => new Promise((resolve) => invite.onProgress(() => resolve())),
    };
  }

  close(): Promise<void> {
    return this.agent.close();
  }
}
