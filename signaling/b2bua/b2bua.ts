// The B2BUA's front door: what the transaction layer hands up finds its call, its subscription, or starts one. All that
// can be thrown on behalf of one request or call is caught here or in the call's mailbox, and ends just that.
import { errorMessage } from '../../shared/errors.ts';
import type { Zone } from '../routing/zone.ts';
import type { CallMediaReport } from '../session/session-engine.ts';
import { tagOf } from '../sip/message/name-addr.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import { parseUri } from '../sip/message/uri.ts';
import type { ServerTransaction, TransactionUser } from '../sip/transaction/transaction.ts';
import type { Flow } from '../sip/transport/flow.ts';
import { Admission } from './admission.ts';
import { Call } from './call.ts';
import { startCall } from './call-setup.ts';
import { reply } from './carry.ts';
import { type Cdr, cdrOf } from './cdr.ts';
import type { CloseReason } from './close-reason.ts';
import type { B2buaContext } from './context.ts';
import { endCall, endFaultyCall } from './hang-up.ts';
import { onAck, onRequest } from './in-dialog.ts';
import { contactUser, type Leg } from './leg.ts';
import { cancelReInvite } from './re-invite.ts';
import { allowedMethods, answerOptions, relayStandalone } from './standalone.ts';
import { Subscription } from './subscription.ts';

/** Make sense only within a dialog (RFC 3261, 3262, 3311): without one there is nothing they could mean. */
const onlyInDialog: ReadonlySet<string> = new Set(['BYE', 'PRACK', 'UPDATE']);
/** Subscriptions at one time; each costs two dialogs and a timer. */
const maxSubscriptions = 50_000;

export class B2bua implements TransactionUser {
  readonly #context: B2buaContext;
  readonly #admission: Admission;
  readonly #calls: Map<string, Call> = new Map();
  /** Calls by the server transaction of their first INVITE: for its CANCEL. */
  readonly #byServer: Map<string, Call> = new Map();
  readonly #subscriptions: Set<Subscription> = new Set();
  readonly #onEnd: (cdr: Cdr) => void;
  readonly #whenEmpty: (() => void)[] = [];

  constructor(context: B2buaContext, onEnd: (cdr: Cdr) => void) {
    this.#context = context;
    this.#onEnd = onEnd;
    this.#admission = new Admission(context.limits);
  }

  get calls(): number {
    return this.#calls.size;
  }

  request(server: ServerTransaction, now: number): void {
    try {
      this.#dispatch(server, now);
    } catch (thrown) {
      this.#fault(thrown);
      if (!server.answered) server.respond(reply(server.request, 500, this.#context.rng.token(16)), now);
    }
  }

  ack(request: SipRequest, flow: Flow): void {
    const leg = this.#find(request);
    if (leg === undefined || !leg.accepts(flow) || leg.owner.kind !== 'call') return;
    const call = leg.owner;
    call.tryPost(() => onAck(call, leg, request));
  }

  cancelled(server: ServerTransaction, cancel: SipRequest): void {
    const call = this.#byServer.get(server.id);
    if (call !== undefined) {
      call.post(() => endCall(call, { reason: 'caller-cancelled', status: 487, request: cancel }));
      return;
    }
    const owner = this.#find(server.request)?.owner;
    if (owner?.kind === 'call') owner.post(() => cancelReInvite(owner, server));
  }

  strayResponse(response: SipResponse, flow: Flow): void {
    this.#context.log.debug({ status: response.status, source: flow.address }, 'stray-response');
  }

  /** The media of a call is gone or silent. */
  mediaLost(callId: string, reason: Extract<CloseReason, 'media-timeout' | 'media-failed'>): void {
    const call = this.#calls.get(callId);
    call?.post(() => {
      // Told before the answer was: early media may be silent (call-media.ts), nobody has hung up on it.
      if (call.state === 'setup' && reason === 'media-timeout') return;
      endCall(call, { reason, status: 500 });
    });
  }

  /** No new calls from now on; resolves when the last one is gone. */
  drain(): Promise<void> {
    this.#admission.drain();
    if (this.#calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenEmpty.push(resolve);
    });
  }

  endAll(reason: CloseReason): void {
    for (const call of this.#calls.values()) call.post(() => endCall(call, { reason, status: 503 }));
  }

  #dispatch(server: ServerTransaction, now: number): void {
    const { request, flow } = server;
    const zone = this.#context.zones.get(flow.zone);
    if (zone === undefined) return;
    if (tagOf(request.to) !== undefined) return this.#withinDialog(zone, server, now);
    if (!this.#knows(zone, flow)) return this.#refuseStranger(server, now);
    const refusal = this.#admission.check(request, zone, this.#calls.size, now);
    if (refusal !== undefined) {
      const response = reply(request, refusal.status, this.#context.rng.token(16));
      for (const [name, value] of refusal.headers) response.headers.append(name, value);
      return server.respond(response, now);
    }
    if (request.method === 'INVITE') return this.#newCall(zone, server);
    this.#outsideDialog(zone, server, now);
  }

  #withinDialog(zone: Zone, server: ServerTransaction, now: number): void {
    const { request, flow } = server;
    const leg = this.#find(request);
    if (leg === undefined && !this.#knows(zone, flow)) return this.#refuseStranger(server, now);
    if (leg === undefined && request.method === 'NOTIFY' && this.#context.dialogs.held(server, request.callId, tagOf(request.to) ?? ''))
      return;
    // Right tags from elsewhere are as unknown as wrong tags: the sender learns nothing (RFC 3261 section 12.2.2).
    if (leg === undefined || !leg.accepts(flow)) {
      if (leg !== undefined) this.#context.faults.warn({ source: flow.address, method: request.method }, 'dialog-source-mismatch', now);
      return server.respond(reply(request, 481, ''), now);
    }
    const { owner } = leg;
    if (owner.kind === 'subscription') return owner.onRequest(leg, server);
    const step = (): void | Promise<void> => answering(server, now, () => onRequest(owner, leg, server));
    if (request.method === 'BYE') return owner.post(step);
    if (owner.tryPost(step)) return;
    const busy = reply(request, 500, '');
    busy.headers.append('retry-after', '5');
    server.respond(busy, now);
  }

  /** Closed by default: configured networks, and on the inside the nodes of the pools. */
  #knows(zone: Zone, flow: Flow): boolean {
    return zone.allows(flow.address) || (!zone.outside && this.#context.router.nodeAt(flow.address) !== undefined);
  }

  /** Answered once and forgotten: whoever forges sources must gain neither state nor amplification. */
  #refuseStranger(server: ServerTransaction, now: number): void {
    const { address, zone } = server.flow;
    this.#context.faults.warn({ source: address, zone, method: server.request.method }, 'stranger-refused', now);
    server.dismiss(reply(server.request, 403, ''), now);
  }

  #outsideDialog(zone: Zone, server: ServerTransaction, now: number): void {
    const { request } = server;
    if (onlyInDialog.has(request.method)) return server.respond(reply(request, 481, this.#context.rng.token(16)), now);
    if (request.method === 'OPTIONS' && this.#isForUs(request, zone)) return answerOptions(this.#context, server);
    if (request.method === 'REGISTER') {
      const response = reply(request, 405, this.#context.rng.token(16));
      response.headers.append('allow', allowedMethods);
      return server.respond(response, now);
    }
    if (request.method !== 'SUBSCRIBE' && request.method !== 'REFER') return relayStandalone(this.#context, zone, server);
    if (this.#subscriptions.size >= maxSubscriptions) return server.respond(reply(request, 503, this.#context.rng.token(16)), now);
    const subscription = new Subscription({
      context: this.#context,
      zone,
      server,
      onGone: (gone) => this.#subscriptions.delete(gone),
    });
    this.#subscriptions.add(subscription);
    subscription.start();
  }

  #newCall(zone: Zone, server: ServerTransaction): void {
    const call = new Call({
      id: this.#context.rng.token(16),
      context: this.#context,
      zone,
      server,
      onGone: (gone, report) => this.#gone(gone, report),
      onFault: endFaultyCall,
    });
    this.#calls.set(call.id, call);
    this.#byServer.set(server.id, call);
    call.log.info({ source: server.flow.address, protocol: server.flow.protocol, zone: zone.name }, 'call-started');
    call.post(() => startCall(call));
  }

  #gone(call: Call, report: CallMediaReport | undefined): void {
    this.#calls.delete(call.id);
    this.#byServer.delete(call.server.id);
    this.#context.book.deleteRecord(call.id);
    const cdr = cdrOf(call, report);
    call.log.info({ ...cdr, id: undefined }, 'call-ended');
    this.#context.book.appendCdr(JSON.stringify(cdr));
    this.#onEnd(cdr);
    if (this.#calls.size === 0) for (const tell of this.#whenEmpty.splice(0)) tell();
  }

  #find(request: SipRequest): Leg | undefined {
    return this.#context.dialogs.find(request.callId, tagOf(request.to) ?? '', tagOf(request.from) ?? '');
  }

  /** Nobody in particular at our address, or the user of our own Contacts; from inside whoever is asked for there. */
  #isForUs(request: SipRequest, zone: Zone): boolean {
    const uri = parseUri(request.uri);
    if (uri === undefined || !this.#context.zones.isOwnHost(uri.host)) return false;
    return !zone.outside || uri.user === undefined || uri.user === contactUser;
  }

  #fault(thrown: unknown): void {
    this.#context.log.error({ error: errorMessage(thrown), stack: thrown instanceof Error ? thrown.stack : undefined }, 'request-fault');
  }
}

/** A step for a request of a peer: when it throws, the request still gets its answer before the call is ended. */
function answering(server: ServerTransaction, now: number, step: () => void | Promise<void>): void | Promise<void> {
  const failed = (thrown: unknown): never => {
    if (!server.answered) server.respond(reply(server.request, 500, ''), now);
    throw thrown;
  };
  try {
    return step()?.catch(failed);
  } catch (thrown) {
    failed(thrown);
  }
}
