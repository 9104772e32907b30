// What protects the media of one transport: nothing, SRTP that ends here (RFC 3711, keys by SDES), or SRTP between the two peers that is
// none of our business. The packet path asks `receiver` before a packet counts for anything, and `sender` before one leaves.
import { assertNever } from '../../shared/assert.ts';
import type { Protection } from '../../shared/relay/session-state.ts';
import type { SrtpCrypto } from '../srtp/crypto.ts';
import { SrtpReceiver } from '../srtp/receiver.ts';
import { SrtpSender } from '../srtp/sender.ts';
import { KeyRing } from './key-ring.ts';

export class TransportProtection {
  /** Both are there or none. */
  sender: SrtpSender | undefined;
  receiver: SrtpReceiver | undefined;
  /** RTCP cannot be read: the peers keep their keys to themselves. */
  opaque = false;
  readonly #senders: KeyRing<SrtpSender>;
  readonly #receivers: KeyRing<SrtpReceiver>;

  constructor(crypto: SrtpCrypto) {
    this.#senders = new KeyRing((keys) => new SrtpSender(crypto, keys));
    this.#receivers = new KeyRing((keys) => new SrtpReceiver(crypto, keys));
  }

  /** undefined when the worker can do it, else why not. */
  problem(protection: Protection): string | undefined {
    if (protection.kind !== 'sdes') return undefined;
    const local = this.#senders.problem(protection.local);
    if (local !== undefined) return `Cannot protect media with the local key: ${local}`;
    const remote = this.#receivers.problem(protection.remote);
    return remote === undefined ? undefined : `Cannot open media with the remote key: ${remote}`;
  }

  /** Takes over a protection without a problem. With the keys it has, nothing changes: rollovers and replays stay known. */
  configure(protection: Protection): void {
    this.opaque = protection.kind === 'pass';
    switch (protection.kind) {
      case 'plain':
      case 'pass':
        this.sender = undefined;
        this.receiver = undefined;
        return;
      case 'sdes':
        this.sender = this.#senders.use(protection.local);
        this.receiver = this.#receivers.use(protection.remote);
        return;
      default:
        assertNever(protection);
    }
  }

  /** Nothing is to be sent or opened any more. */
  free(): void {
    this.sender = undefined;
    this.receiver = undefined;
    this.#senders.free();
    this.#receivers.free();
  }
}
