// The version in package.json, which stands above signaling/ in a clone as in an installed package.
import { readFileSync } from 'node:fs';

export function readVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
}
