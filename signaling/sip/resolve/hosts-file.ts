// Names that this machine knows by itself: the hosts file (hosts(5)) and localhost (RFC 6761 6.3). node's DNS client does not
// read it, and operators do name their FreeSWITCH nodes there.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';

export type HostTable = ReadonlyMap<string, readonly string[]>;

/** An unreadable file counts as empty. */
export function readHostsFile(path = '/etc/hosts'): HostTable {
  try {
    return parseHosts(readFileSync(path, 'utf8'));
  } catch {
    return parseHosts('');
  }
}

export function parseHosts(text: string): HostTable {
  const table = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const known = table.get(name.toLowerCase());
      if (known === undefined) table.set(name.toLowerCase(), [address]);
      else known.push(address);
    }
  }
  if (!table.has('localhost')) table.set('localhost', ['127.0.0.1', '::1']);
  return table;
}
