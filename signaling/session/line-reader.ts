// Reads what a description says of each line, and judges it: literal addresses that can be a peer's, sound ports, formats
// and keys (security rows 18, 48, 51). Changes nothing but takes out unusable a=crypto. Knows no call.
import type { CodecInUse, MediaAddress } from '../../shared/relay/session-state.ts';
import { parseConnection } from '../sdp/connection.ts';
import { type CryptoAttribute, parseCryptoAttribute } from '../sdp/crypto-attribute.ts';
import { directionOf, withoutReceiving } from '../sdp/direction.ts';
import { attribute, attributeName, attributeValue, hasAttribute, lineValue, type MediaSection, type SdpDocument } from '../sdp/document.ts';
import { type Family, mentionsAddress, parseIpAddress } from '../sdp/ip-address.ts';
import { sdpLimits } from '../sdp/limits.ts';
import { type MediaLine, parseMediaLine } from '../sdp/media-line.ts';
import { parseRtcpAttribute } from '../sdp/rtcp-attribute.ts';
import { codecsOf, parsePayloadType } from '../sdp/rtpmap.ts';
import type { Endpoint } from './call-state.ts';
import { offerObjection } from './keying.ts';
import { sessionLimits } from './limits.ts';
import type { SidePolicy, SrtpPolicy } from './side-policy.ts';
import { isRtp, profileOf, type TransportProfile } from './transport-profile.ts';

export type ReadLine =
  | {
      readonly kind: 'live';
      readonly line: MediaLine;
      readonly profile: TransportProfile;
      readonly family: Family;
      readonly endpoint: Endpoint;
      /** Usable or not, those that parse. */
      readonly cryptos: readonly CryptoAttribute[];
    }
  /** Its sender rejects or disables it (port 0), or it is `refused` by us for a reason. */
  | { readonly kind: 'rejected'; readonly line: MediaLine; readonly profile: TransportProfile }
  | { readonly kind: 'refused'; readonly line: MediaLine; readonly profile: TransportProfile; readonly reason: string };

export type ReadLines =
  | { readonly kind: 'lines'; readonly lines: readonly ReadLine[] }
  | { readonly kind: 'unacceptable'; readonly reason: string };

/** What the description is for: an offer is judged by the policy for SRTP, an answer by what was offered. */
export type Reading = { readonly step: 'offer'; readonly srtp: SrtpPolicy } | { readonly step: 'answer' };

type Judged<T> = { readonly kind: 'fine'; readonly value: T } | { readonly kind: 'bad'; readonly reason: string };

export function readLines(document: SdpDocument, policy: SidePolicy, reading: Reading): ReadLines {
  const lines: ReadLine[] = [];
  for (const [index, section] of document.media.entries()) {
    const read = readLine(section, document, policy, reading);
    if (read.kind === 'bad') return { kind: 'unacceptable', reason: `line ${index}: ${read.reason}` };
    lines.push(read.value);
  }
  const live = lines.filter((line) => line.kind === 'live').length;
  if (live > sessionLimits.lines) return { kind: 'unacceptable', reason: `${live} lines, at most ${sessionLimits.lines}` };
  const reason = lines.find((line) => line.kind === 'refused')?.reason;
  if (live === 0 && reason !== undefined) return { kind: 'unacceptable', reason };
  return { kind: 'lines', lines };
}

function readLine(section: MediaSection, document: SdpDocument, policy: SidePolicy, reading: Reading): Judged<ReadLine> {
  const line = parseMediaLine(section.lines[0]?.value ?? '');
  // Its words come out on the other side as they are.
  if (line === undefined || mentionsAddress(section.lines[0]?.value ?? '')) return bad('bad m= line');
  const profile = profileOf(line.protocol);
  if (line.port === 0) return fine({ kind: 'rejected', line, profile });
  if (profile === 'unsupported') return fine({ kind: 'refused', line, profile, reason: `protocol ${line.protocol.slice(0, 32)}` });
  if (isRtp(profile) && (line.formats.length === 0 || !line.formats.every((format) => parsePayloadType(format) !== undefined)))
    return bad('bad payload types');
  const cryptos = isRtp(profile) ? readKeys(section) : [];
  const objection = isRtp(profile) && reading.step === 'offer' ? offerObjection({ profile, cryptos }, reading.srtp) : undefined;
  if (objection !== undefined) return fine({ kind: 'refused', line, profile, reason: objection });
  const where = readAddress(lineValue(section.lines, 'c') ?? lineValue(document.session, 'c'), policy);
  if (where.kind === 'bad') return where;
  const { family, address } = where.value;
  const remote = address === null ? null : { address, port: line.port };
  const rtcp = isRtp(profile) ? readRtcp(section, remote, policy) : fine(null);
  if (rtcp.kind === 'bad') return rtcp;
  const direction = directionOf(section.lines, document.session);
  const endpoint: Endpoint = {
    remote,
    remoteRtcp: rtcp.value,
    rtcpMux: isRtp(profile) && hasAttribute(section.lines, 'rtcp-mux'),
    direction: remote === null ? withoutReceiving(direction) : direction,
    codecs: isRtp(profile) ? codecsInUse(line, section) : [],
  };
  return fine({ kind: 'live', line, profile, family, endpoint, cryptos });
}

/** `address` is null for 0.0.0.0 and ::, which say "send nothing" (RFC 3264 section 8.4). */
function readAddress(value: string | undefined, policy: SidePolicy): Judged<{ family: Family; address: string | null }> {
  if (value === undefined) return bad('no c= line');
  const connection = parseConnection(value);
  // Names are not resolved: a lookup for a stranger's name costs time and tells the stranger of the call.
  const ip = connection === undefined ? undefined : parseIpAddress(connection.address);
  if (connection === undefined || ip === undefined || ip.family !== connection.family) return bad('address is not a literal IP address');
  if (ip.kind === 'unspecified') return fine({ family: ip.family, address: null });
  if (ip.kind === 'unicast' || (ip.kind === 'loopback' && isLoopback(policy))) {
    return fine({ family: ip.family, address: connection.address });
  }
  return bad(`${ip.kind} address`);
}

/** Loopback media is for peers whose SIP comes from loopback; anybody else would make us send to our own host. */
function isLoopback(policy: SidePolicy): boolean {
  return policy.signalingAddress !== null && parseIpAddress(policy.signalingAddress)?.kind === 'loopback';
}

function readRtcp(section: MediaSection, remote: MediaAddress | null, policy: SidePolicy): Judged<MediaAddress | null> {
  const value = attribute(section.lines, 'rtcp');
  const rtcp = value === undefined ? undefined : parseRtcpAttribute(value);
  if (value !== undefined && rtcp === undefined) return bad('bad a=rtcp');
  if (remote === null) return fine(null);
  if (rtcp === undefined) return fine(remote.port === 65_535 ? null : { address: remote.address, port: remote.port + 1 });
  if (rtcp.connection === undefined) return fine(rtcp.port === 0 ? null : { address: remote.address, port: rtcp.port });
  const where = readAddress(`IN IP${rtcp.connection.family} ${rtcp.connection.address}`, policy);
  if (where.kind === 'bad') return bad(`a=rtcp: ${where.reason}`);
  // The transport has one family: RTCP of the other one cannot be sent from it.
  const sameFamily = rtcp.connection.address.includes(':') === remote.address.includes(':');
  if (where.value.address === null || rtcp.port === 0 || !sameFamily) return fine(null);
  return fine({ address: where.value.address, port: rtcp.port });
}

/** Takes out a=crypto lines that do not parse, and returns the others. */
function readKeys(section: MediaSection): CryptoAttribute[] {
  const cryptos: CryptoAttribute[] = [];
  section.lines = section.lines.filter((line) => {
    if (line.type !== 'a' || attributeName(line.value) !== 'crypto') return true;
    const crypto = cryptos.length < sdpLimits.cryptoLines ? parseCryptoAttribute(attributeValue(line.value)) : undefined;
    if (crypto !== undefined) cryptos.push(crypto);
    return crypto !== undefined;
  });
  return cryptos;
}

function codecsInUse(line: MediaLine, section: MediaSection): CodecInUse[] {
  return codecsOf(line.formats, section.lines).map(({ payloadType, name, clockRate }) => ({ payloadType, name, clockRate }));
}

function fine<T>(value: T): Judged<T> {
  return { kind: 'fine', value };
}

function bad(reason: string): Judged<never> {
  return { kind: 'bad', reason };
}
