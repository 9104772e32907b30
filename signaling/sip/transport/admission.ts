// Who may hold a stream connection: a cap per source, a cap for all, and the last places kept for trusted peers, so that a flood
// of strangers cannot lock out the carriers and nodes.
import { BlockList } from 'node:net';
import { familyOf, sourceKey } from './address.ts';
import { transportLimits } from './limits.ts';

export interface AdmissionOptions {
  readonly connections: number;
  readonly perSource: number;
  /** Addresses and CIDR networks. */
  readonly trusted: readonly string[];
}

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #forStrangers: number;
  readonly #trusted = new BlockList();
  readonly #bySource = new Map<string, number>();
  #total = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    const reserve = options.trusted.length === 0 ? 0 : Math.ceil(options.connections * transportLimits.trustedShare);
    this.#forStrangers = options.connections - reserve;
    for (const network of options.trusted) this.#trust(network);
  }

  get total(): number {
    return this.#total;
  }

  /** One that we open ourselves: only the cap for all counts. */
  open(): 'admitted' | 'total' {
    if (this.#total >= this.#options.connections) return 'total';
    this.#total++;
    return 'admitted';
  }

  closeOpened(): void {
    this.#total--;
  }

  accept(address: string): 'admitted' | 'total' | 'source' {
    const trusted = this.trusts(address);
    if (this.#total >= (trusted ? this.#options.connections : this.#forStrangers)) return 'total';
    const source = sourceKey(address);
    const count = this.#bySource.get(source) ?? 0;
    if (!trusted && count >= this.#options.perSource) return 'source';
    this.#bySource.set(source, count + 1);
    this.#total++;
    return 'admitted';
  }

  closeAccepted(address: string): void {
    const source = sourceKey(address);
    const count = this.#bySource.get(source) ?? 0;
    if (count > 1) this.#bySource.set(source, count - 1);
    else this.#bySource.delete(source);
    this.#total--;
  }

  trusts(address: string): boolean {
    const family = familyOf(address);
    return family !== undefined && this.#trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }

  #trust(network: string): void {
    const [address = '', prefix] = network.split('/');
    const family = familyOf(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) this.#trusted.addAddress(address, family);
    else this.#trusted.addSubnet(address, Number(prefix), family);
  }
}
