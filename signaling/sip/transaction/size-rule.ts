// Which way a request goes out: RFC 3261 section 18.1.1 moves what is too big for a datagram to a stream, and back to UDP
// when the peer refuses the stream. Writes the Via that names the transport chosen; encodes once.

import type { Headers } from '../message/headers.ts';
import { encodeMessage } from '../message/parse-message.ts';
import { SipRequest } from '../message/request.ts';
import type { Flow } from '../transport/flow.ts';
import { maxDatagramRequest } from './limits.ts';

export interface Outgoing {
  /** With our Via on top; the caller's request is left alone. */
  readonly request: SipRequest;
  readonly flow: Flow;
  readonly bytes: Uint8Array;
}

/** `streamFor` names the stream to the same peer; it is asked only when the request is too big for UDP. */
export function outgoing(request: SipRequest, flow: Flow, branch: string, streamFor: (flow: Flow) => Flow | undefined): Outgoing {
  const headers = request.headers.clone();
  headers.prepend('via', viaValue(flow, branch));
  const direct = encoded(request, headers, flow);
  if (flow.protocol !== 'udp' || direct.bytes.length <= maxDatagramRequest) return direct;
  const stream = streamFor(flow);
  return stream === undefined ? direct : redirected(direct.request, stream, branch);
}

/** The same request, with the same branch, over another flow: the transport in the top Via must be the one used. */
export function redirected(request: SipRequest, flow: Flow, branch: string): Outgoing {
  const headers = request.headers.clone();
  headers.replaceFirst('via', viaValue(flow, branch));
  return encoded(request, headers, flow);
}

function encoded(original: SipRequest, headers: Headers, flow: Flow): Outgoing {
  const request = new SipRequest({ method: original.method, uri: original.uri, headers, body: original.body });
  return { request, flow, bytes: encodeMessage(request) };
}

function viaValue(flow: Flow, branch: string): string {
  return `SIP/2.0/${flow.protocol.toUpperCase()} ${flow.localHost}:${flow.localPort};branch=${branch};rport`;
}

/** Peers whose stream was refused: their big requests go over UDP at once for a while, ACKs for 2xx among them. */
export class RefusedStreams {
  readonly #until = new Map<string, number>();
  readonly #capacity: number;
  readonly #lifetimeMs: number;

  constructor(capacity: number, lifetimeMs: number) {
    this.#capacity = capacity;
    this.#lifetimeMs = lifetimeMs;
  }

  add(flow: Flow, now: number): void {
    const peer = peerOf(flow);
    this.#until.delete(peer);
    for (const oldest of this.#until.keys()) {
      if (this.#until.size < this.#capacity) break;
      this.#until.delete(oldest);
    }
    this.#until.set(peer, now + this.#lifetimeMs);
  }

  has(flow: Flow, now: number): boolean {
    const until = this.#until.get(peerOf(flow));
    return until !== undefined && now < until;
  }
}

function peerOf(flow: Flow): string {
  return `${flow.listener} ${flow.address} ${flow.port}`;
}
