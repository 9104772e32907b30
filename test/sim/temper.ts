// How the parties of one simulated run behave: each number is a chance in percent, drawn once per run so that runs differ in
// character, not only in detail.
import type { Rng } from '../../shared/rng.ts';

export interface Temper {
  /** Datagrams lost and doubled by the wire. */
  readonly lost: number;
  readonly doubled: number;
  /** It takes up to so many milliseconds to arrive, each datagram its own. */
  readonly delayMs: number;
  /** Requests that a party never answers, 2xx it never acknowledges, provisionals it sends no PRACK for. */
  readonly silent: number;
  readonly neverAcks: number;
  readonly neverPracks: number;
  /** Nodes that die for good some time. */
  readonly dies: number;
  /** Callers that change their mind before the answer. */
  readonly cancels: number;
  /** INVITEs without SDP. */
  readonly late: number;
  readonly reliable: number;
  readonly forks: number;
  /** Of first INVITEs: answered by 503, by another refusal, by 302. */
  readonly busy: number;
  readonly refuses: number;
  readonly redirects: number;
  /** Requests within a call that are refused. */
  readonly refusesWithin: number;
  /** Calls whose media worker reports silence or its death. */
  readonly mediaLost: number;
  /** The node's media ports run out now and then. */
  readonly noPorts: number;
}

export const calm: Temper = {
  lost: 0,
  doubled: 0,
  delayMs: 100,
  silent: 0,
  neverAcks: 0,
  neverPracks: 0,
  dies: 0,
  cancels: 20,
  late: 20,
  reliable: 40,
  forks: 20,
  busy: 15,
  refuses: 10,
  redirects: 5,
  refusesWithin: 10,
  mediaLost: 0,
  noPorts: 0,
};

export function drawTemper(rng: Rng): Temper {
  if (rng.int(2) === 0) return { ...calm, delayMs: [0, 100, 400][rng.int(3)] ?? 0 };
  const upTo = (most: number): number => (rng.int(2) === 0 ? 0 : rng.int(most + 1));
  return {
    lost: upTo(15),
    doubled: upTo(30),
    delayMs: [0, 50, 300][rng.int(3)] ?? 0,
    silent: upTo(15),
    neverAcks: upTo(30),
    neverPracks: upTo(20),
    dies: upTo(40),
    cancels: upTo(60),
    late: upTo(50),
    reliable: upTo(100),
    forks: upTo(60),
    busy: upTo(40),
    refuses: upTo(30),
    redirects: upTo(20),
    refusesWithin: upTo(40),
    mediaLost: upTo(20),
    noPorts: upTo(10),
  };
}

/** True in `percent` of all cases. */
export function chance(rng: Rng, percent: number): boolean {
  return rng.int(100) < percent;
}
