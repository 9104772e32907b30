// One attempt to reach the callee: an INVITE of ours to one destination, with the dialogs it makes (RFC 3261 section
// 12.1.2: several when a proxy behind it forks).
import type { Timer } from '../../shared/timer-queue.ts';
import type { Destination } from '../routing/route.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { ClientTransaction } from '../sip/transaction/transaction.ts';
import type { Leg } from './leg.ts';

/** `lost`: given up; whatever still comes is cleaned away (CANCEL, ACK + BYE). */
export type BranchState = 'trying' | 'proceeding' | 'answered' | 'lost' | 'failed';

export class Branch {
  readonly id: string;
  readonly destination: Destination;
  readonly request: SipRequest;
  readonly localTag: string;
  state: BranchState = 'trying';
  client: ClientTransaction | undefined;
  /** No response at all so far: fires into the next destination. */
  silence: Timer | undefined;
  /** The dialogs it made, by the callee's tag; those that came too late have no pair. */
  readonly callees: Map<string, Leg> = new Map();

  constructor(options: { id: string; destination: Destination; request: SipRequest; localTag: string }) {
    this.id = options.id;
    this.destination = options.destination;
    this.request = options.request;
    this.localTag = options.localTag;
  }

  get open(): boolean {
    return this.state === 'trying' || this.state === 'proceeding';
  }
}
