// The order in which SRV records are tried (RFC 2782 "Usage rules"): lower priority first, inside one priority a weighted
// random draw. Pure; chance comes as Rng.
import type { Rng } from '../../../shared/rng.ts';
import type { SrvRecord } from './dns-lookup.ts';

export function orderSrv(records: readonly SrvRecord[], rng: Rng): SrvRecord[] {
  const groups = new Map<number, SrvRecord[]>();
  for (const record of records) {
    const group = groups.get(record.priority);
    if (group === undefined) groups.set(record.priority, [record]);
    else group.push(record);
  }
  const priorities = [...groups.keys()].sort((a, b) => a - b);
  return priorities.flatMap((priority) => drawByWeight(groups.get(priority) ?? [], rng));
}

function drawByWeight(group: readonly SrvRecord[], rng: Rng): SrvRecord[] {
  // RFC 2782: records of weight 0 stand first, so that they are drawn only when the random number is 0.
  const left = [...group].sort((a, b) => a.weight - b.weight);
  const drawn: SrvRecord[] = [];
  while (left.length > 1) {
    const total = left.reduce((sum, record) => sum + record.weight, 0);
    let rest = rng.int(total + 1);
    const weighted = left.findIndex((record) => {
      rest -= record.weight;
      return rest <= 0;
    });
    // All of weight 0: RFC 2782 does not say; in turn by chance, or one server would get everything.
    const index = total === 0 ? rng.int(left.length) : weighted;
    drawn.push(...left.splice(index, 1));
  }
  return [...drawn, ...left];
}
