// One direction of one line: from a transport to one or more. Built anew with every apply.
import type { CodecInUse, StreamState } from '../../shared/relay/session-state.ts';
import type { Transport } from './transport.ts';

/** Clock of all video payload formats (RFC 3551 section 5); audio stays below but for a few antique ones. */
const videoClockRate = 90_000;

export class Stream {
  readonly to: readonly Transport[];
  readonly codecs: readonly CodecInUse[];
  readonly audioOnly: boolean;
  readonly #payloadTypes: ReadonlySet<number>;

  constructor(state: StreamState, to: readonly Transport[]) {
    this.to = to;
    this.codecs = state.codecs;
    this.audioOnly = state.codecs.length > 0 && state.codecs.every((codec) => codec.clockRate < videoClockRate);
    this.#payloadTypes = new Set(state.codecs.map((codec) => codec.payloadType));
  }

  carries(payloadType: number): boolean {
    return this.#payloadTypes.has(payloadType);
  }
}
