// A small SIP user agent on Weir's message, transport and transaction layers: places and takes calls, answers what comes
// outside of calls. Serves the test agent and `weir call`; it is no part of the SBC's own path.
import type { Log } from '../../shared/log.ts';
import { type Rng, systemRng } from '../../shared/rng.ts';
import { TimerShell } from '../clock/timer-shell.ts';
import { Headers } from '../sip/message/headers.ts';
import type { SipMessage } from '../sip/message/message.ts';
import { tagOf } from '../sip/message/name-addr.ts';
import { replyTo } from '../sip/message/reply.ts';
import { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import { hostAddress, parseUri } from '../sip/message/uri.ts';
import { TransactionLayer } from '../sip/transaction/layer.ts';
import { defaultT1Ms } from '../sip/transaction/timing.ts';
import type { ClientObserver, ClientTransaction, ServerTransaction, TransactionUser } from '../sip/transaction/transaction.ts';
import type { Flow, Target } from '../sip/transport/flow.ts';
import type { TlsCredentials, TransportUser } from '../sip/transport/transport-options.ts';
import { AgentMedia } from './agent-media.ts';
import { type AgentListener, AgentTransport, type Trust, targetOf } from './agent-transport.ts';
import { Call } from './call.ts';
import { type CallHost, setBody } from './call-host.ts';
import type { G711 } from './g711.ts';
import type { IncomingInvite } from './incoming-invite.ts';
import { dress, type Look } from './look.ts';
import type { OutgoingInvite } from './outgoing-invite.ts';
import { calleeDialog } from './ua-dialog.ts';

export interface UserAgentOptions {
  readonly listeners: readonly AgentListener[];
  readonly look: Look;
  readonly log: Log;
  readonly rng?: Rng;
  readonly t1Ms?: number;
  readonly codecs?: readonly G711[];
  /** For tls listeners; default: a throw-away certificate. */
  readonly credentials?: TlsCredentials;
  /** Default: system. */
  readonly trust?: Trust;
  /** Statuses other than the usual ones, by method, within calls and outside of them. */
  readonly answers?: ReadonlyMap<string, number>;
  /** An INVITE that opens a call; 100 is sent already. */
  taken(call: Call, invite: IncomingInvite): void;
  /** Sees every SIP message that came. */
  heard?(message: SipMessage, flow: Flow): void;
  /** A connection is gone, and why. */
  flowFailed?(reason: string): void;
}

export interface PlaceOptions {
  readonly target: Target;
  readonly uri: string;
  /** A URI. */
  readonly from: string;
  /** `late`: without SDP; the peer offers. */
  readonly offer?: 'with' | 'late';
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

/** Calls at one time; more are refused with 503, as FreeSWITCH does at its max-sessions. */
const maxCalls = 10_000;
/** What a UAS without the feature answers is 501; these it has. */
const knownMethods = new Set(['OPTIONS', 'MESSAGE', 'INFO', 'REGISTER', 'REFER', 'NOTIFY', 'PUBLISH', 'SUBSCRIBE', 'UPDATE']);

export class UserAgent implements TransactionUser {
  readonly timers: TimerShell;
  readonly #options: UserAgentOptions;
  readonly #rng: Rng;
  readonly #host: CallHost;
  readonly #calls = new Map<string, Call>();
  readonly #cancelledEarly = new Set<string>();
  readonly #transactions: TransactionLayer;
  readonly #transport: AgentTransport;

  private constructor(options: UserAgentOptions, parts: { rng: Rng; timers: TimerShell; transport: AgentTransport }) {
    const { rng, timers, transport } = parts;
    this.#options = options;
    this.#rng = rng;
    this.timers = timers;
    this.#transport = transport;
    const t1Ms = options.t1Ms ?? defaultT1Ms;
    this.#transactions = new TransactionLayer({ transport, user: this, timers, rng, t1Ms });
    this.#host = {
      rng,
      timers,
      t1Ms,
      look: options.look,
      now: () => timers.now(),
      contact: (flow, user) => `<sip:${user}@${flow.localHost}:${flow.localPort};transport=${flow.protocol}>`,
      send: (request, flow, hop, observer) => this.#send(request, this.#towards(flow, hop), observer),
      sendAck: (request, flow, hop) => this.#transactions.sendAck(request, this.#towards(flow, hop)),
    };
  }

  static async start(options: UserAgentOptions): Promise<UserAgent> {
    const rng = options.rng ?? systemRng();
    const timers = new TimerShell();
    let agent: UserAgent | undefined;
    const { listeners, log, credentials, trust = { kind: 'system' } } = options;
    // Nothing arrives before open has returned and the agent is there: sockets speak in later turns of the event loop.
    const upper: TransportUser = {
      message: (message, flow, now) => agent?.message(message, flow, now),
      flowFailed: (flow, reason, now) => agent?.flowFailed(flow, reason, now),
    };
    const transport = await AgentTransport.open({ listeners, credentials, trust, log, rng, timers, upper });
    agent = new UserAgent(options, { rng, timers, transport });
    return agent;
  }

  /** With the ports that were really bound. */
  get listeners(): readonly AgentListener[] {
    return this.#transport.listeners();
  }

  /** Living calls, oldest first. */
  get calls(): readonly Call[] {
    return [...this.#calls.values()];
  }

  /** Places a call; undefined when no listener can reach the target. The outcome is the invite's. */
  async place(options: PlaceOptions): Promise<{ call: Call; invite: OutgoingInvite } | undefined> {
    const flow = this.#transport.route(options.target);
    if (flow === undefined) return undefined;
    const media = await this.#openMedia(flow);
    const localTag = this.#rng.token(13);
    const user = parseUri(options.from)?.user ?? 'weir';
    const call = this.#newCall({ media, flow, user, localTag });
    const request = this.#request('INVITE', options, localTag);
    request.headers.append('contact', this.#host.contact(flow, user));
    if (options.offer !== 'late') setBody(request, media.offer('sendrecv'));
    dress(request, this.#options.look);
    this.#keep(request.callId, call);
    return { call, invite: call.place(request, options.uri) };
  }

  /** A request outside of any call; undefined when it got no response. */
  ask(method: string, options: PlaceOptions & { body?: Uint8Array; contentType?: string }): Promise<SipResponse | undefined> {
    const flow = this.#transport.route(options.target);
    if (flow === undefined) return Promise.resolve(undefined);
    const request = this.#request(method, options, this.#rng.token(13));
    request.headers.append('contact', this.#host.contact(flow, parseUri(options.from)?.user ?? 'weir'));
    if (options.body !== undefined) setBody(request, options.body, options.contentType);
    dress(request, this.#options.look);
    const { promise, resolve } = Promise.withResolvers<SipResponse | undefined>();
    this.#send(request, flow, {
      response: (response) => {
        if (response.status >= 200) resolve(response);
      },
      failed: () => resolve(undefined),
    });
    return promise;
  }

  /** Ends all calls without a word and closes the sockets. */
  async close(): Promise<void> {
    for (const call of this.calls) call.end({ kind: 'failed', cause: 'closed' });
    this.timers.close();
    await this.#transport.close();
  }

  // From the transport.

  message(message: SipMessage, flow: Flow, now: number): void {
    this.#options.heard?.(message, flow);
    this.#transactions.receive(message, flow, now);
  }

  flowFailed(flow: Flow, reason: string, now: number): void {
    this.#options.flowFailed?.(reason);
    this.#transactions.flowFailed(flow, now);
  }

  // From the transactions.

  request(transaction: ServerTransaction, now: number): void {
    const { request } = transaction;
    const tag = tagOf(request.to);
    if (tag !== undefined) {
      const call = this.#calls.get(callKey(request.callId, tag));
      if (call === undefined) this.#answer(transaction, 481, now);
      else call.receive(transaction);
    } else if (request.method === 'INVITE') void this.#invited(transaction, now);
    else {
      const usual = request.method === 'REFER' ? 202 : knownMethods.has(request.method) ? 200 : 501;
      this.#answer(transaction, this.#options.answers?.get(request.method) ?? usual, now);
    }
  }

  ack(request: SipRequest): void {
    this.#calls.get(callKey(request.callId, tagOf(request.to) ?? ''))?.acknowledged(request);
  }

  cancelled(transaction: ServerTransaction, cancel: SipRequest): void {
    const call = this.calls.find((other) => other.dialog?.callId === cancel.callId && other.dialog.remoteTag === tagOf(cancel.from));
    if (call === undefined) this.#cancelledEarly.add(transaction.id);
    else call.cancelled(cancel);
  }

  strayResponse(response: SipResponse): void {
    this.#calls.get(callKey(response.callId, tagOf(response.from) ?? ''))?.strayAccept(response);
  }

  async #invited(transaction: ServerTransaction, now: number): Promise<void> {
    const { request, flow } = transaction;
    if (this.#calls.size >= maxCalls) {
      this.#answer(transaction, 503, now);
      return;
    }
    const trying = replyTo(request, 100);
    dress(trying, this.#options.look);
    transaction.respond(trying, now);
    let media: AgentMedia;
    try {
      media = await this.#openMedia(flow);
    } catch {
      this.#answer(transaction, 503, this.timers.now());
      return;
    }
    const localTag = this.#rng.token(13);
    const call = this.#newCall({ media, flow, user: parseUri(request.uri)?.user ?? 'agent', localTag });
    this.#keep(request.callId, call);
    const invite = call.take(transaction, calleeDialog(request, localTag, 100_000_000 + this.#rng.int(100_000_000)));
    // A CANCEL may have come while the ports were opened.
    if (this.#cancelledEarly.delete(transaction.id)) invite.refuse(487);
    else this.#options.taken(call, invite);
  }

  #newCall(options: { media: AgentMedia; flow: Flow; user: string; localTag: string }): Call {
    return new Call({ ...options, host: this.#host, answers: this.#options.answers ?? new Map() });
  }

  #keep(callId: string, call: Call): void {
    const key = callKey(callId, call.localTag);
    this.#calls.set(key, call);
    void call.ended.then(() => this.#calls.delete(key));
  }

  #openMedia(flow: Flow): Promise<AgentMedia> {
    const address = hostAddress({ host: flow.localHost });
    const { look, codecs = ['PCMU', 'PCMA'] } = this.#options;
    const sdp = look.sdp.originAddress === '' ? { ...look.sdp, originAddress: address } : look.sdp;
    return AgentMedia.open({ address, rng: this.#rng, look: sdp, codecs });
  }

  #request(method: string, options: PlaceOptions, localTag: string): SipRequest {
    const headers = new Headers();
    headers.append('max-forwards', '70');
    headers.append('from', `<${options.from}>;tag=${localTag}`);
    headers.append('to', `<${options.uri}>`);
    headers.append('call-id', this.#rng.token(22));
    headers.append('cseq', `${1 + this.#rng.int(1000)} ${method}`);
    for (const [name, value] of options.headers ?? []) headers.append(name, value);
    return new SipRequest({ method, uri: options.uri, headers });
  }

  #answer(transaction: ServerTransaction, status: number, now: number): void {
    const response = replyTo(transaction.request, status);
    if (!transaction.request.to.params.has('tag')) {
      response.headers.set('to', `${response.headers.get('to') ?? ''};tag=${this.#rng.token(13)}`);
    }
    dress(response, this.#options.look);
    transaction.respond(response, now);
  }

  #send(request: SipRequest, flow: Flow, observer: ClientObserver): ClientTransaction {
    return this.#transactions.send(request, flow, observer, this.timers.now());
  }

  /** UDP follows the route and the Contact; a stream keeps to its connection while that lives. */
  #towards(flow: Flow, hop: string): Flow {
    if (flow.protocol !== 'udp' && this.#transport.isLive(flow)) return flow;
    const target = targetOf(hop, flow.protocol);
    return (target === undefined ? undefined : this.#transport.route(target)) ?? flow;
  }
}

function callKey(callId: string, localTag: string): string {
  return `${callId} ${localTag}`;
}
