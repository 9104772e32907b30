// Relays RTCP: reads reports on the way (loss, jitter and round trip as the peer sees them), hides what would name a peer's host, and
// passes the compound on to the transports it concerns, whichever port they take RTCP on. SSRCs pass unchanged, so reports stay true.
import type { Packet } from '../io/packet-io.ts';
import {
  cumulativeLost,
  delaySinceLastSenderReport,
  goodbye,
  hasSenderInfo,
  lastSenderReport,
  middleNtpOf,
  packetBytes,
  packetTypeAt,
  receiverReport,
  reportAt,
  reportCount,
  reportedJitter,
  reportedSource,
  reportsAt,
  senderOf,
  senderReport,
  sourceDescription,
} from '../rtp/rtcp-compound.ts';
import type { Component } from './component.ts';
import type { Transport } from './transport.ts';

/** The compound is whole (isCompound) and its source was admitted. */
export function relayRtcp(component: Component, packet: Packet, now: number): void {
  const { transport } = component;
  const { bytes, start, length } = packet;
  transport.counters.rtcpIn++;
  component.reportedBy(senderOf(bytes, start));
  // Offset of the sender report, of which RFC 3550 section 6.1 allows one; -1 = none.
  let sent = -1;
  for (let at = start; at < start + length; at += packetBytes(bytes, at)) {
    const type = packetTypeAt(bytes, at);
    if (type === senderReport && hasSenderInfo(bytes, at)) sent = at;
    if (type === goodbye) transport.session.pseudonym.maskReason(bytes, at);
    if (type === sourceDescription) transport.session.pseudonym.maskItems(bytes, at);
    if (type === senderReport || type === receiverReport) readReports(transport, bytes, at, now);
  }
  // Read before the bytes are sealed.
  const reporter = sent >= 0 ? senderOf(bytes, sent) : 0;
  const ntp = sent >= 0 ? middleNtpOf(bytes, sent) : 0;
  const peers = transport.rtcpPeers;
  const use = peers.length === 1 ? 'alone' : 'shared';
  let delivered = false;
  for (let i = 0; i < peers.length; i++) {
    const peer = peers[i];
    if (!peer?.sendRtcp(packet, use)) continue;
    delivered = true;
    if (sent >= 0) peer.roundTrip.sent(reporter, ntp, now);
  }
  if (!delivered) transport.counters.undeliverable++;
}

/** SRTCP that only the peers can read. Its first header is in clear (RFC 3711 section 3.4). */
export function relayOpaqueRtcp(component: Component, packet: Packet): void {
  const { transport } = component;
  const { bytes, start, length } = packet;
  if (length < 8) {
    transport.counters.malformed++;
    return;
  }
  transport.counters.rtcpIn++;
  component.reportedBy(senderOf(bytes, start));
  const peers = transport.rtcpPeers;
  let delivered = false;
  for (let i = 0; i < peers.length; i++) if (peers[i]?.sendRtcp(packet, 'shared')) delivered = true;
  if (!delivered) transport.counters.undeliverable++;
}

function readReports(transport: Transport, bytes: Uint8Array, at: number, now: number): void {
  const first = reportsAt(bytes, at);
  const count = reportCount(bytes, at);
  for (let i = 0; i < count; i++) {
    const block = reportAt(first, i);
    transport.quality.peerReported(cumulativeLost(bytes, block), reportedJitter(bytes, block));
    transport.roundTrip.answered(
      reportedSource(bytes, block),
      lastSenderReport(bytes, block),
      delaySinceLastSenderReport(bytes, block),
      now,
    );
  }
}
