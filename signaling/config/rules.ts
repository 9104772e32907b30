// Rules between keys, which a schema cannot say: references, collisions, and what would be unsafe or could not work.
// Pure: files that the configuration names are looked at elsewhere (credential-check.ts).
import { type Finding, uniqueNames } from './finding.ts';
import { listenerFindings } from './listener-rules.ts';
import { mediaFindings } from './media-rules.ts';
import { poolFindings, routingFindings } from './routing-rules.ts';
import type { Config } from './schema.ts';

export function findingsOf(config: Config): readonly Finding[] {
  return [
    ...uniqueNames(config.zones, ['zones']),
    ...uniqueNames(config.pools, ['pools']),
    ...sideFindings(config),
    ...listenerFindings(config),
    ...mediaFindings(config),
    ...poolFindings(config),
    ...routingFindings(config),
  ];
}

function sideFindings(config: Config): readonly Finding[] {
  const missing = (['outside', 'inside'] as const).filter((side) => !config.zones.some((zone) => zone.side === side));
  return missing.map((side) => ({
    severity: 'error',
    path: ['zones'],
    message: `has no zone with side: ${side}; Weir joins the two sides`,
  }));
}
