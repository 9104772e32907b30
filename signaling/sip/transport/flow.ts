// Flow and Target: how a peer is reached. A Target is a wish (an address of RFC 3263 to send to), a Flow is a real path: a UDP
// address pair or one stream connection (RFC 5626 3). Plain data, so the pure layers can hold them; no sockets in here.

export type Protocol = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

export interface Flow {
  readonly zone: string;
  /** Unique name of the listener it belongs to, e.g. 'outside-udp-127.0.0.1:5060'. */
  readonly listener: string;
  readonly protocol: Protocol;
  /** Remote literal IP: no brackets, v4-mapped IPv6 addresses unmapped. */
  readonly address: string;
  readonly port: number;
  /** 0 = udp, else the id of a stream connection; ids are never used again. */
  readonly connection: number;
  /** Advertised host for Via and Contact, IPv6 in brackets. */
  readonly localHost: string;
  readonly localPort: number;
}

export interface Target {
  readonly protocol: Protocol;
  /** Literal IP without brackets. */
  readonly address: string;
  readonly port: number;
  /** Name the peer's certificate must carry (RFC 5922), and SNI; only for tls and wss. */
  readonly serverName?: string;
}

/** One string per path; usable as a Map key. */
export function flowKey(flow: Flow): string {
  return `${flow.listener}|${flow.address}|${flow.port}|${flow.connection}`;
}

/** TCP, TLS and WebSocket are reliable: no retransmissions, no size limit (RFC 3261 17, 18.1.1). */
export function isReliable(protocol: Protocol): boolean {
  return protocol !== 'udp';
}
