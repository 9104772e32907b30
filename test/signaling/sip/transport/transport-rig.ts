// A SipTransport on loopback with a clock that stands still until told, and a layer above that only remembers. Everything a test
// may wait for (message, flow failure, log line, bytes at a client) is an event; nothing sleeps.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Log, LogFields } from '../../../../shared/log.ts';
import { seededRng } from '../../../../shared/rng.ts';
import { TimerQueue } from '../../../../shared/timer-queue.ts';
import type { SipMessage } from '../../../../signaling/sip/message/message.ts';
import type { Flow } from '../../../../signaling/sip/transport/flow.ts';
import type { ListenerInfo } from '../../../../signaling/sip/transport/listener-info.ts';
import { SipTransport } from '../../../../signaling/sip/transport/sip-transport.ts';
import type {
  ListenerOptions,
  SipTransportOptions,
  TransportLimits,
  ZoneOptions,
} from '../../../../signaling/sip/transport/transport-options.ts';
import { until } from '../../../support/until.ts';

export const plainLimits: TransportLimits = {
  messageBytes: 65_535,
  connections: 1000,
  connectionsPerSource: 100,
  connectionIdleMs: 600_000,
  firstMessageMs: 10_000,
  tlsHandshakeMs: 5000,
};

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

export interface Rig {
  readonly transport: SipTransport;
  readonly messages: { message: SipMessage; flow: Flow }[];
  readonly failures: { flow: Flow; reason: string }[];
  readonly lines: LogLine[];
  readonly timers: TimerQueue;
  /** Called for each message after it is remembered. */
  onMessage: (message: SipMessage, flow: Flow) => void;
  advance(ms: number): void;
  until(holds: () => boolean, what: string): Promise<void>;
  listener(protocol: string, family?: 4 | 6): ListenerInfo;
  close(): Promise<void>;
}

export async function startRig(
  listeners: readonly ListenerOptions[],
  options: Partial<Omit<SipTransportOptions, 'limits'>> & { limits?: Partial<TransportLimits> } = {},
): Promise<Rig> {
  const zones: readonly ZoneOptions[] = options.zones ?? [{ name: 'outside', listeners, tlsPeers: 'any' }];
  let clock = 1000;
  const changes = new EventEmitter().setMaxListeners(0);
  const timers = new TimerQueue();
  const rig: Rig = {
    messages: [],
    failures: [],
    lines: [],
    timers,
    onMessage: () => {},
    advance: (ms) => {
      clock += ms;
      timers.tick(clock);
    },
    until: (holds, what) =>
      until(
        (listener) => {
          changes.on('change', listener);
          return () => changes.off('change', listener);
        },
        holds,
        what,
      ),
    listener: (protocol, family = 4) => transport.listeners().find((one) => one.protocol === protocol && one.family === family)!,
    close: () => transport.close(),
    get transport() {
      return transport;
    },
  };
  const transport = new SipTransport({
    ...options,
    zones,
    limits: { ...plainLimits, ...options.limits },
    now: () => clock,
    timers,
    rng: seededRng(1),
    log: recorder(rig.lines, () => changes.emit('change')),
    upper: {
      message: (message, flow) => {
        rig.messages.push({ message, flow });
        rig.onMessage(message, flow);
        changes.emit('change');
      },
      flowFailed: (flow, reason) => {
        rig.failures.push({ flow, reason });
        changes.emit('change');
      },
    },
  });
  await transport.start();
  return rig;
}

function recorder(lines: LogLine[], changed: () => void): Log {
  const write = (level: string) => (fields: LogFields, event: string) => {
    lines.push({ level, event, fields });
    changed();
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), child: () => recorder(lines, changed) };
}

/** A stream client that keeps what it reads. */
export class Client {
  readonly socket: Socket;
  received = '';
  ended = false;
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('close', () => {
      this.closed = true;
    });
    socket.on('error', () => {});
  }

  get localPort(): number {
    return this.socket.localPort ?? 0;
  }

  write(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  reads(text: string | RegExp): Promise<void> {
    return until(
      (listener) => {
        this.socket.on('data', listener);
        return () => this.socket.off('data', listener);
      },
      () => (typeof text === 'string' ? this.received.includes(text) : text.test(this.received)),
      `${text} in what the client read`,
    );
  }

  closes(): Promise<void> {
    return until(
      (listener) => {
        this.socket.on('close', listener);
        return () => this.socket.off('close', listener);
      },
      () => this.closed,
      'the end of the connection',
    );
  }

  /** Proves that the server has accepted this connection and read all that was written so far. */
  async ping(): Promise<void> {
    const before = this.received.length;
    this.write('\r\n\r\n');
    await until(
      (listener) => {
        this.socket.on('data', listener);
        return () => this.socket.off('data', listener);
      },
      () => this.received.indexOf('\r\n', before) >= 0,
      'a pong',
    );
  }
}

export async function connectTcp(to: { port: number; address?: string }): Promise<Client> {
  const client = new Client(connect({ port: to.port, host: to.address ?? '127.0.0.1' }));
  await once(client.socket, 'connect');
  return client;
}

/** A connection that the server ends, perhaps before the client sees it established. */
export async function refusedTcp(to: { port: number; address?: string }): Promise<void> {
  await new Client(connect({ port: to.port, host: to.address ?? '127.0.0.1' })).closes();
}

export interface UdpPeer {
  readonly socket: UdpSocket;
  readonly port: number;
  readonly received: string[];
  send(text: string | Buffer, to: { port: number; address: string }): void;
  reads(count: number): Promise<void>;
  close(): void;
}

export async function udpPeer(address = '127.0.0.1'): Promise<UdpPeer> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const received: string[] = [];
  socket.on('message', (bytes) => received.push(bytes.toString('latin1')));
  socket.bind(0, address);
  await once(socket, 'listening');
  return {
    socket,
    port: socket.address().port,
    received,
    send: (text, to) => socket.send(typeof text === 'string' ? Buffer.from(text, 'latin1') : text, to.port, to.address),
    reads: (count) =>
      until(
        (listener) => {
          socket.on('message', listener);
          return () => socket.off('message', listener);
        },
        () => received.length >= count,
        `${count} datagrams at the peer`,
      ),
    close: () => socket.close(),
  };
}

/** A request as text. `extra` lines end in CRLF. */
export function requestText(parts: { method?: string; via?: string; callId?: string; extra?: string; body?: string } = {}): string {
  const { method = 'OPTIONS', via = 'SIP/2.0/TCP client.example.com;branch=z9hG4bKabc', callId = 'call-1', extra = '', body = '' } = parts;
  return [
    `${method} sip:weir.example.com SIP/2.0`,
    `Via: ${via}`,
    'Max-Forwards: 70',
    'From: <sip:alice@example.com>;tag=1',
    'To: <sip:bob@example.com>',
    `Call-ID: ${callId}`,
    `CSeq: 1 ${method}`,
    `${extra}Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}
