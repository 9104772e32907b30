// Weir's SIP transport as an agent uses it: one zone, no caps worth the name, ports chosen by the system when they are 0 (the
// same one for UDP and TCP), a throw-away certificate for TLS.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorMessage, WeirError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Rng } from '../../shared/rng.ts';
import type { TimerShell } from '../clock/timer-shell.ts';
import type { SipRequest } from '../sip/message/request.ts';
import { hostAddress, parseUri } from '../sip/message/uri.ts';
import type { SendResult, TransactionTransport } from '../sip/transaction/transaction.ts';
import { familyOf } from '../sip/transport/address.ts';
import { ownCredentials } from '../sip/transport/credentials.ts';
import type { Flow, Protocol, Target } from '../sip/transport/flow.ts';
import { SipTransport } from '../sip/transport/sip-transport.ts';
import type { TlsCredentials, TransportUser } from '../sip/transport/transport-options.ts';

export interface AgentListener {
  readonly protocol: 'udp' | 'tcp' | 'tls';
  readonly address: string;
  readonly port: number;
}

/** Whom we believe under TLS: the authorities built into node, these (PEM), or anybody. */
export type Trust = { readonly kind: 'system' } | { readonly kind: 'authorities'; readonly pem: string } | { readonly kind: 'anyone' };

export interface AgentTransportOptions {
  readonly listeners: readonly AgentListener[];
  /** For tls listeners; default: one made for the occasion, which nobody trusts. */
  readonly credentials?: TlsCredentials | undefined;
  readonly trust: Trust;
  readonly log: Log;
  readonly rng: Rng;
  readonly timers: TimerShell;
  readonly upper: TransportUser;
}

const zone = 'agent';
const limits = {
  messageBytes: 65_535,
  connections: 10_000,
  connectionsPerSource: 10_000,
  connectionIdleMs: 0,
  firstMessageMs: 0,
  tlsHandshakeMs: 5000,
};
/** Another process may take the port between choosing and binding it. */
const bindAttempts = 8;

export class AgentTransport implements TransactionTransport {
  readonly #transport: SipTransport;
  private constructor(options: AgentTransportOptions, listeners: readonly AgentListener[], credentials: TlsCredentials | undefined) {
    const { log, rng, timers, upper, trust } = options;
    this.#transport = new SipTransport({
      zones: [{ name: zone, listeners, tlsPeers: trust.kind === 'anyone' ? 'any' : 'verified' }],
      limits,
      log,
      rng,
      timers,
      now: () => timers.now(),
      upper,
      credentials,
      authorities: trust.kind === 'authorities' ? trust.pem : undefined,
    });
  }

  /** Throws WeirError('listen-failed'). */
  static async open(options: AgentTransportOptions): Promise<AgentTransport> {
    const tls = options.listeners.some((listener) => listener.protocol === 'tls');
    const credentials = options.credentials ?? (tls ? await throwAwayCredentials() : undefined);
    for (let attempt = 1; ; attempt++) {
      const transport = new AgentTransport(options, await withPorts(options.listeners), credentials);
      try {
        await transport.#transport.start();
        return transport;
      } catch (thrown) {
        const chosenByUs = options.listeners.some((listener) => listener.port === 0);
        if (!chosenByUs || attempt === bindAttempts) throw thrown;
      }
    }
  }

  listeners(): readonly AgentListener[] {
    return this.#transport.listeners().map(({ protocol, address, port }) => ({ protocol: asListener(protocol), address, port }));
  }

  route(target: Target): Flow | undefined {
    return this.#transport.route(zone, target);
  }

  isLive(flow: Flow): boolean {
    return this.#transport.isLive(flow);
  }

  send(flow: Flow, bytes: Uint8Array): SendResult {
    return this.#transport.send(flow, bytes);
  }

  reply(request: SipRequest, flow: Flow): Flow {
    return this.#transport.reply(request, flow);
  }

  streamSibling(flow: Flow): Flow | undefined {
    return this.#transport.streamSibling(flow);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}

/** Literal addresses only: an agent's peers are next to it. */
export function targetOf(uri: string, protocol: Protocol): Target | undefined {
  const parsed = parseUri(uri);
  const address = parsed === undefined ? '' : hostAddress(parsed);
  if (parsed === undefined || familyOf(address) === undefined) return undefined;
  return { protocol, address, port: parsed.port ?? (protocol === 'tls' ? 5061 : 5060) };
}

function asListener(protocol: Protocol): 'udp' | 'tcp' | 'tls' {
  return protocol === 'tcp' || protocol === 'tls' ? protocol : 'udp';
}

/** One free port for all listeners that have none, as a server has it. */
async function withPorts(listeners: readonly AgentListener[]): Promise<readonly AgentListener[]> {
  const first = listeners.find((listener) => listener.port === 0);
  if (first === undefined) return listeners;
  const port = await freePort(first.address);
  return listeners.map((listener) => (listener.port === 0 ? { ...listener, port } : listener));
}

async function freePort(address: string): Promise<number> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.bind({ address, port: 0 });
  try {
    await once(socket, 'listening');
    return socket.address().port;
  } catch (thrown) {
    throw new WeirError('listen-failed', `Cannot use the address ${address}: ${errorMessage(thrown)}`, thrown);
  } finally {
    socket.close();
  }
}

async function throwAwayCredentials(): Promise<TlsCredentials> {
  const directory = await mkdtemp(join(tmpdir(), 'weir-agent-'));
  try {
    return await ownCredentials({ directory, now: new Date() });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
