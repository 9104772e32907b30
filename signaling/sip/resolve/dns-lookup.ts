// What the resolver asks of DNS: four record types of one name (RFC 1035, 2782, 3403). The real one is node-dns-lookup.ts,
// tests hand in a table.

export interface NaptrRecord {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly replacement: string;
}

export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

export interface AddressRecord {
  /** Literal IP without brackets. */
  readonly address: string;
}

export interface DnsAnswer<R> {
  /** Empty: the name or the type does not exist, and a server said so. */
  readonly records: readonly R[];
  /** undefined: not known. */
  readonly ttlMs: number | undefined;
}

/** Every promise settles; a rejection is a failure of the lookup (timeout, SERVFAIL), not a missing record. */
export interface DnsLookup {
  naptr(name: string): Promise<DnsAnswer<NaptrRecord>>;
  srv(name: string): Promise<DnsAnswer<SrvRecord>>;
  a(name: string): Promise<DnsAnswer<AddressRecord>>;
  aaaa(name: string): Promise<DnsAnswer<AddressRecord>>;
}
