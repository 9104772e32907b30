// What the configuration means for media workers: which local addresses, how many threads, which part of the port range each gets, and
// which addresses of ours media must never be sent to.
import { availableParallelism } from 'node:os';
import type { Family, MediaAddress } from '../../shared/relay/session-state.ts';
import type { MediaInterface, PortSlice } from '../../shared/relay/worker-options.ts';
import type { MediaConfig, ZoneConfig } from '../config/schema.ts';

export type MediaZone = Pick<ZoneConfig, 'name' | 'media' | 'listeners'>;

export function mediaInterfaces(zones: readonly MediaZone[]): MediaInterface[] {
  return zones.flatMap((zone) =>
    zone.media.map(({ address, advertised }) => ({
      name: zone.name,
      family: familyOf(address),
      address,
      advertised: advertised ?? address,
      allowed: [],
      denied: [],
    })),
  );
}

/** SIP listeners, also under the literal address they are advertised with. */
export function ownEndpoints(zones: readonly MediaZone[]): MediaAddress[] {
  return zones.flatMap((zone) => zone.listeners.map(({ address, port }) => ({ address, port })));
}

/** One core is left to signaling. */
export function workerCount(media: Pick<MediaConfig, 'workers'>): number {
  return media.workers > 0 ? media.workers : Math.max(1, availableParallelism() - 1);
}

/** Equal parts that begin with an even port; a range too small for all gives fewer parts. */
export function portSlices(range: PortSlice, count: number): PortSlice[] {
  const first = range.min + (range.min & 1);
  const units = Math.floor((range.max - first + 1) / 2);
  const parts = Math.max(1, Math.min(count, units));
  const boundary = (part: number): number => first + Math.floor((units * part) / parts) * 2;
  return Array.from({ length: parts }, (_, part) => ({ min: boundary(part), max: boundary(part + 1) - 1 }));
}

function familyOf(address: string): Family {
  return address.includes(':') ? 6 : 4;
}
