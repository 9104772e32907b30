// A network as address and prefix length (RFC 4632, RFC 4291 section 2.3), for lists of allowed and denied targets.
import { type AddressWords, parseAddress } from '../io/address.ts';

export interface Prefix {
  readonly address: AddressWords;
  readonly bits: number;
}

/** `10.0.0.0/8`, `fd00::/8` or a single address; undefined for anything else. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const most = address.family === 4 ? 32 : 128;
  if (slash < 0) return { address, bits: most };
  const digits = text.slice(slash + 1);
  const bits = /^\d{1,3}$/.test(digits) ? Number(digits) : most + 1;
  return bits <= most ? { address, bits } : undefined;
}

export function prefixContains(prefix: Prefix, address: AddressWords): boolean {
  const own = prefix.address;
  return (
    own.family === address.family &&
    sameBits(own.a, address.a, prefix.bits) &&
    sameBits(own.b, address.b, prefix.bits - 32) &&
    sameBits(own.c, address.c, prefix.bits - 64) &&
    sameBits(own.d, address.d, prefix.bits - 96)
  );
}

/** Compares the first `bits` bits of two words; none when `bits` <= 0, all when it is 32 or more. */
function sameBits(one: number, other: number, bits: number): boolean {
  if (bits <= 0) return true;
  return bits >= 32 ? one === other : one >>> (32 - bits) === other >>> (32 - bits);
}
