// The c= line (RFC 8866 section 5.7): where media goes. TTL and address count belong to multicast, which is never ours.
import type { Family } from './ip-address.ts';

export interface Connection {
  readonly family: Family;
  /** As written: not yet checked to be a literal of that family. */
  readonly address: string;
}

export function parseConnection(value: string): Connection | undefined {
  const [network, type, target, ...rest] = value.trim().split(' ');
  if (network !== 'IN' || !target || rest.length > 0) return undefined;
  if (type !== 'IP4' && type !== 'IP6') return undefined;
  const slash = target.indexOf('/');
  return { family: type === 'IP6' ? 6 : 4, address: slash === -1 ? target : target.slice(0, slash) };
}

export function formatConnection(connection: Connection): string {
  return `IN IP${connection.family} ${connection.address}`;
}
