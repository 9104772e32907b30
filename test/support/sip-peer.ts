// A scripted SIP peer over one UDP socket, for tests that need every byte in their hands: sends any text, keeps what it
// receives, and lets a test await a message by a predicate. It parses nothing but lines and has no transactions.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export interface Address {
  readonly address: string;
  readonly port: number;
}

export class Received {
  readonly text: string;
  readonly from: Address;

  constructor(text: string, from: Address) {
    this.text = text;
    this.from = from;
  }

  get startLine(): string {
    return this.text.slice(0, this.text.indexOf('\r\n'));
  }

  /** '' for a response. */
  get method(): string {
    return this.status === 0 ? (this.startLine.split(' ')[0] ?? '') : '';
  }

  /** 0 for a request. */
  get status(): number {
    return this.startLine.startsWith('SIP/2.0 ') ? Number(this.startLine.slice(8, 11)) : 0;
  }

  get body(): string {
    const end = this.text.indexOf('\r\n\r\n');
    return end === -1 ? '' : this.text.slice(end + 4);
  }

  /** All values of a header, in order, as they stand there. */
  headers(name: string): string[] {
    const head = this.text.split('\r\n\r\n', 1)[0] ?? '';
    const start = `${name.toLowerCase()}:`;
    return head
      .split('\r\n')
      .filter((line) => line.toLowerCase().startsWith(start))
      .map((line) => line.slice(start.length).trim());
  }

  header(name: string): string | undefined {
    return this.headers(name)[0];
  }

  /** The tag of From or To; '' when there is none. */
  tag(name: 'From' | 'To'): string {
    return this.header(name)?.match(/;tag=([^;]+)/)?.[1] ?? '';
  }
}

export interface RequestParts {
  readonly method: string;
  readonly uri: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly branch?: string;
  readonly from?: string;
  readonly to?: string;
  /** More header lines, each `Name: value`. */
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** 'INVITE' for a request of that method, 200 for a response, or anything a function finds. */
export type Wanted = string | number | ((message: Received) => boolean);

export class SipPeer {
  readonly #socket: Socket;
  readonly #inbox: Received[] = [];
  readonly #waiting = new Set<() => void>();
  /** Everything that ever came, also what `next` has taken. */
  readonly received: Received[] = [];
  #serial = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes, { address, port }) => {
      const message = new Received(bytes.toString('latin1'), { address, port });
      this.received.push(message);
      this.#inbox.push(message);
      for (const wake of [...this.#waiting]) wake();
    });
  }

  static async open(address: string, port = 0): Promise<SipPeer> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.bind(port, address);
    await once(socket, 'listening');
    return new SipPeer(socket);
  }

  get address(): string {
    return this.#socket.address().address;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** `address:port` as it stands in a URI or a Via. */
  get host(): string {
    return this.address.includes(':') ? `[${this.address}]:${this.port}` : `${this.address}:${this.port}`;
  }

  /** Sends `text` as it is, but for line ends: they become CRLF. */
  send(text: string, to: Address): void {
    this.#socket.send(Buffer.from(text.replace(/\r?\n/g, '\r\n'), 'latin1'), to.port, to.address);
  }

  /** A complete request with sound defaults. The result goes to `send`, changed at will. */
  request(parts: RequestParts): string {
    const serial = ++this.#serial;
    const { method, uri, body = '', headers = [] } = parts;
    return [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${this.host};rport;branch=${parts.branch ?? `z9hG4bK-${this.port}-${serial}`}`,
      'Max-Forwards: 70',
      `From: ${parts.from ?? `<sip:peer@${this.host}>;tag=peer-${this.port}-${serial}`}`,
      `To: ${parts.to ?? `<${uri}>`}`,
      `Call-ID: ${parts.callId ?? `call-${this.port}-${serial}`}`,
      `CSeq: ${parts.cseq ?? 1} ${method}`,
      `Contact: <sip:peer@${this.host}>`,
      ...headers,
      ...(body === '' || headers.some((line) => line.startsWith('Content-Type')) ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.replace(/\r?\n/g, '\r\n').length}`,
      '',
      body,
    ].join('\n');
  }

  /** Answers `request`; the To-tag is added unless it has one. */
  reply(request: Received, statusLine: string, parts: { headers?: readonly string[]; body?: string; toTag?: string } = {}): void {
    const { headers = [], body = '' } = parts;
    const to = request.header('To') ?? '';
    const tagged = to.includes(';tag=') || statusLine.startsWith('100') ? to : `${to};tag=${parts.toTag ?? `peer-${this.port}`}`;
    const lines = [
      `SIP/2.0 ${statusLine}`,
      ...request.headers('Via').map((via) => `Via: ${via}`),
      ...request.headers('Record-Route').map((route) => `Record-Route: ${route}`),
      `From: ${request.header('From')}`,
      `To: ${tagged}`,
      `Call-ID: ${request.header('Call-ID')}`,
      `CSeq: ${request.header('CSeq')}`,
      `Contact: <sip:peer@${this.host}>`,
      ...headers,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.replace(/\r?\n/g, '\r\n').length}`,
      '',
      body,
    ];
    this.send(lines.join('\n'), request.from);
  }

  /** The ACK for a final response to `invite` (the text that was sent). For a 2xx it has a branch of its own. */
  acknowledge(invite: string, response: Received): void {
    const uri = response.status < 300 ? (response.header('Contact')?.match(/<([^>]+)>/)?.[1] ?? '') : (invite.split(' ')[1] ?? '');
    const line = (name: string): string => invite.split('\n').find((text) => text.startsWith(`${name}:`)) ?? '';
    const via = response.status < 300 ? line('Via').replace(/branch=.*/, `branch=z9hG4bK-ack-${++this.#serial}`) : line('Via');
    const head = [`ACK ${uri} SIP/2.0`, via, 'Max-Forwards: 70', line('From'), `To: ${response.header('To')}`, line('Call-ID')];
    this.send([...head, line('CSeq').replace('INVITE', 'ACK'), 'Content-Length: 0', '', ''].join('\n'), response.from);
  }

  /** The first message not yet taken that is wanted; waits for it. Fails after `deadlineMs` with what came instead. */
  async next(wanted: Wanted, deadlineMs = 20_000): Promise<Received> {
    const fits = (message: Received): boolean =>
      typeof wanted === 'function' ? wanted(message) : message.method === wanted || message.status === wanted;
    const { promise, resolve, reject } = Promise.withResolvers<Received>();
    const look = (): void => {
      const index = this.#inbox.findIndex(fits);
      const [message] = index === -1 ? [] : this.#inbox.splice(index, 1);
      if (message !== undefined) resolve(message);
    };
    const timer = setTimeout(() => {
      const instead = this.#inbox.map((message) => message.startLine).join(' | ');
      reject(new Error(`Waited ${deadlineMs} ms for ${String(wanted)}; untaken: ${instead || 'nothing'}`));
    }, deadlineMs);
    this.#waiting.add(look);
    look();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(look);
    }
  }

  close(): void {
    this.#socket.close();
  }
}

/** A plain audio body of a peer; port 0 refuses. */
export function audioSdp(address: string, port: number, attributes: readonly string[] = []): string {
  const family = address.includes(':') ? 'IP6' : 'IP4';
  const lines = ['v=0', `o=- 1 1 IN ${family} ${address}`, 's=-', `c=IN ${family} ${address}`, 't=0 0', `m=audio ${port} RTP/AVP 0 8 101`];
  return `${[...lines, 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', ...attributes].join('\n')}\n`;
}
