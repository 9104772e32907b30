// Media workers that only remember what they were told: ports counted up, states kept, failures on demand.
import type { RelayFailure } from '../../../shared/relay/messages.ts';
import type { SessionState, TransportRequest } from '../../../shared/relay/session-state.ts';
import type { Relay } from '../../../signaling/session/relay.ts';
import { insideAddress, outsideAddress } from './world.ts';

export class FakeRelay implements Relay {
  readonly sessions: Map<string, { state: SessionState | undefined; transports: number }> = new Map();
  /** The next `reserve` fails with this. */
  failNext: RelayFailure | undefined;
  #port = 20_000;

  async reserve(session: string, requests: readonly TransportRequest[]): ReturnType<Relay['reserve']> {
    const failure = this.failNext;
    this.failNext = undefined;
    if (failure !== undefined) return { kind: 'failed', failure, message: 'as the test wished' };
    const known = this.sessions.get(session) ?? { state: undefined, transports: 0 };
    this.sessions.set(session, { ...known, transports: known.transports + requests.length });
    const transports = requests.map(({ id, interface: zone, rtcp }) => {
      this.#port += 2;
      const address = zone === 'outside' ? outsideAddress : insideAddress;
      return { id, address, port: this.#port, rtcpPort: rtcp === 'mux' ? this.#port : this.#port + 1 };
    });
    return { kind: 'reserved', transports };
  }

  async apply(session: string, _revision: number, state: SessionState): ReturnType<Relay['apply']> {
    const known = this.sessions.get(session);
    if (known === undefined) return { kind: 'failed', failure: 'unknown-session', message: session };
    this.sessions.set(session, { ...known, state });
    return { kind: 'ok' };
  }

  async release(session: string): ReturnType<Relay['release']> {
    this.sessions.delete(session);
    return { kind: 'report', transports: [] };
  }

  async query(): ReturnType<Relay['query']> {
    return { kind: 'report', transports: [] };
  }
}
