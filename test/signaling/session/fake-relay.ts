// A relay of a few lines for tests of the session engine: hands out ports from 20000 upwards by four, notes every command,
// fails or waits when told to. `closed` follows the rule of the contract: a transport that an apply does not name is gone.
import type { RelayFailure } from '../../../shared/relay/messages.ts';
import type { TransportReport } from '../../../shared/relay/report.ts';
import type { SessionState, TransportId, TransportRequest } from '../../../shared/relay/session-state.ts';
import type { Relay, RelayDone, RelayFailed, RelayReport, RelayReserved } from '../../../signaling/session/relay.ts';

export const addresses = new Map([
  ['outside 4', '203.0.113.1'],
  ['outside 6', '2001:db8:a::1'],
  ['inside 4', '10.0.0.1'],
  ['inside 6', 'fd00:a::1'],
]);

export class FakeRelay implements Relay {
  readonly commands: string[] = [];
  /** Open transports by session. */
  readonly open = new Map<string, Map<TransportId, TransportRequest>>();
  readonly states = new Map<string, SessionState>();
  /** Set: the next command fails so. */
  failure: RelayFailure | undefined;
  /** Set: the next command throws, as a broken relay would. */
  thrown: Error | undefined;
  /** Commands wait for it. */
  gate: Promise<void> = Promise.resolve();
  #nextPort = 20_000;
  readonly #revisions = new Map<string, number>();

  async reserve(session: string, transports: readonly TransportRequest[]): Promise<RelayReserved | RelayFailed> {
    const failed = await this.#begin(`reserve ${transports.length}`);
    if (failed !== undefined) return failed;
    const open = this.open.get(session) ?? new Map<TransportId, TransportRequest>();
    this.open.set(session, open);
    return {
      kind: 'reserved',
      transports: transports.map((request) => {
        const address = addresses.get(`${request.interface} ${request.family}`);
        if (address === undefined) throw new Error(`no interface ${request.interface} ${request.family}`);
        if (open.has(request.id)) throw new Error(`transport ${request.id} is open`);
        open.set(request.id, request);
        const port = this.#nextPort;
        this.#nextPort += 4;
        return { id: request.id, address, port, rtcpPort: port + 1 };
      }),
    };
  }

  async apply(session: string, revision: number, state: SessionState): Promise<RelayDone | RelayFailed> {
    const failed = await this.#begin('apply');
    if (failed !== undefined) return failed;
    if (revision <= (this.#revisions.get(session) ?? 0)) throw new Error(`revision ${revision} is not higher`);
    this.#revisions.set(session, revision);
    const open = this.open.get(session);
    const named = new Set(state.transports.map((transport) => transport.id));
    for (const id of named) if (open?.has(id) !== true) throw new Error(`transport ${id} was never reserved`);
    for (const stream of state.streams) {
      for (const id of [stream.from, ...stream.to]) if (!named.has(id)) throw new Error(`stream names transport ${id}`);
    }
    for (const id of open?.keys() ?? []) if (!named.has(id)) open?.delete(id);
    this.states.set(session, structuredClone(state));
    return { kind: 'ok' };
  }

  async release(session: string): Promise<RelayReport | RelayFailed> {
    const failed = await this.#begin('release');
    if (failed !== undefined) return failed;
    const ids = [...(this.open.get(session)?.keys() ?? [])];
    this.open.delete(session);
    this.states.delete(session);
    this.#revisions.delete(session);
    return { kind: 'report', transports: ids.map(report) };
  }

  async query(session: string): Promise<RelayReport | RelayFailed> {
    const failed = await this.#begin('query');
    return failed ?? { kind: 'report', transports: [...(this.open.get(session)?.keys() ?? [])].map(report) };
  }

  async #begin(command: string): Promise<RelayFailed | undefined> {
    this.commands.push(command);
    await this.gate;
    if (this.thrown !== undefined) {
      const thrown = this.thrown;
      this.thrown = undefined;
      throw thrown;
    }
    if (this.failure === undefined) return undefined;
    const failure = this.failure;
    this.failure = undefined;
    return { kind: 'failed', failure, message: 'the test says so' };
  }
}

/** Counters that tell which transport they belong to. */
function report(id: TransportId): TransportReport {
  const quality = { codec: 'PCMU', lost: 0, outOfOrder: 0, duplicates: 0, jitterMs: 1, gaps: 0, mos: 4.4, roundTripMs: 0 };
  return {
    id,
    packetsIn: id * 100,
    bytesIn: 0,
    packetsOut: 0,
    bytesOut: 0,
    rtcpIn: 0,
    rtcpOut: 0,
    rejectedSource: 0,
    malformed: 0,
    undeliverable: 0,
    sendErrors: 0,
    unauthenticated: 0,
    overRate: 0,
    quality,
    learned: null,
  };
}
