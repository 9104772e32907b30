// A raw TCP client for SIP: writes any bytes in any pieces and takes whole messages out of what comes back. Knows of SIP only
// Content-Length.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Received } from './sip-peer.ts';
import { until } from './until.ts';

export class TcpPeer {
  readonly #socket: Socket;
  readonly #inbox: Received[] = [];
  readonly #listeners = new Set<() => void>();
  #bytes = '';
  #over = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    // A reset is one way to close; what a test wants to know is `closed`.
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#bytes += chunk.toString('latin1');
      this.#split();
      this.#tell();
    });
    socket.on('close', () => {
      this.#over = true;
      this.#tell();
    });
  }

  static async connect(address: string, port: number, localAddress: string): Promise<TcpPeer> {
    const socket = connect({ host: address, port, localAddress, noDelay: true });
    await once(socket, 'connect');
    return new TcpPeer(socket);
  }

  get host(): string {
    return `${this.#socket.localAddress}:${this.#socket.localPort}`;
  }

  /** The far side has closed. */
  get over(): boolean {
    return this.#over;
  }

  /** Line ends become CRLF. */
  write(text: string): void {
    this.#socket.write(wire(text), 'latin1');
  }

  /** Byte for byte, each with a write of its own that the kernel sends at once. */
  async trickle(text: string): Promise<void> {
    for (const byte of Buffer.from(wire(text), 'latin1')) {
      await new Promise((resolve) => this.#socket.write(Uint8Array.of(byte), resolve));
    }
  }

  /** The first message not yet taken that fits; waits for it. */
  async next(status: number, method: string): Promise<Received> {
    const fits = (message: Received): boolean => message.status === status && (message.header('CSeq') ?? '').endsWith(` ${method}`);
    const observe = this.#observe.bind(this);
    await until(observe, () => this.#inbox.some(fits) || this.#over, `${status} to ${method}`);
    const index = this.#inbox.findIndex(fits);
    if (index === -1) throw new Error(`The connection was closed before ${status} to ${method}`);
    return this.#inbox.splice(index, 1)[0]!;
  }

  closed(): Promise<void> {
    return until(this.#observe.bind(this), () => this.#over, 'the end of the connection');
  }

  close(): void {
    this.#socket.destroy();
  }

  #observe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #split(): void {
    for (;;) {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = end + 4 + Number(/^content-length: *(\d+)/im.exec(this.#bytes.slice(0, end))?.[1] ?? 0);
      if (this.#bytes.length < length) return;
      const [address = '', port = ''] = [this.#socket.remoteAddress, this.#socket.remotePort];
      this.#inbox.push(new Received(this.#bytes.slice(0, length), { address, port: Number(port) }));
      this.#bytes = this.#bytes.slice(length);
    }
  }
}

function wire(text: string): string {
  return text.replace(/\r?\n/g, '\r\n');
}
