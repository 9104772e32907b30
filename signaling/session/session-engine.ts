// The media API of signaling (design.md 6): offer, answer, rollback, remove, query. Holds the calls, keeps their steps in
// order, and tells the relay what was agreed. Knows neither SIP messages nor the ng protocol; never throws on what peers
// send or relays fail to do.
import { errorMessage } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Rng } from '../../shared/rng.ts';
import { dropBranch, withdraw } from './agreement.ts';
import { takeAnswer } from './answer.ts';
import { CallQueue } from './call-queue.ts';
import { type CallState, findBranch } from './call-state.ts';
import { sessionLimits } from './limits.ts';
import type { RandomBytes } from './local-keys.ts';
import { type CallMediaReport, mediaReport } from './media-report.ts';
import { sdpResult } from './negotiation.ts';
import { makeOffer, newCall } from './offer.ts';
import type { Relay, RelayFailed } from './relay.ts';
import type { AnswerRequest, BranchRequest, OfferRequest, RollbackRequest } from './requests.ts';
import { type Refusal, refused, refusedByRelay, type SdpResult } from './sdp-result.ts';
import { type MediaTimeouts, wantedState } from './session-state.ts';

export type { CallMediaReport } from './media-report.ts';
export type { AnswerRequest, OfferRequest, RollbackRequest } from './requests.ts';
export type { SdpResult } from './sdp-result.ts';
export type { SidePolicy } from './side-policy.ts';

export interface SessionLimits extends MediaTimeouts {
  readonly calls: number;
}

export interface SessionEngineOptions {
  readonly relay: Relay;
  readonly rng: Rng;
  /** For SRTP keys: cryptographically secure bytes, each array handed out once. */
  readonly randomBytes: RandomBytes;
  readonly log: Log;
  readonly limits: SessionLimits;
}

const nothing: CallMediaReport = { ends: [] };

export class SessionEngine {
  readonly #relay: Relay;
  readonly #rng: Rng;
  readonly #randomBytes: RandomBytes;
  readonly #log: Log;
  readonly #limits: SessionLimits;
  readonly #calls = new Map<string, CallState>();
  readonly #queue = new CallQueue(sessionLimits.waiting);

  constructor(options: SessionEngineOptions) {
    this.#relay = options.relay;
    this.#rng = options.rng;
    this.#randomBytes = options.randomBytes;
    this.#log = options.log;
    this.#limits = options.limits;
  }

  /** Calls with media. */
  get size(): number {
    return this.#calls.size;
  }

  /** What the other side gets for this offer. The first one of a call makes the call. */
  offer(request: OfferRequest): Promise<SdpResult> {
    return this.#negotiate(request.callId, 'offer', async () => {
      const known = this.#calls.get(request.callId);
      if (known === undefined && this.#calls.size >= this.#limits.calls) return refused(503, `more than ${this.#limits.calls} calls`);
      const call = known ?? newCall(request.callId, request.fromTag, this.#rng);
      this.#calls.set(request.callId, call);
      const result = await makeOffer(call, request, { relay: this.#relay, rng: this.#rng, randomBytes: this.#randomBytes });
      if (result.kind === 'refused' && known === undefined) await this.#forget(call, result);
      return result;
    });
  }

  /** What the offerer gets for this answer. From now on media flows. */
  answer(request: AnswerRequest): Promise<SdpResult> {
    return this.#negotiate(request.callId, 'answer', async () => {
      const call = this.#calls.get(request.callId);
      if (call === undefined) return refused(481, 'no such call');
      const outcome = takeAnswer(call, request);
      if (outcome.kind === 'refused') return outcome;
      const ringing = request.ringing === true;
      const changed = outcome.changed || ringing !== call.ringing;
      call.ringing = ringing;
      // A repeated answer is the second chance of a state that did not get through.
      const failed = changed || call.applied !== call.revision ? await this.#apply(call) : undefined;
      return failed === undefined ? sdpResult(outcome.sdp) : refusedByRelay(failed);
    });
  }

  /** The call does not ring any more: from now on silence is told. Idempotent. */
  answered(callId: string): Promise<void> {
    return this.#guarded(callId, undefined, async () => {
      const call = this.#calls.get(callId);
      if (call === undefined || !call.ringing) return;
      call.ringing = false;
      await this.#apply(call);
    });
  }

  /** The offer of `fromTag` was refused, or its answer so far (in a provisional response) came to nothing. Idempotent. */
  rollback(request: RollbackRequest): Promise<void> {
    return this.#guarded(request.callId, undefined, async () => {
      const call = this.#calls.get(request.callId);
      const branch = call === undefined ? undefined : findBranch(call, request.branch ?? '');
      if (call === undefined || branch === undefined) return;
      if (withdraw(call, branch, request.fromTag)) await this.#settle(call);
    });
  }

  /** A far side is gone; the call and what the near side was shown stay. Idempotent. */
  removeBranch(request: BranchRequest): Promise<CallMediaReport> {
    return this.#guarded(request.callId, nothing, async () => {
      const call = this.#calls.get(request.callId);
      const branch = call === undefined ? undefined : findBranch(call, request.branch ?? '');
      if (call === undefined || branch === undefined) return nothing;
      const report = branch.agreed === null ? nothing : await this.#report(call);
      const ends = report.ends.filter((end) => end.side === 'answerer' && end.branch === branch.name);
      dropBranch(call, branch);
      await this.#settle(call);
      return { ends };
    });
  }

  /** Ends the call's media and frees its ports. Idempotent. */
  remove(request: { readonly callId: string }): Promise<CallMediaReport> {
    return this.#guarded(request.callId, nothing, async () => {
      const call = this.#calls.get(request.callId);
      if (call === undefined) return nothing;
      this.#calls.delete(request.callId);
      const reply = await this.#relay.release(request.callId);
      return reply.kind === 'report' ? mediaReport(call, reply.transports) : nothing;
    });
  }

  query(callId: string): Promise<CallMediaReport | undefined> {
    return this.#guarded(callId, undefined, async () => {
      const call = this.#calls.get(callId);
      return call === undefined ? undefined : await this.#report(call);
    });
  }

  /** Everything known of the call as plain data (JSON), for its record; a copy. */
  export(callId: string): CallState | undefined {
    const call = this.#calls.get(callId);
    return call === undefined ? undefined : structuredClone(call);
  }

  /** A call whose first offer was refused never was one. */
  async #forget(call: CallState, { status }: Refusal): Promise<void> {
    this.#calls.delete(call.callId);
    // A reserve that timed out may have opened ports after all.
    if (status >= 500) await this.#relay.release(call.callId);
  }

  async #report(call: CallState): Promise<CallMediaReport> {
    const reply = await this.#relay.query(call.callId);
    return reply.kind === 'report' ? mediaReport(call, reply.transports) : nothing;
  }

  async #apply(call: CallState): Promise<RelayFailed | undefined> {
    call.revision++;
    const reply = await this.#relay.apply(call.callId, call.revision, wantedState(call, this.#limits));
    if (reply.kind === 'ok') {
      call.applied = call.revision;
      return undefined;
    }
    this.#log.warn({ callId: call.callId, failure: reply.failure, reason: reply.message }, 'session-apply-failed');
    return reply;
  }

  /** After something was taken back: closes what is no longer needed. */
  async #settle(call: CallState): Promise<void> {
    if (call.transports.length > 0) await this.#apply(call);
    else await this.#relay.release(call.callId);
  }

  async #negotiate(callId: string, step: 'offer' | 'answer', operation: () => Promise<SdpResult>): Promise<SdpResult> {
    // Only what peers can cause is bounded: what frees ports always gets its turn.
    const result = this.#queue.isFull(callId)
      ? refused(500, 'too many negotiations wait')
      : await this.#guarded(callId, refused(500, 'internal error'), operation);
    if (result.kind === 'refused') this.#log.debug({ callId, step, status: result.status, reason: result.reason }, 'sdp-refused');
    return result;
  }

  /** In order, and with the one catch of a call: a broken invariant ends this step, not the process. */
  #guarded<T>(callId: string, otherwise: T, operation: () => Promise<T>): Promise<T> {
    return this.#queue.run(callId, async () => {
      try {
        return await operation();
      } catch (thrown) {
        this.#log.error({ callId, reason: errorMessage(thrown) }, 'session-step-failed');
        return otherwise;
      }
    });
  }
}
