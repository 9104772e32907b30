// A peer that speaks SRTP, for tests: protects what it sends, opens what it gets, with the product's codec on node:crypto (which is
// held against werift and the published vectors elsewhere).
import assert from 'node:assert/strict';
import { NodeCrypto } from '../../media/crypto/node-crypto.ts';
import { readKeys } from '../../media/srtp/master-keys.ts';
import type { SrtpPacket } from '../../media/srtp/packet.ts';
import { SrtpReceiver } from '../../media/srtp/receiver.ts';
import { SrtpSender } from '../../media/srtp/sender.ts';
import { suiteNamed } from '../../media/srtp/suite.ts';
import type { SrtpKeys } from '../../shared/relay/session-state.ts';

/** Any key of that suite; another `seed` gives another. */
export function srtpKeys(suite: string, seed: number): SrtpKeys {
  const known = suiteNamed(suite);
  assert.ok(known !== undefined, suite);
  const bytes = Uint8Array.from({ length: known.keyBytes + known.saltBytes }, (_, index) => (index * 11 + seed * 37) & 0xff);
  return { suite, keySalt: Buffer.from(bytes).toString('base64') };
}

export class SrtpPeer {
  readonly #sender: SrtpSender;
  readonly #receiver: SrtpReceiver;

  /** `local` protects what this peer sends. */
  constructor(keys: { readonly local: SrtpKeys; readonly remote: SrtpKeys }) {
    const crypto = new NodeCrypto();
    const [local, remote] = [readKeys(keys.local), readKeys(keys.remote)];
    assert.ok(local.kind === 'keys' && remote.kind === 'keys', 'keys of the test');
    this.#sender = new SrtpSender(crypto, local);
    this.#receiver = new SrtpReceiver(crypto, remote);
  }

  protect(plain: Uint8Array): Uint8Array {
    return changed(plain, (packet) => assert.ok(this.#sender.protectRtp(packet), 'the peer may send it'));
  }

  protectRtcp(plain: Uint8Array): Uint8Array {
    return changed(plain, (packet) => assert.ok(this.#sender.protectRtcp(packet), 'the peer may send it'));
  }

  /** Fails the test on anything that is not authentic. */
  open(bytes: Uint8Array | undefined): Uint8Array {
    assert.ok(bytes !== undefined, 'something arrived');
    return changed(bytes, (packet) => assert.equal(this.#receiver.openRtp(packet), 'opened'));
  }

  openRtcp(bytes: Uint8Array | undefined): Uint8Array {
    assert.ok(bytes !== undefined, 'something arrived');
    return changed(bytes, (packet) => assert.equal(this.#receiver.openRtcp(packet), 'opened'));
  }
}

function changed(bytes: Uint8Array, change: (packet: SrtpPacket) => void): Uint8Array {
  const memory = new Uint8Array(bytes.length + 160);
  memory.set(bytes);
  const packet = { bytes: memory, start: 0, length: bytes.length };
  change(packet);
  return memory.slice(0, packet.length);
}
