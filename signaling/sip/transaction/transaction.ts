// What the transaction layer shows to the B2BUA above it and wants from the transport below it (RFC 3261 section 17).
// Types only: the layer is layer.ts, the machines are one file each beside it.
import type { SipRequest } from '../message/request.ts';
import type { SipResponse } from '../message/response.ts';
import type { Flow } from '../transport/flow.ts';

export type SendResult = 'sent' | 'gone' | 'full';

export interface TransactionTransport {
  /** Never throws and never calls back into the layer. */
  send(flow: Flow, bytes: Uint8Array): SendResult;
  /** Where the responses to `request`, which came in on `flow`, go (RFC 3261 section 18.2.2, RFC 3581). */
  reply(request: SipRequest, flow: Flow): Flow;
  /** A stream flow to the same peer, for a request too big for UDP (RFC 3261 section 18.1.1); undefined when there is none to try. */
  streamSibling(flow: Flow): Flow | undefined;
}

export interface TransactionUser {
  /** A new request; never ACK, never CANCEL, never a retransmission. */
  request(transaction: ServerTransaction, now: number): void;
  /** An ACK that is not for one of the layer's own non-2xx finals: for a 2xx, or for nothing. */
  ack(request: SipRequest, flow: Flow, now: number): void;
  /** A CANCEL hit a pending INVITE, at most once per transaction. Its 200 is already sent; answer the INVITE with 487. */
  cancelled(transaction: ServerTransaction, cancel: SipRequest, now: number): void;
  /** A 2xx to an INVITE whose client transaction is gone or abandoned: wants ACK and BYE. */
  strayResponse(response: SipResponse, flow: Flow, now: number): void;
}

export interface ServerTransaction {
  readonly id: string;
  /** Stays readable as long as this object is held; the layer itself lets go of it with the final response. */
  readonly request: SipRequest;
  readonly flow: Flow;
  /** A final response was sent. */
  readonly answered: boolean;
  /** Sends `response`. In a state that does not allow it, it is ignored and counted. A 2xx to INVITE may be repeated (RFC 6026). */
  respond(response: SipResponse, now: number): void;
  /**
   * Sends a final response once and forgets the transaction: no retransmission, no lingering state (RFC 3261 section 8.2.7).
   * For challenges and rejections of what is not authenticated yet. Puts a To-tag by which the layer knows and drops the ACK.
   */
  dismiss(response: SipResponse, now: number): void;
}

export interface ClientTransaction {
  /** The request as sent, with our Via on top. */
  readonly request: SipRequest;
  /** The flow in use: the stream sibling while a big request tries it. */
  readonly flow: Flow;
  readonly branch: string;
  /** INVITE only: CANCEL goes out once a provisional response has come (RFC 3261 section 9.1). `reason` is a Reason header value. */
  cancel(now: number, reason?: string): void;
  /** No more callbacks to the observer; a 2xx that still comes to an INVITE goes to TransactionUser.strayResponse. */
  abandon(): void;
}

export type ClientFailure = 'timeout' | 'transport';

export interface ClientObserver {
  response(response: SipResponse, transaction: ClientTransaction, now: number): void;
  /** Ends the transaction; never called from inside TransactionLayer.send. */
  failed(cause: ClientFailure, transaction: ClientTransaction, now: number): void;
}
