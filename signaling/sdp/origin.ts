// The o= line (RFC 8866 section 5.2): who made the description and which version of it this is.
import type { Family } from './ip-address.ts';

export interface Origin {
  readonly username: string;
  readonly sessionId: string;
  readonly sessionVersion: string;
  readonly family: Family;
  readonly address: string;
}

export function parseOrigin(value: string): Origin | undefined {
  const [username, sessionId, sessionVersion, network, type, address, ...rest] = value.split(' ');
  if (!username || !sessionId || !sessionVersion || network !== 'IN' || !address || rest.length > 0) return undefined;
  if (!/^\d+$/.test(sessionId) || !/^\d+$/.test(sessionVersion)) return undefined;
  if (type !== 'IP4' && type !== 'IP6') return undefined;
  return { username, sessionId, sessionVersion, family: type === 'IP6' ? 6 : 4, address };
}

export function formatOrigin(origin: Origin): string {
  return `${origin.username} ${origin.sessionId} ${origin.sessionVersion} IN IP${origin.family} ${origin.address}`;
}
