// From received bytes to the layer above: parses, notes the source in the Via, answers what is broken but answerable, drops and
// counts the rest. The one place that catches what the layers above throw, so that a message can cost its own call only.
import { assertNever } from '../../../shared/assert.ts';
import { errorMessage } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import type { FatalFrame } from '../message/frame.ts';
import type { SipMessage } from '../message/message.ts';
import { type Framing, parseMessage } from '../message/parse-message.ts';
import type { SipRequest } from '../message/request.ts';
import type { TransportCounters } from './counters.ts';
import { type FaultLog, printable } from './fault-log.ts';
import type { Flow } from './flow.ts';
import type { BadRequest, StatelessAnswers } from './stateless-answer.ts';
import type { TransportUser } from './transport-options.ts';
import { noteSource } from './via-received.ts';

export interface InboxOptions {
  readonly messageBytes: number;
  readonly now: () => number;
  readonly log: Log;
  readonly faults: FaultLog;
  readonly counters: TransportCounters;
  readonly answers: StatelessAnswers;
  readonly upper: TransportUser;
  /** Sends a stateless answer the way responses to the request go. */
  readonly sendAnswer: (request: SipRequest, flow: Flow, bytes: Uint8Array) => void;
}

export class Inbox {
  readonly #options: InboxOptions;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** One datagram or one frame. */
  receive(bytes: Uint8Array, framing: Framing, flow: Flow): void {
    const { counters, faults, messageBytes } = this.#options;
    counters.bytesIn += bytes.length;
    const result = parseMessage(bytes, framing);
    switch (result.kind) {
      case 'message':
        if (bytes.length > messageBytes) this.#oversize(result.message, bytes.length, flow);
        else this.#deliver(result.message, flow);
        return;
      case 'bad-request':
        this.#reject({ ...result, size: bytes.length }, flow);
        return;
      case 'malformed':
        counters.malformed++;
        faults.report('malformed-message', { ...origin(flow), bytes: bytes.length, reason: printable(result.reason) });
        return;
      case 'keepalive':
        counters.keepalives++;
        return;
      default:
        assertNever(result);
    }
  }

  /** The last answer on a stream that cannot be read on. */
  broken(frame: FatalFrame, flow: Flow): void {
    const { counters, faults } = this.#options;
    counters.brokenFrames++;
    faults.report('broken-frame', { ...origin(flow), status: frame.status, reason: printable(frame.reason) });
    if (frame.head === undefined) return;
    const result = parseMessage(frame.head, 'stream');
    const request = result.kind === 'bad-request' ? result.request : result.kind === 'message' ? result.message : undefined;
    if (request?.kind === 'request') this.#reject({ request, status: frame.status, reason: frame.reason, size: frame.head.length }, flow);
  }

  #deliver(message: SipMessage, flow: Flow): void {
    const { counters, upper, log, now } = this.#options;
    counters.messagesIn++;
    try {
      if (message.kind === 'request') noteSource(message, flow);
      upper.message(message, flow, now());
    } catch (error) {
      counters.upperFaults++;
      const stack = error instanceof Error ? error.stack : undefined;
      log.error({ ...origin(flow), reason: printable(errorMessage(error)), stack }, 'message-handling-failed');
    }
  }

  #oversize(message: SipMessage, size: number, flow: Flow): void {
    this.#options.counters.oversize++;
    this.#options.faults.report('oversize-message', { ...origin(flow), bytes: size });
    // RFC 3261 21.5.7; a response that is too big can only be dropped.
    if (message.kind === 'request') this.#reject({ request: message, status: 513, reason: 'Message Too Large', size }, flow);
  }

  #reject(bad: BadRequest, flow: Flow): void {
    const { counters, faults, answers, sendAnswer, now } = this.#options;
    counters.badRequests++;
    faults.report('bad-request', { ...origin(flow), status: bad.status, reason: printable(bad.reason) });
    noteSource(bad.request, flow);
    const bytes = answers.answer(bad, now());
    if (bytes === undefined) {
      counters.statelessAnswersHeld++;
      return;
    }
    counters.statelessAnswers++;
    sendAnswer(bad.request, flow, bytes);
  }
}

function origin(flow: Flow): { listener: string; address: string; port: number } {
  return { listener: flow.listener, address: flow.address, port: flow.port };
}
