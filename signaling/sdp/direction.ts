// a=sendrecv, sendonly, recvonly, inactive (RFC 8866 section 6.7), at a media section or, as default, at the session.
import type { SdpLine } from './document.ts';

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export function parseDirection(value: string): Direction | undefined {
  return value === 'sendrecv' || value === 'sendonly' || value === 'recvonly' || value === 'inactive' ? value : undefined;
}

/** That of the media section, else that of the session, else sendrecv. */
export function directionOf(media: readonly SdpLine[], session: readonly SdpLine[]): Direction {
  return firstDirection(media) ?? firstDirection(session) ?? 'sendrecv';
}

export function sends(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'sendonly';
}

export function receives(direction: Direction): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}

/** What a zero address turns a direction into: the side takes no media (RFC 3264 section 8.4). */
export function withoutReceiving(direction: Direction): Direction {
  return sends(direction) ? 'sendonly' : 'inactive';
}

/** Replaces the direction of a media section in its place, or appends it. */
export function setDirection(media: SdpLine[], direction: Direction): void {
  const line = { type: 'a', value: direction };
  const index = media.findIndex((old) => old.type === 'a' && parseDirection(old.value) !== undefined);
  if (index === -1) media.push(line);
  else media[index] = line;
}

function firstDirection(lines: readonly SdpLine[]): Direction | undefined {
  for (const line of lines) {
    if (line.type !== 'a') continue;
    const direction = parseDirection(line.value);
    if (direction !== undefined) return direction;
  }
  return undefined;
}
