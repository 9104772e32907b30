// A DnsLookup that answers from a table written like a zone file, keeps the questions, and can be told to fail or to stay silent.
import type { AddressRecord, DnsAnswer, DnsLookup, NaptrRecord, SrvRecord } from '../../../../signaling/sip/resolve/dns-lookup.ts';

export type Zone = Readonly<Record<string, string | readonly string[]>>;

export class DnsTable implements DnsLookup {
  readonly questions: string[] = [];
  readonly failing = new Set<string>();
  readonly silent = new Set<string>();
  #records = new Map<string, readonly string[]>();
  #ttlMs: number | undefined;

  /** Keys: 'SRV _sip._udp.example.com'; values: '10 60 5060 a.example.com', '192.0.2.1', '50 50 s SIP+D2T _sip._tcp.example.com'. */
  constructor(zone: Zone, ttlMs?: number) {
    this.replace(zone);
    this.#ttlMs = ttlMs;
  }

  replace(zone: Zone): void {
    this.#records = new Map(Object.entries(zone).map(([key, value]) => [key, typeof value === 'string' ? [value] : value]));
  }

  naptr(name: string): Promise<DnsAnswer<NaptrRecord>> {
    return this.#answer(`NAPTR ${name}`, (text) => {
      const [order, preference, flags = '', service = '', replacement = ''] = text.split(' ');
      return { order: Number(order), preference: Number(preference), flags, service, replacement };
    });
  }

  srv(name: string): Promise<DnsAnswer<SrvRecord>> {
    return this.#answer(`SRV ${name}`, (text) => {
      const [priority, weight, port, target = ''] = text.split(' ');
      return { priority: Number(priority), weight: Number(weight), port: Number(port), target };
    });
  }

  a(name: string): Promise<DnsAnswer<AddressRecord>> {
    return this.#answer(`A ${name}`, (address) => ({ address }));
  }

  aaaa(name: string): Promise<DnsAnswer<AddressRecord>> {
    return this.#answer(`AAAA ${name}`, (address) => ({ address }));
  }

  async #answer<R>(question: string, read: (text: string) => R): Promise<DnsAnswer<R>> {
    this.questions.push(question);
    if (this.silent.has(question)) await new Promise(() => {});
    if (this.failing.has(question)) throw new Error('SERVFAIL');
    return { records: (this.#records.get(question) ?? []).map(read), ttlMs: this.#ttlMs };
  }
}
