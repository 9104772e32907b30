// Literal IP addresses in SDP: strict reading and what kind of address it is. Stricter than inet_aton and than ipaddr.js
// where it counts: no octal, no short forms, no zone index, and an IPv4 address hidden in an IPv6 one is judged as what
// it is. Documentation networks count as unicast here, since labs and tests live there.

export type Family = 4 | 6;

/**
 * `unspecified` 0.0.0.0 and ::, `unusable` everything that can be no unicast peer (0/8, class E, IPv4 written as IPv6).
 */
export type AddressKind = 'unicast' | 'unspecified' | 'loopback' | 'link-local' | 'multicast' | 'broadcast' | 'unusable';

export interface IpAddress {
  readonly family: Family;
  readonly kind: AddressKind;
}

export function parseIpAddress(text: string): IpAddress | undefined {
  const value = parseIpv4(text);
  if (value !== undefined) return { family: 4, kind: kindOfIpv4(value) };
  const groups = parseIpv6(text);
  return groups === undefined ? undefined : { family: 6, kind: kindOfIpv6(groups) };
}

/**
 * True when a literal address stands anywhere in the text, alone or inside a longer word. Errs on the side of yes: it
 * decides what is kept from the other side.
 */
export function mentionsAddress(text: string): boolean {
  if (/\d{1,3}(?:\.\d{1,3}){3}/.test(text)) return true;
  return text.includes('::') || /(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}/i.test(text);
}

/** As one number. A leading zero is refused: half of the world reads it as octal. */
function parseIpv4(text: string): number | undefined {
  if (text.length < 7 || text.length > 15) return undefined;
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (let i = 1; i <= 4; i++) {
    const byte = Number(match[i]);
    if (byte > 255) return undefined;
    value = value * 256 + byte;
  }
  return value;
}

/** Eight groups (RFC 4291 section 2.2). */
function parseIpv6(text: string): number[] | undefined {
  if (text.length < 2 || text.length > 45 || !text.includes(':')) return undefined;
  const gap = text.indexOf('::');
  if (gap === -1) {
    const groups = parseGroups(text, 'last');
    return groups?.length === 8 ? groups : undefined;
  }
  if (text.indexOf('::', gap + 1) !== -1) return undefined;
  const left = gap === 0 ? [] : parseGroups(text.slice(0, gap), 'inner');
  const right = gap + 2 === text.length ? [] : parseGroups(text.slice(gap + 2), 'last');
  if (left === undefined || right === undefined) return undefined;
  const zeros = 8 - left.length - right.length;
  return zeros < 1 ? undefined : [...left, ...new Array<number>(zeros).fill(0), ...right];
}

/** Only the last groups of an address may be written as IPv4. */
function parseGroups(text: string, place: 'inner' | 'last'): number[] | undefined {
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const tail = place === 'last' && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (tail === undefined) return undefined;
    groups.push(Math.floor(tail / 65_536), tail % 65_536);
  }
  return groups;
}

function kindOfIpv4(value: number): AddressKind {
  const first = Math.floor(value / 16_777_216);
  if (value === 0) return 'unspecified';
  if (value === 0xffff_ffff) return 'broadcast';
  if (first === 0 || first >= 240) return 'unusable';
  if (first === 127) return 'loopback';
  if (first >= 224) return 'multicast';
  return Math.floor(value / 65_536) === 0xa9fe ? 'link-local' : 'unicast';
}

function kindOfIpv6(groups: readonly number[]): AddressKind {
  const [a = 0, b = 0, c = 0] = groups;
  const last = groups[7] ?? 0;
  if (groups.slice(0, 7).every((group) => group === 0) && last <= 1) return last === 0 ? 'unspecified' : 'loopback';
  // ::/96 and ::ffff:0:0/96 name an IPv4 peer, which a family 6 socket of ours does not reach.
  if (groups.slice(0, 5).every((group) => group === 0)) return 'unusable';
  if ((a & 0xff00) === 0xff00) return 'multicast';
  if ((a & 0xffc0) === 0xfe80) return 'link-local';
  // NAT64 (RFC 6052) and 6to4 (RFC 3056) lead to the IPv4 address they carry.
  if (a === 0x64 && b === 0xff9b) return embedded(groups[6] ?? 0, last);
  if (a === 0x2002) return embedded(b, c);
  return 'unicast';
}

function embedded(high: number, low: number): AddressKind {
  return kindOfIpv4(high * 65_536 + low) === 'unicast' ? 'unicast' : 'unusable';
}
