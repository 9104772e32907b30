// The packet path: one function from a received datagram to the sockets it leaves by. Nothing here allocates, waits or logs; what goes
// wrong with a packet is counted and ends there.
import type { Packet } from '../io/packet-io.ts';
import { isCompound } from '../rtp/rtcp-compound.ts';
import { kindOf, payloadTypeOf } from '../rtp/rtp-header.ts';
import type { SrtpReceiver } from '../srtp/receiver.ts';
import type { Component } from './component.ts';
import { relayOpaqueRtcp, relayRtcp } from './rtcp.ts';
import type { Transport } from './transport.ts';

export function relayPacket(component: Component, packet: Packet, now: number): void {
  const { transport } = component;
  const { receiver, opaque } = transport.protection;
  // 1. SRTP proves where it comes from before it teaches, counts, keeps alive or leads anywhere.
  if (receiver !== undefined && !opens(component, receiver, packet, now)) return;
  // 2. Strangers end here, before anything else is read.
  if (!component.admit(packet, now)) {
    transport.counters.rejectedSource++;
    return;
  }
  transport.session.heardAt = now;
  // 3. An admitted peer may still send too much, or nothing: an empty datagram opens a NAT and leads nowhere.
  if (!transport.rate.take(now)) {
    transport.counters.overRate++;
    return;
  }
  const { bytes, start, length } = packet;
  if (length === 0) {
    transport.counters.malformed++;
    return;
  }
  // 4. RTCP comes on its own port or, under mux, on the RTP port; whether we negotiated that is left to the senders.
  if (component.kind === 'rtcp') {
    if (opaque) relayOpaqueRtcp(component, packet);
    else if (isCompound(bytes, start, length)) relayRtcp(component, packet, now);
    else transport.counters.malformed++;
    return;
  }
  const kind = kindOf(bytes, start, length);
  if (kind === 'rtcp' && opaque) relayOpaqueRtcp(component, packet);
  else if (kind === 'rtcp' && isCompound(bytes, start, length)) relayRtcp(component, packet, now);
  else relayMedia(transport, packet, kind === 'rtp', now);
}

/** Opens SRTP and SRTCP in place; says whether the packet goes on. Who has no chance costs no cryptography. */
function opens(component: Component, receiver: SrtpReceiver, packet: Packet, now: number): boolean {
  const { counters } = component.transport;
  if (component.isStranger(packet, now)) {
    counters.rejectedSource++;
    return false;
  }
  // Nothing else belongs on such a transport: STUN, DTLS and ZRTP have no place here.
  const kind = component.kind === 'rtcp' ? 'rtcp' : kindOf(packet.bytes, packet.start, packet.length);
  const opened = kind === 'rtp' ? receiver.openRtp(packet) : kind === 'rtcp' ? receiver.openRtcp(packet) : 'malformed';
  if (opened === 'opened') return true;
  if (opened === 'unauthenticated') counters.unauthenticated++;
  else counters.malformed++;
  return false;
}

/** 5. Media: whatever is not RTP (T.38, ZRTP, keepalives) goes the same way, uncounted by the quality. */
function relayMedia(transport: Transport, packet: Packet, isRtp: boolean, now: number): void {
  const { counters } = transport;
  counters.packetsIn++;
  counters.bytesIn += packet.length;
  let payloadType = -1;
  if (isRtp) {
    payloadType = payloadTypeOf(packet.bytes, packet.start);
    transport.quality.packet(packet.bytes, packet.start, now);
  }
  const stream = transport.streamOf(payloadType);
  let delivered = false;
  if (stream !== undefined) {
    const { to } = stream;
    const use = to.length === 1 ? 'alone' : 'shared';
    for (let i = 0; i < to.length; i++) {
      if (to[i]?.sendMedia(packet, use)) delivered = true;
    }
  }
  if (!delivered) counters.undeliverable++;
}
