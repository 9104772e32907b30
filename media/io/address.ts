// Literal IP addresses as 32-bit words, the form in which the packet path compares and stores them. IPv4 is one word,
// IPv6 four (RFC 4291 section 2.2); an IPv4-mapped IPv6 address (section 2.5.5.2) is the IPv4 address it stands for.
// Not for host names, prefixes or zone indexes.
import { isIPv4, isIPv6 } from 'node:net';

export interface AddressWords {
  readonly family: 4 | 6;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** undefined unless `text` is a literal address; `fe80::1%eth0` is not: a zone index names an interface of ours. */
export function parseAddress(text: string): AddressWords | undefined {
  if (isIPv4(text)) return { family: 4, a: wordOfIPv4(text), b: 0, c: 0, d: 0 };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const words = wordsOfIPv6(text);
  const [a = 0, b = 0, c = 0, d = 0] = words;
  return isMapped(a, b, c) ? { family: 4, a: d, b: 0, c: 0, d: 0 } : { family: 6, a, b, c, d };
}

/** The IPv4-mapped prefix ::ffff:0:0/96. */
export function isMapped(a: number, b: number, c: number): boolean {
  return a === 0 && b === 0 && c === 0xffff;
}

/** Canonical text: dotted quad, or RFC 5952 lower-case with the longest run of zeros as `::`. */
export function formatAddress(address: AddressWords): string {
  if (address.family === 4) return [24, 16, 8, 0].map((shift) => (address.a >>> shift) & 0xff).join('.');
  const groups = [address.a, address.b, address.c, address.d].flatMap((word) => [word >>> 16, word & 0xffff]);
  const [start, length] = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function wordOfIPv4(text: string): number {
  let word = 0;
  for (const part of text.split('.')) word = word * 256 + Number(part);
  return word;
}

function wordsOfIPv6(text: string): number[] {
  let hex = text;
  const dotted = text.lastIndexOf('.') < 0 ? '' : text.slice(text.lastIndexOf(':') + 1);
  if (dotted !== '') {
    const word = wordOfIPv4(dotted);
    hex = `${text.slice(0, text.length - dotted.length)}${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`;
  }
  const [head = '', tail] = hex.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...new Array<string>(zeros).fill('0'), ...right].map((group) => Number.parseInt(group, 16));
  return [0, 2, 4, 6].map((i) => (groups[i] ?? 0) * 0x10000 + (groups[i + 1] ?? 0));
}

function longestZeros(groups: readonly number[]): readonly [start: number, length: number] {
  let best: readonly [number, number] = [0, 0];
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > best[1]) best = [start, end - start];
  }
  return best;
}
