// Sends the requests of a leg along its dialog: to the first Route or the remote target (RFC 3261 section 12.2.1.1), or
// back along the flow where the party sits behind a NAT and its Contact names an address nobody can reach.

import type { TargetResolver } from '../routing/resolver-interface.ts';
import { parseNameAddr } from '../sip/message/name-addr.ts';
import type { SipRequest } from '../sip/message/request.ts';
import { hostAddress, parseUri, type SipUri } from '../sip/message/uri.ts';
import type { TransactionLayer } from '../sip/transaction/layer.ts';
import type { ClientObserver, ClientTransaction } from '../sip/transaction/transaction.ts';
import type { Flow } from '../sip/transport/flow.ts';
import type { FlowSource } from './context.ts';
import type { Leg, LegSender } from './leg.ts';

export class DialogSender implements LegSender {
  readonly #transactions: TransactionLayer;
  readonly #flows: FlowSource;
  readonly #resolver: TargetResolver;
  readonly #now: () => number;

  constructor(options: { transactions: TransactionLayer; flows: FlowSource; resolver: TargetResolver; now: () => number }) {
    this.#transactions = options.transactions;
    this.#flows = options.flows;
    this.#resolver = options.resolver;
    this.#now = options.now;
  }

  /** A request that finds no way fails like one whose transport failed. */
  send(leg: Leg, request: SipRequest, observer: ClientObserver, started?: (transaction: ClientTransaction) => void): void {
    this.#withFlow(leg, (flow) => {
      const transaction = this.#transactions.send(request, flow ?? leg.flow, observer, this.#now());
      started?.(transaction);
    });
  }

  sendAck(leg: Leg, request: SipRequest): void {
    this.#withFlow(leg, (flow) => this.#transactions.sendAck(request, flow ?? leg.flow));
  }

  #withFlow(leg: Leg, done: (flow: Flow | undefined) => void): void {
    const hop = nextHop(leg);
    if (hop === undefined || this.#staysOnFlow(leg, hop)) return done(leg.flow);
    // What an outside party writes in its Contact must not make us call others: the address is the one it was heard from.
    if (leg.zone.outside && hostAddress(hop) !== leg.flow.address) return done(this.#reopened(leg, hop));
    this.#resolver.resolve(hop, (result) => {
      if ('error' in result) return done(undefined);
      for (const target of result.targets) {
        const flow = this.#flows.route(leg.zone.name, target);
        if (flow !== undefined) return done(flow);
      }
      done(undefined);
    });
  }

  #reopened({ zone, flow: { protocol, address } }: Leg, hop: SipUri): Flow | undefined {
    return this.#flows.route(zone.name, { protocol, address, port: hop.port ?? (protocol === 'tls' ? 5061 : 5060) });
  }

  /**
   * A connection that lives is the best way to whoever opened it. Over UDP, an outside party whose Contact is not the
   * address it sends from is behind a NAT: only its flow reaches it.
   */
  #staysOnFlow(leg: Leg, hop: SipUri): boolean {
    if (leg.flow.connection !== 0) return this.#flows.isLive(leg.flow);
    return leg.zone.outside && hostAddress(hop) !== leg.flow.address;
  }
}

function nextHop(leg: Leg): SipUri | undefined {
  const route = leg.dialog.routeSet[0];
  const uri = route === undefined ? leg.dialog.remoteTarget : (parseNameAddr(route)?.uri ?? route);
  return parseUri(uri);
}
