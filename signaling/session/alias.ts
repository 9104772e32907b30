// Stands in for a name that a peer chose (RTCP CNAME, media stream ids) and that may tell of its host: equal names of a
// call get equal aliases, so that references keep working; other calls get other ones.
import { hash } from 'node:crypto';

/** `key` is the secret of the call. */
export function aliasOf(key: string, name: string): string {
  return hash('sha256', `${key} ${name}`, 'base64url').slice(0, 16);
}
