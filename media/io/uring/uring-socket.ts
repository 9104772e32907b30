// The sockets of the uring backend by number. A number, and with it the user data of requests, goes to a new socket only
// when the old one's receive request and all its sends have completed.

export interface UringSocket {
  readonly number: number;
  readonly fd: number;
  readonly family: 4 | 6;
  open: boolean;
  /** A receive request is with the kernel. */
  armed: boolean;
  /** Sends without completion. */
  inFlight: number;
  errors: number;
}

export class SocketTable {
  readonly #sockets: (UringSocket | undefined)[] = [];
  readonly #freeNumbers: number[] = [];

  get(number: number): UringSocket | undefined {
    return this.#sockets[number];
  }

  add(fd: number, family: 4 | 6): UringSocket {
    const number = this.#freeNumbers.pop() ?? this.#sockets.length;
    const socket: UringSocket = { number, fd, family, open: true, armed: false, inFlight: 0, errors: 0 };
    this.#sockets[number] = socket;
    return socket;
  }

  /** Frees the number of a closed socket once the kernel holds nothing of it. */
  retire(socket: UringSocket): void {
    if (socket.open || socket.armed || socket.inFlight > 0 || this.#sockets[socket.number] !== socket) return;
    this.#sockets[socket.number] = undefined;
    this.#freeNumbers.push(socket.number);
  }

  /** Open ones, and closed ones that are still busy. */
  *all(): IterableIterator<UringSocket> {
    for (const socket of this.#sockets) if (socket !== undefined) yield socket;
  }

  get idle(): boolean {
    return this.all().next().done === true;
  }
}
