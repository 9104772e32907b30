// One leg of a call: a dialog with one party, the flow it is reached by, and what waits on it (an INVITE in either
// direction, an ACK, a reliable provisional). A leg knows its peer through its pair and nothing of media.
import type { Timer } from '../../shared/timer-queue.ts';
import type { Zone } from '../routing/zone.ts';
import type { AcceptedInvite } from '../sip/dialog/accepted-invite.ts';
import { checkSequence, type Dialog, nextRequest, refreshTarget } from '../sip/dialog/dialog.ts';
import type { ReliableProvisionals } from '../sip/dialog/reliable-provisional.ts';
import type { ReliableReceiver } from '../sip/dialog/reliable-receiver.ts';
import type { SipMessage } from '../sip/message/message.ts';
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import { parseUri } from '../sip/message/uri.ts';
import type { ClientObserver, ClientTransaction } from '../sip/transaction/transaction.ts';
import type { Flow } from '../sip/transport/flow.ts';
import type { Call } from './call.ts';
import type { Pair } from './pair.ts';
import type { Subscription } from './subscription.ts';

/** Sends the leg's requests; the B2BUA's outlet to resolver, transports and transactions. */
export interface LegSender {
  /** `started` gets the transaction once it runs; a request that finds no way fails through the observer. */
  send(leg: Leg, request: SipRequest, observer: ClientObserver, started?: (transaction: ClientTransaction) => void): void;
  sendAck(leg: Leg, request: SipRequest): void;
}

export type LegRole = 'caller' | 'callee';

/** What the leg's requests are for: a call, or a subscription outside of one. */
export type LegOwner = Call | Subscription;

export class Leg {
  readonly owner: LegOwner;
  readonly role: LegRole;
  readonly zone: Zone;
  readonly dialog: Dialog;
  /** Where the party was last heard, or where its INVITE went. */
  flow: Flow;
  pair: Pair | undefined;
  /** An INVITE of the party that we have not finally answered, or one of ours it has not (RFC 3261 section 14). */
  invite: 'none' | 'received' | 'sent' = 'none';
  /** CSeq number of our INVITE that the party accepted and we have not acknowledged yet. */
  ackDue: number | undefined;
  /** The ACKs we sent, the newest first: repeated when their 2xx comes again. */
  acks: readonly SipRequest[] = [];
  /** Our 2xx on its way until the party acknowledges it, and the CSeq number of the last INVITE of the party that we accepted. */
  accepted: AcceptedInvite | undefined;
  acceptedSequence: number | undefined;
  /** Reliable provisionals: those we send, and the order of those that come. */
  provisionals: ReliableProvisionals | undefined;
  readonly received: Map<string, ReliableReceiver> = new Map();
  /** RSeq of ours -> the provisional of the peer that it stands for. */
  readonly reliable: Map<number, { readonly leg: Leg; readonly rseq: number; readonly sequence: number }> = new Map();
  /** The last SDP the party was shown. */
  shownSdp: Uint8Array | undefined;
  /** Methods of the party's last Allow, upper case. */
  allow: ReadonlySet<string> = new Set();
  /** CSeq numbers of the last REFERs sent to this party -> the numbers the peer used: the id of their NOTIFYs (RFC 3515 section 2.4.6). */
  readonly referIds: Map<number, number> = new Map();
  /** Of a session timer that ends at Weir (session-timer.ts). */
  sessionTimer: Timer | undefined;
  /** Transfers that still report to this party by NOTIFY. */
  reports = 0;
  /** A BYE was sent or received. */
  closing = false;
  ended = false;

  constructor(options: { owner: LegOwner; role: LegRole; zone: Zone; dialog: Dialog; flow: Flow }) {
    this.owner = options.owner;
    this.role = options.role;
    this.zone = options.zone;
    this.dialog = options.dialog;
    this.flow = options.flow;
  }

  get peer(): Leg | undefined {
    return this.pair?.other(this);
  }

  /** An INVITE with this party has no final response, or a 2xx no ACK: no other may start (RFC 3261 section 14.1). */
  get invitesUnderWay(): boolean {
    return this.invite !== 'none' || this.accepted !== undefined || this.ackDue !== undefined;
  }

  /** Contact of ours for this leg: names nothing but the listener (RFC 3261 section 8.1.1.8). */
  get contact(): string {
    return contactFor(this.flow, this.dialog.secure ? 'sips' : 'sip');
  }

  /** The next in-dialog request, without Contact and without what crosses from the other leg. */
  request(method: string): SipRequest {
    return nextRequest(this.dialog, method);
  }

  /** False: the CSeq is lower than one already seen, the request is out of order (RFC 3261 section 12.2.2). */
  inOrder(request: SipRequest): boolean {
    return checkSequence(this.dialog, request) === 'ok';
  }

  /** Takes over Contact and Allow of a message of the party; its flow only if it is a request (it just proved to be there). */
  heard(message: SipMessage, flow: Flow): void {
    if (message.kind === 'request') this.flow = flow;
    refreshTarget(this.dialog, message);
    const allow = message.headers.list('allow');
    if (allow.length > 0) this.allow = new Set(allow.map((method) => method.toUpperCase()));
  }

  /**
   * Whether a request in this dialog may come by `flow`: only from the address the party is known at, by its flow, its
   * Contact or its first Route; on the inside from any address the zone takes requests from, since nodes have several. Right
   * tags from elsewhere are a forgery or a leak.
   */
  accepts(flow: Flow): boolean {
    if (flow.zone !== this.zone.name) return false;
    if (flow.address === this.flow.address || (!this.zone.outside && this.zone.allows(flow.address))) return true;
    const target = parseUri(this.dialog.routeSet[0]?.replace(/^[^<]*<([^>]*)>.*$/, '$1') ?? this.dialog.remoteTarget);
    return target !== undefined && target.host.replace(/^\[|\]$/g, '') === flow.address;
  }

  /** Copies Contact of ours into a message for this party. */
  addContact(message: SipRequest | SipResponse): void {
    message.headers.set('contact', this.contact);
  }
}

/** In every Contact of ours: says nothing, but phones want a user part. */
export const contactUser = 'weir';

/** RFC 3261 section 8.1.1.8: a dialog asked for with a sips URI has such Contacts. */
export function contactFor(flow: Flow, scheme: 'sip' | 'sips' = 'sip'): string {
  const usual = flow.protocol === 'udp' || (scheme === 'sips' && flow.protocol === 'tls');
  const transport = usual ? '' : `;transport=${flow.protocol === 'wss' ? 'ws' : flow.protocol}`;
  return `<${scheme}:${contactUser}@${flow.localHost}:${flow.localPort}${transport}>`;
}
