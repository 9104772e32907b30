// What the session engine needs of the media workers (shared/relay/messages.ts), without refs and threads: every command
// has one outcome, and a failure is an outcome, never a rejection.
import type { RelayFailure } from '../../shared/relay/messages.ts';
import type { TransportReport } from '../../shared/relay/report.ts';
import type { ReservedTransport, SessionId, SessionState, TransportRequest } from '../../shared/relay/session-state.ts';

export interface RelayFailed {
  readonly kind: 'failed';
  readonly failure: RelayFailure;
  readonly message: string;
}
export interface RelayReserved {
  readonly kind: 'reserved';
  /** One for each request, in any order. */
  readonly transports: readonly ReservedTransport[];
}
export interface RelayDone {
  readonly kind: 'ok';
}
export interface RelayReport {
  readonly kind: 'report';
  readonly transports: readonly TransportReport[];
}

export interface Relay {
  /** All of them or none. */
  reserve(session: SessionId, transports: readonly TransportRequest[]): Promise<RelayReserved | RelayFailed>;
  apply(session: SessionId, revision: number, state: SessionState): Promise<RelayDone | RelayFailed>;
  release(session: SessionId): Promise<RelayReport | RelayFailed>;
  query(session: SessionId): Promise<RelayReport | RelayFailed>;
}
