// Tries a blocking backend on loopback before it is trusted with calls: one datagram there and back, through the receive
// and the send path that calls will take. Finds what a kernel or a seccomp filter refuses only in use.
import { formatAddress } from './address.ts';
import type { Packet, PacketIo } from './packet-io.ts';

/** A backend that works answers within a millisecond, but a starved machine may make it wait; one that does not work is rare. */
const timeoutMs = 2000;
const againMs = 100;

/** undefined when the datagram came back, else what went wrong. Ends and frees `io` but for its wakeFd. */
export function selfTest(io: PacketIo): string | undefined {
  const test = new LoopbackTest(io);
  io.run(test);
  return test.failure;
}

class LoopbackTest {
  failure: string | undefined = 'a datagram sent over loopback did not come back';
  readonly #io: PacketIo;
  #near = -1;
  #far = -1;
  #deadline = 0;
  #againAt = 0;

  constructor(io: PacketIo) {
    this.#io = io;
  }

  turn(now: number): number {
    if (this.#deadline === 0) this.#begin(now);
    else if (now >= this.#deadline) this.#io.stop();
    else if (now >= this.#againAt) this.#knock(now);
    return 10;
  }

  packet(packet: Packet): void {
    const back = this.#io.destination(formatAddress(packet), packet.port);
    if (packet.socket === this.#far) {
      this.#io.send(this.#far, packet, back);
      return;
    }
    this.failure = undefined;
    this.#io.stop();
  }

  #begin(now: number): void {
    this.#deadline = now + timeoutMs;
    const options = { address: '127.0.0.1', port: 0, receiveBufferBytes: 65_536, dscp: 0 };
    this.#io.open(options, (socket) => {
      this.#near = socket;
    });
    this.#io.open(options, (socket) => {
      this.#far = socket;
    });
    // Without an IPv4 loopback there is nothing to test with, which says nothing against the backend.
    if (this.#near < 0 || this.#far < 0) {
      this.failure = undefined;
      this.#io.stop();
      return;
    }
    this.#knock(now);
  }

  #knock(now: number): void {
    this.#againAt = now + againMs;
    this.#io.sendBytes(this.#near, Uint8Array.of(1), this.#io.destination('127.0.0.1', this.#io.localPort(this.#far)));
  }
}
