// Opens the ports of one reserve command, all or none. Opening may take a few turns of the loop; meanwhile the session can end.
import type { TransportRequest } from '../../shared/relay/session-state.ts';
import type { MediaInterface } from '../../shared/relay/worker-options.ts';
import type { LeaseResult, LocalPorts } from './local-ports.ts';
import type { PortLease } from './port-lease.ts';
import type { TargetPolicy } from './target-policy.ts';

/** One media interface made ready: its ports and its rules. Interfaces with the same address share the ports. */
export interface OpenInterface {
  readonly media: MediaInterface;
  readonly ports: LocalPorts;
  readonly policy: Pick<TargetPolicy, 'verdict'>;
}

export interface Wanted {
  readonly request: TransportRequest;
  readonly open: OpenInterface;
}

export interface Reserved extends Wanted {
  readonly lease: PortLease;
}

export class Reservation {
  readonly #wanted: readonly Wanted[];
  #leases: Reserved[] = [];
  #waiting: number;
  #problem: string | undefined;

  constructor(wanted: readonly Wanted[]) {
    this.#wanted = wanted;
    this.#waiting = wanted.length;
  }

  /** What is open, in the order of the request; complete when `done` was called without a problem. */
  get leases(): readonly Reserved[] {
    return this.#leases;
  }

  /** Calls `done` once, when every port is open or has failed to. */
  start(now: number, done: (problem: string | undefined) => void): void {
    if (this.#waiting === 0) done(undefined);
    for (const wanted of this.#wanted) {
      wanted.open.ports.lease(wanted.request.rtcp, now, (result) => {
        this.#opened(wanted, result);
        if (--this.#waiting > 0) return;
        this.#leases.sort((one, other) => this.#wanted.indexOf(one) - this.#wanted.indexOf(other));
        done(this.#problem);
      });
    }
  }

  giveBack(now: number): void {
    for (const { lease } of this.#leases) lease.release(now);
    this.#leases = [];
  }

  #opened(wanted: Wanted, result: LeaseResult): void {
    if (result.kind === 'leased') {
      this.#leases.push({ ...wanted, lease: result.lease });
      return;
    }
    const { address } = wanted.open.media;
    this.#problem =
      result.errno === 0 ? `Cannot open ports on ${address}: none left` : `Cannot open ports on ${address}: errno ${-result.errno}`;
  }
}
