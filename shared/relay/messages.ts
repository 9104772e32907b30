// The messages between signaling and one media worker. Every command carries a `ref` and gets exactly one reply with
// it; events come unasked. Plain data only: no Buffer, no function, no class crosses.
import type { TransportReport } from './report.ts';
import type { ReservedTransport, SessionId, SessionState, TransportId, TransportRequest } from './session-state.ts';

export type RelayCommand =
  /** Opens ports for a new or a living session. */
  | { readonly kind: 'reserve'; readonly ref: number; readonly session: SessionId; readonly transports: readonly TransportRequest[] }
  /**
   * The whole wanted state. A reserved transport that it does not name is closed. A revision that is not higher than the
   * last one applied is answered `ok` and ignored.
   */
  | { readonly kind: 'apply'; readonly ref: number; readonly session: SessionId; readonly revision: number; readonly state: SessionState }
  /** Ends the session, frees its ports, answers with the final counters. Unknown sessions get an empty report. */
  | { readonly kind: 'release'; readonly ref: number; readonly session: SessionId }
  | { readonly kind: 'query'; readonly ref: number; readonly session: SessionId }
  /** No new sessions; the worker ends its thread once the last session is released. */
  | { readonly kind: 'drain'; readonly ref: number };

export type RelayFailure = 'no-ports' | 'unknown-interface' | 'unknown-session' | 'draining' | 'bad-command' | 'worker-gone' | 'timeout';

export type RelayReply =
  | { readonly kind: 'ok'; readonly ref: number }
  | { readonly kind: 'reserved'; readonly ref: number; readonly transports: readonly ReservedTransport[] }
  | { readonly kind: 'report'; readonly ref: number; readonly transports: readonly TransportReport[] }
  | { readonly kind: 'failed'; readonly ref: number; readonly failure: RelayFailure; readonly message: string };

export type RelayEvent =
  /**
   * `io` is the chosen packet I/O backend and `why` how it was chosen. `wakeFd`: after posting a command, write 8 bytes
   * (a little-endian 1) to this eventfd of our process, since the worker blocks in its packet loop; -1 = not needed. It is
   * signaling's to close, once the thread has ended.
   */
  | { readonly kind: 'ready'; readonly io: string; readonly why: string; readonly wakeFd: number }
  | {
      readonly kind: 'source-learned';
      readonly session: SessionId;
      readonly transport: TransportId;
      readonly address: string;
      readonly port: number;
    }
  | { readonly kind: 'media-timeout'; readonly session: SessionId; readonly silentMs: number }
  /** The session is gone from the worker (an exception of ours in its code path). */
  | { readonly kind: 'session-failed'; readonly session: SessionId; readonly message: string }
  /** Once a second: sessions alive, ports in use and free, share of time the loop was busy (0-1). */
  | { readonly kind: 'load'; readonly sessions: number; readonly portsUsed: number; readonly portsFree: number; readonly busy: number };
