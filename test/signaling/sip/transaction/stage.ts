// One transaction layer under virtual time, with a transport that records and a user that does what the test says.
import assert from 'node:assert/strict';
import { seededRng } from '../../../../shared/rng.ts';
import { TimerQueue } from '../../../../shared/timer-queue.ts';
import type { SipMessage } from '../../../../signaling/sip/message/message.ts';
import { parseMessage } from '../../../../signaling/sip/message/parse-message.ts';
import { replyTo } from '../../../../signaling/sip/message/reply.ts';
import type { SipRequest } from '../../../../signaling/sip/message/request.ts';
import type { SipResponse } from '../../../../signaling/sip/message/response.ts';
import { TransactionLayer } from '../../../../signaling/sip/transaction/layer.ts';
import type { TransactionLimits } from '../../../../signaling/sip/transaction/limits.ts';
import type {
  ClientFailure,
  ClientObserver,
  ClientTransaction,
  SendResult,
  ServerTransaction,
  TransactionTransport,
  TransactionUser,
} from '../../../../signaling/sip/transaction/transaction.ts';
import { type Flow, isReliable, type Protocol } from '../../../../signaling/sip/transport/flow.ts';

export const T1 = 500;
export const T2 = 4000;
export const T4 = 5000;
export const lifetime = 64 * T1;

export function flowOf(protocol: Protocol, connection = 0): Flow {
  const id = isReliable(protocol) ? connection || 1 : 0;
  const common = { zone: 'outside', address: '192.0.2.7', port: 5060, localHost: '198.51.100.1', localPort: 5060 };
  return { ...common, protocol, listener: `outside-${protocol}`, connection: id };
}

export const udp = flowOf('udp');
export const tcp = flowOf('tcp');

export interface Sent {
  readonly at: number;
  readonly flow: Flow;
  readonly bytes: Buffer;
  readonly message: SipMessage;
}

export class Stage implements TransactionTransport, TransactionUser, ClientObserver {
  readonly timers = new TimerQueue();
  readonly layer: TransactionLayer;
  now = 0;
  sent: Sent[] = [];
  /** What the user was told, in order, as short words with the time. */
  told: string[] = [];
  readonly servers: ServerTransaction[] = [];
  readonly responses: SipResponse[] = [];
  readonly strays: SipResponse[] = [];
  readonly acks: SipRequest[] = [];
  /** What the transport says to a send. */
  result: (flow: Flow) => SendResult = () => 'sent';
  sibling: Flow | undefined;
  onRequest: ((transaction: ServerTransaction) => void) | undefined;
  onCancelled: ((transaction: ServerTransaction) => void) | undefined;
  onResponse: ((response: SipResponse, transaction: ClientTransaction) => void) | undefined;
  onSent: ((sent: Sent) => void) | undefined;

  constructor(options: { limits?: Partial<TransactionLimits>; t1Ms?: number; seed?: number } = {}) {
    const { limits = {}, t1Ms = T1, seed = 1 } = options;
    this.layer = new TransactionLayer({ transport: this, user: this, timers: this.timers, rng: seededRng(seed), t1Ms, limits });
  }

  /** Lets the clock run, firing what is due on the way. */
  run(ms: number): this {
    const end = this.now + ms;
    for (let due = this.timers.deadline(); due <= end; due = this.timers.deadline()) {
      this.now = Math.max(this.now, due);
      this.timers.tick(this.now);
    }
    this.now = end;
    return this;
  }

  receive(text: string | Uint8Array, flow: Flow = udp): void {
    this.layer.receive(parsed(text), flow, this.now);
  }

  start(method: string, flow: Flow = udp, extra = ''): ClientTransaction {
    return this.layer.send(outline(method, extra), flow, this, this.now);
  }

  /** The response of the far side to what we sent. */
  answer(request: SipRequest, status: number, tag = 'far'): void {
    this.layer.receive(response(request, status, tag), udp, this.now);
  }

  respond(status: number, tag = 'near', server: ServerTransaction = this.server): void {
    server.respond(response(server.request, status, tag), this.now);
  }

  get server(): ServerTransaction {
    const server = this.servers.at(-1);
    assert.ok(server !== undefined, 'the user got no request');
    return server;
  }

  /** The start lines sent so far, cut to method or status, each with its time; and forgets them. */
  take(): string[] {
    const lines = this.sent.map(({ at, message }) => `${at} ${message.kind === 'request' ? message.method : message.status}`);
    this.sent = [];
    return lines;
  }

  send(flow: Flow, bytes: Uint8Array): SendResult {
    const copy = Buffer.from(bytes);
    const sent = { at: this.now, flow, bytes: copy, message: parsed(copy) };
    this.sent.push(sent);
    this.onSent?.(sent);
    return this.result(flow);
  }

  reply(_request: SipRequest, flow: Flow): Flow {
    return flow;
  }

  streamSibling(): Flow | undefined {
    return this.sibling;
  }

  request(transaction: ServerTransaction): void {
    this.servers.push(transaction);
    this.told.push(`${this.now} request ${transaction.request.method}`);
    this.onRequest?.(transaction);
  }

  ack(request: SipRequest): void {
    this.acks.push(request);
    this.told.push(`${this.now} ack`);
  }

  cancelled(transaction: ServerTransaction): void {
    this.told.push(`${this.now} cancelled`);
    this.onCancelled?.(transaction);
  }

  strayResponse(message: SipResponse): void {
    this.strays.push(message);
    this.told.push(`${this.now} stray ${message.status}`);
  }

  response(message: SipResponse, transaction: ClientTransaction): void {
    this.responses.push(message);
    this.told.push(`${this.now} response ${message.status}`);
    this.onResponse?.(message, transaction);
  }

  failed(cause: ClientFailure): void {
    this.told.push(`${this.now} failed ${cause}`);
  }
}

export function parsed(text: string | Uint8Array): SipMessage {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  const result = parseMessage(bytes, 'datagram');
  assert.ok(result.kind === 'message', `test message does not parse: ${JSON.stringify(result)}`);
  return result.message;
}

export function parsedRequest(text: string | Uint8Array): SipRequest {
  const message = parsed(text);
  assert.ok(message.kind === 'request');
  return message;
}

export interface RequestText {
  readonly branch?: string;
  readonly sentBy?: string;
  readonly callId?: string;
  readonly fromTag?: string;
  readonly toTag?: string | undefined;
  readonly sequence?: number;
  readonly uri?: string;
  readonly body?: string;
  readonly extra?: string;
}

/** A request of the far side as it comes off the wire. */
export function requestText(method: string, options: RequestText = {}): string {
  const { branch = 'z9hG4bKfar1', sentBy = '192.0.2.7:5060', callId = 'call-1', fromTag = 'caller', sequence = 1 } = options;
  const { uri = 'sip:bob@198.51.100.1', body = '', extra = '', toTag } = options;
  const to = toTag === undefined ? '<sip:bob@example.com>' : `<sip:bob@example.com>;tag=${toTag}`;
  const via = branch === '' ? `SIP/2.0/UDP ${sentBy}` : `SIP/2.0/UDP ${sentBy};branch=${branch}`;
  return (
    `${method} ${uri} SIP/2.0\r\nVia: ${via}\r\nMax-Forwards: 70\r\nFrom: <sip:alice@example.com>;tag=${fromTag}\r\nTo: ${to}\r\n` +
    `Call-ID: ${callId}\r\nCSeq: ${sequence} ${method}\r\nContact: <sip:alice@192.0.2.7>\r\n${extra}Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

/** A request as the B2BUA hands it down: no Via. */
export function outline(method: string, extra = ''): SipRequest {
  const request = parsedRequest(requestText(method, { callId: 'out-1', extra }));
  request.headers.remove('via');
  return request;
}

export function response(request: SipRequest, status: number, tag: string): SipResponse {
  const made = replyTo(request, status);
  if (status > 100 && !made.headers.get('to')!.includes('tag=')) made.headers.set('to', `${made.headers.get('to')};tag=${tag}`);
  return made;
}
