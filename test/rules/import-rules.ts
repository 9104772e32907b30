// Rules about imports: direction, entries, packages. Each returns its complaints as `path:line what`.
import { type Import, importsOf } from './imports.ts';
import { entries, isProduct, layerOf, layers } from './layers.ts';
import type { Source } from './source.ts';

export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

export function directionFaults(sources: readonly Source[]): readonly string[] {
  return productImports(sources).flatMap((one) => {
    const fault = one.target === undefined ? undefined : directionFault(one, one.target);
    return fault === undefined ? [] : [`${one.where} imports ${one.target}: ${fault}`];
  });
}

function directionFault({ from, typeOnly }: Import, target: string): string | undefined {
  if (!isProduct(target)) return 'the product lies in shared, media and signaling';
  const [own, other] = [from.split('/')[0], target.split('/')[0]];
  // Types too: one plane must be readable, and replaceable, without the other.
  if (own !== other && other !== 'shared') return `${own} knows nothing of ${other}`;
  const allowed = entries.get(target);
  if (allowed !== undefined && !allowed.includes(from)) return 'it is an entry; only what starts it may import it';
  if (typeOnly) return undefined;
  const [lower, upper] = [layerOf(target), layerOf(from)];
  if (lower === undefined || upper === undefined) return `${lower === undefined ? target : from} has no place in test/rules/layers.ts`;
  if (lower === upper || (layers.get(lower) ?? 0) < (layers.get(upper) ?? 0)) return undefined;
  return `${upper} is not above ${lower} (test/rules/layers.ts)`;
}

/** The product imports only what an installation without development packages has. */
export function packageFaults(sources: readonly Source[], manifest: Manifest): readonly string[] {
  const known = new Set(Object.keys(manifest.dependencies ?? {}));
  return productImports(sources).flatMap(({ where, specifier, target, typeOnly }) => {
    if (target !== undefined || specifier.startsWith('node:') || typeOnly) return [];
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
    return known.has(name) ? [] : [`${where} imports ${specifier}: not among the dependencies of package.json`];
  });
}

function productImports(sources: readonly Source[]): readonly Import[] {
  return sources.filter((source) => isProduct(source.path)).flatMap(importsOf);
}
