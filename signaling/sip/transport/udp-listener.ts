// One UDP socket of SIP (RFC 3261 18) on node:dgram. The hot path: one Flow per remote address is kept, nothing is awaited.
// DSCP cannot be set: node:dgram gives no access to IP_TOS; mark with nftables, or use TCP.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Log } from '../../../shared/log.ts';
import type { SendResult } from './connection.ts';
import type { FaultLog } from './fault-log.ts';
import type { Flow } from './flow.ts';
import { FlowCache } from './flow-cache.ts';
import { transportLimits } from './limits.ts';
import { describeListener, type ListenerInfo } from './listener-info.ts';
import type { ListenerOptions } from './transport-options.ts';

export interface UdpListenerOptions {
  readonly zone: string;
  readonly listener: ListenerOptions;
  readonly log: Log;
  readonly faults: FaultLog;
  readonly datagram: (bytes: Uint8Array, flow: Flow) => void;
  /** The kernel refused a datagram (no route, too long); called later, never within send. */
  readonly sendFailed: (flow: Flow, reason: string) => void;
}

export class UdpListener {
  readonly #options: UdpListenerOptions;
  readonly #socket: Socket;
  readonly #flows: FlowCache;
  #info: ListenerInfo;
  #state: 'new' | 'open' | 'closed' = 'new';

  /** Throws WeirError('bad-listener'). */
  constructor(options: UdpListenerOptions) {
    this.#options = options;
    this.#info = describeListener(options.zone, options.listener, options.listener.port);
    const { family } = this.#info;
    this.#socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      ipv6Only: family === 6,
      // dgram's own lookup runs a tick later even for literals; a buffer reused meanwhile would go out overwritten.
      lookup: (host, _options, done) => done(null, host, family),
    });
    this.#flows = new FlowCache((address, port) => this.#flow(address, port));
  }

  get info(): ListenerInfo {
    return this.#info;
  }

  /** Rejects with the error of bind. */
  async start(): Promise<void> {
    const { listener } = this.#options;
    // With a lookup that is done at once, so is the bind.
    const listening = once(this.#socket, 'listening');
    this.#socket.bind({ address: listener.address, port: listener.port });
    await listening;
    this.#info = describeListener(this.#options.zone, listener, this.#socket.address().port);
    this.#state = 'open';
    this.#widen();
    this.#socket.on('message', (bytes, from) => this.#receive(bytes, from));
    this.#socket.on('error', (error) => this.#options.faults.report('socket-error', { listener: this.#info.name, reason: error.message }));
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }

  /** The path to a literal address of this listener's family. */
  flowTo(address: string, port: number): Flow {
    return this.#flows.get(address, port);
  }

  /** `bytes` must not change afterwards: the kernel may take them later. */
  send(flow: Flow, bytes: Uint8Array): SendResult {
    if (this.#state !== 'open') return 'gone';
    if (this.#socket.getSendQueueSize() > transportLimits.udpQueueBytes) return 'full';
    try {
      this.#socket.send(bytes, flow.port, flow.address, this.#sent);
      return 'sent';
    } catch {
      // dgram throws on port 0 and the like; such a flow leads nowhere.
      return 'gone';
    }
  }

  /** One function for all sends: no closure per datagram. dgram puts the remote address into its error. */
  readonly #sent = (error: Error | null): void => {
    if (error === null || this.#state !== 'open') return;
    const address = 'address' in error && typeof error.address === 'string' ? error.address : undefined;
    const port = 'port' in error && typeof error.port === 'number' ? error.port : undefined;
    if (address !== undefined && port !== undefined) this.#options.sendFailed(this.flowTo(address, port), error.message);
  };

  #receive(bytes: Uint8Array, from: RemoteInfo): void {
    // Port 0 is forged: nothing can be sent back to it.
    if (from.port !== 0) this.#options.datagram(bytes, this.#flows.get(from.address, from.port));
  }

  #flow(address: string, port: number): Flow {
    const { zone, name, advertisedHost, advertisedPort } = this.#info;
    return { zone, listener: name, protocol: 'udp', address, port, connection: 0, localHost: advertisedHost, localPort: advertisedPort };
  }

  #widen(): void {
    const wanted = transportLimits.receiveBufferBytes;
    this.#socket.setRecvBufferSize(wanted);
    // Linux doubles what it grants, for its own bookkeeping (socket(7)).
    const granted = this.#socket.getRecvBufferSize() / (process.platform === 'linux' ? 2 : 1);
    if (granted >= wanted) return;
    this.#options.log.warn({ listener: this.#info.name, wanted, granted, remedy: 'raise net.core.rmem_max' }, 'receive-buffer-small');
  }
}
