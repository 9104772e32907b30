// Open ports as one transport holds them: two sockets for RTP and RTCP, or one for both (RFC 5761). A lease outlives the session:
// its sockets stay open while it rests, so that one can hear whether the peers of the last call have stopped.

export type LeaseKind = 'pair' | 'mux';

/** Where a lease goes when its user is done with it. */
export interface LeaseOwner {
  release(lease: PortLease, now: number): void;
}

export class PortLease {
  readonly #owner: LeaseOwner;
  readonly kind: LeaseKind;
  readonly address: string;
  /** Even; RTCP is on the next one when `rtcpSocket` is not -1. */
  readonly port: number;
  readonly rtpSocket: number;
  readonly rtcpSocket: number;
  /** What the sockets are set to. */
  dscp = 0;
  /** When the last owner let go. */
  restingSince = 0;
  /** When the last packet came that nobody wanted. */
  noisyAt = Number.NEGATIVE_INFINITY;

  constructor(options: {
    readonly owner: LeaseOwner;
    readonly kind: LeaseKind;
    readonly address: string;
    readonly port: number;
    readonly rtpSocket: number;
    readonly rtcpSocket: number;
  }) {
    this.#owner = options.owner;
    this.kind = options.kind;
    this.address = options.address;
    this.port = options.port;
    this.rtpSocket = options.rtpSocket;
    this.rtcpSocket = options.rtcpSocket;
  }

  /** The user lets go: the port rests. */
  release(now: number): void {
    this.#owner.release(this, now);
  }

  /** The odd port under `pair`, else the same one. */
  get rtcpPort(): number {
    return this.kind === 'pair' ? this.port + 1 : this.port;
  }
}
