// Reliable provisional responses as the UAC receives them (RFC 3262 section 4): one counter for each INVITE and To-tag.
// Only what is new and in order gets a PRACK; PRACK itself is a transaction like any other.

/** 'duplicate': acknowledged before, or about to be. 'gap': one before it is missing; it will come again. */
export type Reception = 'new' | 'duplicate' | 'gap';

export class ReliableReceiver {
  #last: number | undefined;

  receive(rseq: number): Reception {
    // The first one seen opens the count, whatever its number.
    if (this.#last === undefined || rseq === this.#last + 1) {
      this.#last = rseq;
      return 'new';
    }
    return rseq <= this.#last ? 'duplicate' : 'gap';
  }
}
