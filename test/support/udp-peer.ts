// A peer on a loopback address of its own: sends datagrams and waits for what comes, with a deadline instead of a sleep.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface Arrived {
  readonly bytes: Uint8Array;
  readonly address: string;
  readonly port: number;
}

export class UdpPeer {
  readonly #socket: Socket;
  readonly #arrived: Arrived[] = [];
  #waiting: ((arrived: Arrived) => void)[] = [];
  /** All that ever came. */
  received = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes, { address, port }) => {
      this.received++;
      const arrived = { bytes, address, port };
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#arrived.push(arrived);
      else waiting(arrived);
    });
  }

  static async bind(address: string, port = 0): Promise<UdpPeer> {
    const socket = createSocket('udp4');
    socket.bind(port, address);
    await once(socket, 'listening');
    return new UdpPeer(socket);
  }

  get address(): string {
    return this.#socket.address().address;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(bytes: Uint8Array, to: { readonly address: string; readonly port: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, to.port, to.address, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** The next datagram; fails after 20 seconds. */
  next(): Promise<Arrived> {
    const first = this.#arrived.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Nothing came to ${this.address}:${this.port}`)), 20_000);
      this.#waiting.push((arrived) => {
        clearTimeout(timer);
        resolve(arrived);
      });
    });
  }

  close(): void {
    this.#socket.close();
  }
}
