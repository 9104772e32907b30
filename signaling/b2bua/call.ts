// One call: the caller's INVITE, the branches that look for a callee, the pair of legs once there is one. This file holds
// its state and its bookkeeping; what happens to it is told by call-setup.ts, invite-response.ts, in-dialog.ts, hang-up.ts.
import { errorMessage } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Timer } from '../../shared/timer-queue.ts';
import type { Route } from '../routing/route.ts';
import type { Zone } from '../routing/zone.ts';
import type { CallMediaReport } from '../session/session-engine.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { ServerTransaction } from '../sip/transaction/transaction.ts';
import type { Branch } from './branch.ts';
import { CallMedia } from './call-media.ts';
import type { CloseReason } from './close-reason.ts';
import type { B2buaContext } from './context.ts';
import type { LaterInvite } from './later-invite.ts';
import type { Leg } from './leg.ts';
import { Mailbox } from './mailbox.ts';
import type { Pair } from './pair.ts';

/** `ended` calls only wait for their last BYEs and NOTIFYs. */
export type CallState = 'setup' | 'answered' | 'ended';

export interface Ending {
  readonly reason: CloseReason;
  /** Final status towards the caller, when the call was never answered. */
  readonly status: number;
  readonly at: number;
}

export interface CallOptions {
  readonly id: string;
  readonly context: B2buaContext;
  readonly zone: Zone;
  readonly server: ServerTransaction;
  /** Called once, when nothing of the call is left: `report` is its media's last word. */
  readonly onGone: (call: Call, report: CallMediaReport | undefined) => void;
  /** A step of this call threw: our fault, the call must end. */
  readonly onFault: (call: Call, thrown: unknown) => void;
}

export class Call {
  readonly kind = 'call';
  readonly id: string;
  readonly context: B2buaContext;
  /** The caller's zone. */
  readonly zone: Zone;
  /** The initial INVITE's server transaction, and the INVITE as the caller sent it. */
  readonly server: ServerTransaction;
  readonly invite: SipRequest;
  readonly media: CallMedia;
  readonly log: Log;
  readonly startedAt: number;
  readonly startedWall: number;
  /** Our tag towards the caller: of the first dialog, and of responses that make none. */
  readonly tag: string;

  state: CallState = 'setup';
  route: Route | undefined;
  readonly branches: Branch[] = [];
  /** The two legs that talk, once a callee answered. */
  pair: Pair | undefined;
  /** All living dialogs of the call, early ones too. */
  readonly legs: Set<Leg> = new Set();
  progressAt: number | undefined;
  answeredAt: number | undefined;
  ending: Ending | undefined;
  /** The last final failure of a branch: what the caller hears when nothing is left to try. */
  failure: { readonly status: number; readonly branch: Branch } | undefined;
  /** The response of that branch, to be handed on when no other destination takes the call. */
  lastRejection: { readonly branch: Branch; readonly response: SipResponse } | undefined;
  redirects = 0;
  /** Session interval of ours that a 422 asked for. */
  sessionSeconds: number | undefined;
  /** Fires when the parties stop refreshing a session timer of their own (RFC 4028). */
  sessionWatch: Timer | undefined;
  /** INVITEs within the call that have no final response yet. */
  readonly laterInvites: Set<LaterInvite> = new Set();
  readonly #mailbox: Mailbox;
  readonly #timers: Set<Timer> = new Set();
  readonly #onGone: CallOptions['onGone'];
  #report: CallMediaReport | undefined;
  #settled = false;
  #gone = false;

  constructor(options: CallOptions) {
    this.id = options.id;
    this.context = options.context;
    this.zone = options.zone;
    this.server = options.server;
    this.invite = options.server.request;
    this.media = new CallMedia(options.context.session, options.id);
    this.log = options.context.log.child({ call: options.id, call_id: this.invite.callId });
    this.startedAt = options.context.now();
    this.startedWall = options.context.wallClock();
    this.tag = options.context.rng.token(16);
    this.#onGone = options.onGone;
    this.#mailbox = new Mailbox((thrown) => {
      this.log.error({ error: errorMessage(thrown), stack: thrown instanceof Error ? thrown.stack : undefined }, 'call-fault');
      options.onFault(this, thrown);
    });
  }

  post(task: () => void | Promise<void>): void {
    this.#mailbox.post(task);
  }

  /** The same for what a peer may send as often as it likes; false: too much waits already. */
  tryPost(task: () => void | Promise<void>): boolean {
    return this.#mailbox.tryPost(task);
  }

  /** Runs `task` in the call's order after `delayMs`, unless the timer is cancelled or the call is gone. */
  after(delayMs: number, task: () => void | Promise<void>): Timer {
    if (this.#gone) return { at: Number.POSITIVE_INFINITY };
    const timer = this.context.timers.schedule(this.context.now() + delayMs, () => {
      this.#timers.delete(timer);
      this.post(task);
    });
    this.#timers.add(timer);
    return timer;
  }

  cancelTimer(timer: Timer | undefined): void {
    if (timer === undefined) return;
    this.#timers.delete(timer);
    this.context.timers.cancel(timer);
  }

  addLeg(leg: Leg): void {
    this.legs.add(leg);
    this.context.dialogs.add(leg);
  }

  /** The dialog with this party is over: its identifiers name nothing any more. */
  removeLeg(leg: Leg): void {
    leg.ended = true;
    leg.accepted?.stop();
    leg.provisionals?.stop();
    this.legs.delete(leg);
    this.context.dialogs.remove(leg);
    this.#leaveIfEmpty();
  }

  /** The call's media is freed and its end told; what remains are dialogs to close. */
  settled(report: CallMediaReport | undefined): void {
    this.#report ??= report;
    this.#settled = true;
    this.#leaveIfEmpty();
  }

  #leaveIfEmpty(): void {
    if (this.#gone || !this.#settled || this.legs.size > 0) return;
    this.#gone = true;
    for (const timer of this.#timers) this.context.timers.cancel(timer);
    this.#timers.clear();
    // A decided INVITE transaction lingers for half a minute and must not hold the whole call; one that is still open has
    // this call clean up whatever comes of it.
    for (const branch of this.branches) if (branch.state === 'answered' || branch.state === 'failed') branch.client?.abandon();
    this.#onGone(this, this.#report);
  }
}
