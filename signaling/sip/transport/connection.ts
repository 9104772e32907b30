// What the transport needs of any stream connection: TCP and TLS now, WebSocket later. A connection belongs to one flow and
// dies once; its owner hears of it through `closed`.
import type { Flow } from './flow.ts';

export type SendResult = 'sent' | 'gone' | 'full';

export interface Connection {
  readonly flow: Flow;
  readonly origin: 'accepted' | 'opened';
  /** Takes messages: connecting or connected, neither finishing nor dead. */
  readonly usable: boolean;
  /** Whole messages only. `bytes` must not change afterwards. 'full' also closes the connection. */
  send(bytes: Uint8Array): SendResult;
  /** Cuts the connection; `closed` follows later. */
  close(reason: string): void;
  /** Takes no more messages, lets what is queued go out, then closes. */
  finish(reason: string): void;
}

export interface ConnectionEnd {
  readonly kind: 'not-connected' | 'timeout' | 'idle' | 'closed';
  readonly reason: string;
}

export interface ConnectionUser {
  /** One whole message; the bytes are nobody else's. */
  received(bytes: Uint8Array, connection: Connection): void;
  keepalive(connection: Connection): void;
  /** Exactly once, never from within send or close. */
  closed(connection: Connection, end: ConnectionEnd): void;
}
