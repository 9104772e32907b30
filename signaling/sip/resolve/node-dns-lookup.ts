// DnsLookup on node:dns (c-ares): own sockets, never getaddrinfo and its four threads, which slow names would block for all.
// CNAME chains are the recursive server's; c-ares takes what belongs to the question from one answer and follows nothing.
import { Resolver as DnsClient } from 'node:dns/promises';
import { isIP } from 'node:net';
import { WeirError } from '../../../shared/errors.ts';
import type { AddressRecord, DnsAnswer, DnsLookup, NaptrRecord, SrvRecord } from './dns-lookup.ts';
import { type HostTable, readHostsFile } from './hosts-file.ts';

export interface NodeDnsOptions {
  /** 'address', 'address:port' or '[v6]:port'; empty = the system's. */
  readonly servers: readonly string[];
  /** First try; each server is tried twice, the resolver above gives up after 3 s in any case. */
  readonly tryMs?: number;
  /** Names that need no question; default: /etc/hosts as it is now. */
  readonly hosts?: HostTable;
}

export class NodeDnsLookup implements DnsLookup {
  readonly #client: DnsClient;
  readonly #hosts: HostTable;

  /** Throws WeirError('bad-dns-server'). */
  constructor(options: NodeDnsOptions) {
    this.#client = new DnsClient({ timeout: options.tryMs ?? 800, tries: 2, maxTimeout: 2000 });
    this.#hosts = options.hosts ?? readHostsFile();
    if (options.servers.length === 0) return;
    try {
      this.#client.setServers(options.servers);
    } catch (error) {
      throw new WeirError('bad-dns-server', `Cannot use DNS servers "${options.servers.join(', ')}": must be IP addresses`, error);
    }
  }

  /** Ends the questions in flight; their promises reject. */
  close(): void {
    this.#client.cancel();
  }

  naptr(name: string): Promise<DnsAnswer<NaptrRecord>> {
    return answer(this.#client.resolveNaptr(name));
  }

  srv(name: string): Promise<DnsAnswer<SrvRecord>> {
    return answer(this.#client.resolveSrv(name).then((records) => records.map((record) => ({ ...record, target: record.name }))));
  }

  a(name: string): Promise<DnsAnswer<AddressRecord>> {
    return this.#local(name, 4) ?? addressAnswer(this.#client.resolve4(name, { ttl: true }));
  }

  aaaa(name: string): Promise<DnsAnswer<AddressRecord>> {
    return this.#local(name, 6) ?? addressAnswer(this.#client.resolve6(name, { ttl: true }));
  }

  #local(name: string, family: 4 | 6): Promise<DnsAnswer<AddressRecord>> | undefined {
    const known = this.#hosts.get(name);
    if (known === undefined) return undefined;
    const records = known.filter((address) => isIP(address) === family).map((address) => ({ address }));
    return Promise.resolve({ records, ttlMs: undefined });
  }
}

async function addressAnswer(query: Promise<{ address: string; ttl: number }[]>): Promise<DnsAnswer<AddressRecord>> {
  const { records } = await answer(query);
  // Whichever record lives shortest decides for the set (RFC 2181 5.2 says they are equal; not everybody reads it).
  const ttl = records.reduce((least, record) => Math.min(least, record.ttl), Number.POSITIVE_INFINITY);
  return { records, ttlMs: Number.isFinite(ttl) ? ttl * 1000 : undefined };
}

/** A name or type that does not exist is an answer; everything else rejects. */
async function answer<R>(query: Promise<R[]>): Promise<DnsAnswer<R>> {
  try {
    return { records: await query, ttlMs: undefined };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTFOUND' || code === 'ENODATA') return { records: [], ttlMs: undefined };
    throw error;
  }
}
