// What offer and answer share: reading the body that came, writing the one that goes.
import { hash } from 'node:crypto';
import type { MediaAddress } from '../../shared/relay/session-state.ts';
import type { SdpDocument } from '../sdp/document.ts';
import { parseSdp } from '../sdp/parse-sdp.ts';
import { aliasOf } from './alias.ts';
import type { Branch, CallState, Role, Transport } from './call-state.ts';
import { type Address, type OutgoingKeys, type OutgoingLine, rewriteDescription } from './description-writer.ts';
import { cryptoLine, cryptoLines, type Keying, type OfferedKeying } from './keying.ts';
import { type Reading, type ReadLine, readLines } from './line-reader.ts';
import { publish } from './published.ts';
import { type Refusal, refused, type SdpResult } from './sdp-result.ts';
import type { SidePolicy } from './side-policy.ts';

const noKeys: OutgoingKeys = { form: 'plain', lines: [] };

export type Description = { readonly kind: 'description'; readonly document: SdpDocument; readonly lines: readonly ReadLine[] } | Refusal;

/** Whether the description may say rtcp-mux: never did, would, both did. */
export type Mux = 'none' | 'offered' | 'agreed';

/** `from` is the side that sent it. */
export function readDescription(sdp: Uint8Array, from: SidePolicy, call: CallState, reading: Reading): Description {
  const parsed = parseSdp(sdp);
  if (parsed.kind === 'malformed') return refused(488, `malformed SDP: ${parsed.reason}`);
  const read = readLines(parsed.document, from, reading);
  if (read.kind === 'unacceptable') return refused(488, read.reason);
  const own = read.lines.findIndex((line) => line.kind === 'live' && isOwn(call, line.endpoint.remote));
  if (own !== -1) return refused(488, `line ${own}: names our own end of this call`);
  return { kind: 'description', document: parsed.document, lines: read.lines };
}

/** A description that came back to us: media would circle through the relay. */
function isOwn(call: CallState, remote: MediaAddress | null): boolean {
  if (remote === null) return false;
  return call.transports.some((transport) => transport.address === remote.address && transport.port === remote.port);
}

export function digestOf(sdp: Uint8Array): string {
  return hash('sha256', sdp, 'base64url');
}

export function sdpResult(text: string): SdpResult {
  return { kind: 'sdp', sdp: Buffer.from(text, 'latin1') };
}

/** Edits the document into what that side of the branch gets, under our own o= line. */
export function writeDescription(call: CallState, branch: Branch, to: Role, document: SdpDocument, lines: readonly OutgoingLine[]): string {
  const ours = addressTowards(call, to === 'near' ? null : branch.name);
  const address = rewriteDescription(document, lines, ours, (name) => aliasOf(call.aliasKey, name));
  return publish(to === 'near' ? call.near : branch.side, document, address);
}

/** A line as it came, with our transport in the place of the peer's and our keys in the place of its; dead when there is none. */
export function outgoingLine(read: ReadLine, transport: Transport | undefined, mux: Mux, keys: OutgoingKeys): OutgoingLine {
  if (read.kind !== 'live' || transport === undefined) return { kind: 'dead', line: read.line };
  const { line, profile, endpoint } = read;
  const { family, address, port } = transport;
  // Under rtcp-mux both go to one port (RFC 5761 section 5.1.3: a=rtcp then names the RTP port).
  const local = { family, address, port, rtcpPort: mux === 'agreed' ? port : transport.rtcpPort };
  // A zero address becomes the direction it stands for: ours is never zero (RFC 3264 section 8.4).
  const direction = endpoint.remote === null ? endpoint.direction : null;
  return { kind: 'live', line, profile, local, rtcpMux: mux !== 'none', direction, keys };
}

/** What stands in for the sender's keys in an offer. */
export function offeredKeys(offered: OfferedKeying | null | undefined): OutgoingKeys {
  if (offered?.kind === 'pass') return 'theirs';
  return offered?.kind === 'keys' ? { form: offered.form, lines: cryptoLines(offered.keys) } : noKeys;
}

/** The same in an answer, which has the one line that was agreed on (RFC 4568 section 5.1.3). */
export function answeredKeys(keying: Keying | null | undefined): OutgoingKeys {
  if (keying?.kind === 'pass') return 'theirs';
  return keying?.kind === 'sdes' ? { form: keying.form, lines: [cryptoLine(keying.tag, keying.local)] } : noKeys;
}

/** Our address towards a side for a description without live lines: that of any transport there, else none at all. */
function addressTowards(call: CallState, branch: string | null): Address {
  const transport = call.transports.find((one) => one.branch === branch);
  return transport ?? { family: 4, address: '0.0.0.0' };
}
