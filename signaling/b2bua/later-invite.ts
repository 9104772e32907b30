// An INVITE within an answered call, until its final response: a re-INVITE of a party on its way to the other one, or a
// refresh of our own. Holds what is needed to call it off (RFC 3261 sections 9.1, 15.1.2).
import type { ClientTransaction, ServerTransaction } from '../sip/transaction/transaction.ts';

export class LaterInvite {
  /** What came from the party that asks; undefined when we ask ourselves. */
  readonly server: ServerTransaction | undefined;
  #client: ClientTransaction | undefined;
  #cancelled = false;

  constructor(server: ServerTransaction | undefined) {
    this.server = server;
  }

  /** It is on its way; it may have been called off while the way was looked up. */
  started(client: ClientTransaction, now: number): void {
    this.#client = client;
    if (this.#cancelled) client.cancel(now);
  }

  cancel(now: number): void {
    this.#cancelled = true;
    this.#client?.cancel(now);
  }
}
