// A bound listener as others see it: its unique name, where it really listens and what it advertises in Via and Contact.
import { networkInterfaces } from 'node:os';
import { WeirError } from '../../../shared/errors.ts';
import { bracketed, familyOf, parseHostPort } from './address.ts';
import type { Protocol } from './flow.ts';
import type { ListenerOptions } from './transport-options.ts';

export interface ListenerInfo {
  readonly zone: string;
  /** 'outside-udp-127.0.0.1:5060' */
  readonly name: string;
  readonly protocol: Protocol;
  readonly address: string;
  /** The real one, when the options said 0. */
  readonly port: number;
  /** host:port, IPv6 in brackets. */
  readonly advertised: string;
  readonly advertisedHost: string;
  readonly advertisedPort: number;
  readonly family: 4 | 6;
}

/** `port` is the port in use. Throws WeirError('bad-listener'). */
export function describeListener(zone: string, options: ListenerOptions, port: number): ListenerInfo {
  const { protocol, address } = options;
  const family = familyOf(address);
  const shown = parseHostPort(options.advertised ?? visibleAddress(address));
  if (family === undefined || shown === undefined) {
    const wrong =
      family === undefined ? `address "${address}" is not an IP address` : `advertised "${options.advertised}" is not host or host:port`;
    throw new WeirError('bad-listener', `Cannot use the ${protocol} listener of zone "${zone}": ${wrong}`);
  }
  const advertisedPort = shown.port ?? port;
  return {
    zone,
    name: `${zone}-${protocol}-${bracketed(address)}:${port}`,
    protocol,
    address,
    port,
    advertised: `${shown.host}:${advertisedPort}`,
    advertisedHost: shown.host,
    advertisedPort,
    family,
  };
}

/** 0.0.0.0 and :: are no addresses to be called back at: the first one of the machine stands in when none is advertised. */
function visibleAddress(address: string): string {
  if (!isWildcard(address)) return address;
  const family = address === '::' ? 'IPv6' : 'IPv4';
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outer = own.find((one) => one.family === family && !one.internal && !one.address.startsWith('fe80'));
  return outer?.address ?? (family === 'IPv6' ? '::1' : '127.0.0.1');
}

export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}
