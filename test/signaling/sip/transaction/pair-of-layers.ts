// A caller and a callee, each with a transaction layer, over one link that delays, drops and repeats datagrams as told.
import { type Rng, seededRng } from '../../../../shared/rng.ts';
import { TimerQueue } from '../../../../shared/timer-queue.ts';
import { AcceptedInvite } from '../../../../signaling/sip/dialog/accepted-invite.ts';
import { ackRequest, createUacDialog, type Dialog } from '../../../../signaling/sip/dialog/dialog.ts';
import { TransactionLayer } from '../../../../signaling/sip/transaction/layer.ts';
import type { ClientObserver, ClientTransaction, ServerTransaction } from '../../../../signaling/sip/transaction/transaction.ts';
import type { Flow } from '../../../../signaling/sip/transport/flow.ts';
import { flowOf, outline, parsed, response, T1 } from './stage.ts';

export type Fate = 'deliver' | 'drop' | 'twice';

export interface LinkOptions {
  readonly protocol?: 'udp' | 'tcp';
  readonly delayMs?: number;
  /** The fate of the nth message on the link, from 1; `line` is like "INVITE" or "180 INVITE". */
  readonly fate?: (nth: number, line: string) => Fate;
}

export class PairOfLayers {
  readonly timers = new TimerQueue();
  readonly caller: TransactionLayer;
  readonly callee: TransactionLayer;
  now = 0;
  /** Messages put on the link. */
  count = 0;
  /** What the two users were told and did, without times. */
  readonly story: string[] = [];
  /** What the callee does with a request. */
  answer: (transaction: ServerTransaction) => void = () => {};
  #accepted: AcceptedInvite | undefined;
  #dialog: Dialog | undefined;
  readonly #options: LinkOptions;
  readonly #flow: Flow;

  constructor(options: LinkOptions = {}) {
    this.#options = options;
    this.#flow = flowOf(options.protocol ?? 'udp');
    this.caller = this.#layer(seededRng(1), () => this.callee, 'caller');
    this.callee = this.#layer(seededRng(2), () => this.caller, 'callee');
  }

  run(ms: number): this {
    const end = this.now + ms;
    for (let due = this.timers.deadline(); due <= end; due = this.timers.deadline()) {
      this.now = Math.max(this.now, due);
      this.timers.tick(this.now);
    }
    this.now = end;
    return this;
  }

  call(method: string): ClientTransaction {
    return this.caller.send(outline(method), this.#flow, this.#observer(), this.now);
  }

  /** Sends the 2xx as the B2BUA does: again and again until its ACK. */
  accept(transaction: ServerTransaction): void {
    const ok = response(transaction.request, 200, 'callee');
    this.#accepted = new AcceptedInvite({
      timers: this.timers,
      t1Ms: T1,
      send: (now) => transaction.respond(ok, now),
      unacknowledged: () => this.story.push('callee: no ACK'),
    });
    this.#accepted.start(this.now);
  }

  #observer(): ClientObserver {
    return {
      response: (message, transaction) => {
        const { status } = message;
        // Repetitions of a 2xx are the user's to acknowledge; they make no new story.
        if (status >= 200 && status < 300 && transaction.request.method === 'INVITE') {
          if (this.#dialog === undefined) this.story.push(`caller: ${status}`);
          this.#dialog ??= createUacDialog(transaction.request, message);
          if (this.#dialog !== undefined) this.caller.sendAck(ackRequest(this.#dialog, message.cseq.sequence), transaction.flow);
        } else if (status >= 200) this.story.push(`caller: ${status}`);
      },
      failed: (cause) => this.story.push(`caller: ${cause}`),
    };
  }

  #layer(rng: Rng, other: () => TransactionLayer, name: string): TransactionLayer {
    return new TransactionLayer({
      timers: this.timers,
      rng,
      t1Ms: T1,
      transport: {
        send: (flow, bytes) => {
          this.#carry(Buffer.from(bytes), flow, other);
          return 'sent';
        },
        reply: (_request, flow) => flow,
        streamSibling: () => undefined,
      },
      user: {
        request: (transaction) => {
          this.story.push(`${name}: ${transaction.request.method}`);
          this.answer(transaction);
        },
        ack: () => {
          if (this.#accepted?.acknowledged() === true) this.story.push(`${name}: ACK`);
        },
        cancelled: (transaction, _cancel, now) => {
          this.story.push(`${name}: cancelled`);
          transaction.respond(response(transaction.request, 487, 'callee'), now);
        },
        strayResponse: (message) => this.story.push(`${name}: stray ${message.status}`),
      },
    });
  }

  #carry(bytes: Buffer, flow: Flow, other: () => TransactionLayer): void {
    const message = parsed(bytes);
    const line = message.kind === 'request' ? message.method : `${message.status} ${message.cseq.method}`;
    const fate = this.#options.fate?.(++this.count, line) ?? 'deliver';
    const delayMs = this.#options.delayMs ?? 30;
    for (let copies = fate === 'drop' ? 0 : fate === 'twice' ? 2 : 1; copies > 0; copies--) {
      this.timers.schedule(this.now + delayMs * copies, (now) => other().receive(parsed(bytes), flow, now));
    }
  }
}
