// Turns the description of one side into what the other side sees: addresses and ports become ours, what tells of the
// sender's host goes, everything else and the order of lines stays. Edits the document in place. The o= line is
// published.ts's, since its version depends on what came out.
import { formatConnection } from '../sdp/connection.ts';
import { type Direction, setDirection } from '../sdp/direction.ts';
import { attributeName, type MediaSection, type SdpDocument, type SdpLine } from '../sdp/document.ts';
import { type Family, mentionsAddress } from '../sdp/ip-address.ts';
import { formatMediaLine, type MediaLine } from '../sdp/media-line.ts';
import { type FilterContext, filterAttribute, type LocalEnd } from './attribute-filter.ts';
import { protocolFor, type SecurityForm, type TransportProfile } from './transport-profile.ts';

export type OutgoingLine =
  | {
      readonly kind: 'live';
      readonly line: MediaLine;
      readonly profile: TransportProfile;
      readonly local: LocalEnd;
      readonly rtcpMux: boolean;
      /** Null leaves it as it came. */
      readonly direction: Direction | null;
      readonly keys: OutgoingKeys;
    }
  | { readonly kind: 'dead'; readonly line: MediaLine };

/** `theirs` leaves protocol and keys as they came; else the attributes to write in the place of all a=crypto, and what m= says of them. */
export type OutgoingKeys = 'theirs' | { readonly form: SecurityForm; readonly lines: readonly string[] };

export interface Address {
  readonly family: Family;
  readonly address: string;
}

/** `ours` stands wherever no line gives an address of ours. Returns the address the session level now names. */
export function rewriteDescription(
  document: SdpDocument,
  lines: readonly OutgoingLine[],
  ours: Address,
  alias: (name: string) => string,
): Address {
  const address = sessionAddress(document, lines) ?? ours;
  document.session = rewriteSession(document.session, address, alias);
  const covered = document.session.some((line) => line.type === 'c');
  for (const [index, section] of document.media.entries()) {
    const line = lines[index];
    if (line === undefined) continue;
    if (line.kind === 'dead') rewriteDead(section, line.line, address);
    else rewriteLive(section, line, covered ? address : undefined, alias);
  }
  return address;
}

/** A session c= speaks for the lines without one of their own. */
function sessionAddress(document: SdpDocument, lines: readonly OutgoingLine[]): Address | undefined {
  let first: Address | undefined;
  for (const [index, line] of lines.entries()) {
    if (line.kind === 'dead') continue;
    if (!document.media[index]?.lines.some((one) => one.type === 'c')) return line.local;
    first ??= line.local;
  }
  return first;
}

function rewriteSession(lines: readonly SdpLine[], address: Address, alias: (name: string) => string): SdpLine[] {
  const context: FilterContext = { at: 'session', local: null, rtcpMux: false, keys: 'ours', alias };
  const written = rewriteLines(lines, address, context);
  if (!written.some((line) => line.type === 's')) {
    // Mandatory (RFC 8866 section 5.3), and missing only in broken peers' descriptions.
    const origin = written.findIndex((line) => line.type === 'o');
    written.splice(origin + 1, 0, { type: 's', value: '-' });
  }
  return written;
}

function rewriteLive(
  section: MediaSection,
  line: Extract<OutgoingLine, { kind: 'live' }>,
  covering: Address | undefined,
  alias: (name: string) => string,
): void {
  const { keys, local } = line;
  const context: FilterContext = { at: line.profile, local, rtcpMux: line.rtcpMux, keys: keys === 'theirs' ? 'theirs' : 'ours', alias };
  section.lines = rewriteLines(section.lines, local, context);
  const protocol = keys === 'theirs' ? line.line.protocol : protocolFor(line.line.protocol, keys.form);
  // One relay port serves one stream: of "port/count" the first is taken.
  section.lines[0] = mediaLine({ ...line.line, protocol, port: local.port, count: 1 });
  if (keys !== 'theirs') section.lines.push(...keys.lines.map((value) => ({ type: 'a', value })));
  if (covering !== undefined && covering.address !== line.local.address && !section.lines.some((one) => one.type === 'c')) {
    section.lines.splice(1, 0, { type: 'c', value: formatConnection(line.local) });
  }
  if (line.direction !== null) setDirection(section.lines, line.direction);
}

/** Nothing but the slot counts on a line with port 0 (RFC 3264 section 6); a mid keeps a=group lines valid. */
function rewriteDead(section: MediaSection, line: MediaLine, address: Address): void {
  const lines = [mediaLine({ ...line, port: 0, count: 1 })];
  if (section.lines.some((one) => one.type === 'c')) lines.push({ type: 'c', value: formatConnection(address) });
  const mid = section.lines.find((one) => one.type === 'a' && attributeName(one.value) === 'mid');
  if (mid !== undefined && !mentionsAddress(mid.value)) lines.push(mid);
  section.lines = lines;
}

function rewriteLines(lines: readonly SdpLine[], address: Address, context: FilterContext): SdpLine[] {
  const written: SdpLine[] = [];
  const seen = new Set<string>();
  for (const line of lines) {
    // Several c= lines in one place are for multicast layers; a second o= or s= is a mistake.
    if (line.type === 'c' || line.type === 'o' || line.type === 's') {
      if (seen.has(line.type)) continue;
      seen.add(line.type);
    }
    const value = rewriteLine(line, address, context);
    if (value !== undefined) written.push(value === line.value ? line : { type: line.type, value });
  }
  return written;
}

function rewriteLine({ type, value }: SdpLine, address: Address, context: FilterContext): string | undefined {
  switch (type) {
    case 'v':
    case 'o':
    case 'm':
      return value;
    case 's':
      return '-';
    case 'c':
      return formatConnection(address);
    // Free text, web page, mail, phone of the sender; RFC 8866 section 5.12 wants k= neither sent nor passed on.
    case 'i':
    case 'u':
    case 'e':
    case 'p':
    case 'k':
      return undefined;
    case 'a':
      return filterAttribute(value, context);
    default:
      return mentionsAddress(value) ? undefined : value;
  }
}

function mediaLine(line: MediaLine): SdpLine {
  return { type: 'm', value: formatMediaLine(line) };
}
