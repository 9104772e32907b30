// What becomes of one a= line on its way to the other side: it stays as it is, goes, or is made ours. Everything that is
// not known to tell of the peer stays (design.md 6: what is not understood is kept), unless an address stands in it.

import { attributeName, attributeValue } from '../sdp/document.ts';
import { type Family, mentionsAddress } from '../sdp/ip-address.ts';
import { formatRtcpAttribute, parseRtcpAttribute } from '../sdp/rtcp-attribute.ts';
import { stopsAttribute, type TransportProfile } from './transport-profile.ts';

/** Our end of a live line. */
export interface LocalEnd {
  readonly family: Family;
  readonly address: string;
  readonly port: number;
  readonly rtcpPort: number;
}

export interface FilterContext {
  readonly at: TransportProfile | 'session';
  /** Null at session level. */
  readonly local: LocalEnd | null;
  /** Whether the other side may hear of rtcp-mux. */
  readonly rtcpMux: boolean;
  /** Whose a=crypto lines stand on the line in the end. */
  readonly keys: 'ours' | 'theirs';
  readonly alias: (name: string) => string;
}

/** The value to write, undefined for a line that does not cross. */
export function filterAttribute(value: string, context: FilterContext): string | undefined {
  const name = attributeName(value);
  if (stopsAttribute(context.at, name) || (name === 'crypto' && context.keys === 'ours')) return undefined;
  const filtered = rewriteAttribute(name, value, context);
  return filtered === undefined || (name !== 'rtcp' && mentionsAddress(filtered)) ? undefined : filtered;
}

function rewriteAttribute(name: string, value: string, context: FilterContext): string | undefined {
  switch (name) {
    case 'rtcp':
      return rewriteRtcp(value, context.local);
    case 'rtcp-mux':
      return context.rtcpMux ? value : undefined;
    // We relay every line on ports of its own; a bundle would put them on one (RFC 9143). Other groups only name lines.
    case 'group':
      return /^BUNDLE(?: |$)/i.test(attributeValue(value)) ? undefined : value;
    case 'ssrc':
      return rewriteSource(value, context.alias);
    case 'msid':
      return `msid:${aliasWords(attributeValue(value), context.alias)}`;
    case 'msid-semantic':
      return value.replace(/^(msid-semantic: *[^ ]*)(.*)$/, (_all, kept: string, ids: string) => kept + aliasWords(ids, context.alias));
    default:
      return value;
  }
}

/** RFC 3605: ours, in the form that came. */
function rewriteRtcp(value: string, local: LocalEnd | null): string | undefined {
  const rtcp = parseRtcpAttribute(attributeValue(value));
  if (rtcp === undefined || local === null) return undefined;
  const port = local.rtcpPort;
  return `rtcp:${formatRtcpAttribute(rtcp.connection === undefined ? { port } : { port, connection: local })}`;
}

/** RFC 5576: the SSRC is in the packets anyway; the names beside it are the peer's. */
function rewriteSource(value: string, alias: (name: string) => string): string {
  return value.replace(
    /^(ssrc:\d+ +(?:cname|msid|mslabel|label):)(.*)$/,
    (_all, kept: string, names: string) => kept + aliasWords(names, alias),
  );
}

/** "-" and "*" are no names (RFC 8830). */
function aliasWords(words: string, alias: (name: string) => string): string {
  return words.replace(/[^ ]+/g, (word) => (word === '-' || word === '*' ? word : alias(word)));
}
