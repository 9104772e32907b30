// The packet path: one function from a received datagram to the sockets it leaves by. Nothing here allocates, waits or logs; what goes
// wrong with a packet is counted and ends there.
import type { Packet } from '../io/packet-io.ts';
import { isCompound } from '../rtp/rtcp-compound.ts';
import { kindOf, payloadTypeOf } from '../rtp/rtp-header.ts';
import type { Component } from './component.ts';
import { relayRtcp } from './rtcp.ts';
import type { Transport } from './transport.ts';

export function relayPacket(component: Component, packet: Packet, now: number): void {
  const { transport } = component;
  // 1. Strangers end here, before anything else is read.
  if (!component.admit(packet, now)) {
    transport.counters.rejectedSource++;
    return;
  }
  transport.session.heardAt = now;
  // 2. An admitted peer may still send too much, or nothing: an empty datagram opens a NAT and leads nowhere.
  if (!transport.rate.take(now)) {
    transport.counters.overRate++;
    return;
  }
  const { bytes, start, length } = packet;
  if (length === 0) {
    transport.counters.malformed++;
    return;
  }
  // 3. RTCP comes on its own port or, under mux, on the RTP port; whether we negotiated that is left to the senders.
  if (component.kind === 'rtcp') {
    if (isCompound(bytes, start, length)) relayRtcp(component, packet, now);
    else transport.counters.malformed++;
    return;
  }
  const kind = kindOf(bytes, start, length);
  if (kind === 'rtcp' && isCompound(bytes, start, length)) relayRtcp(component, packet, now);
  else relayMedia(transport, packet, kind === 'rtp', now);
}

/** 4. Media: whatever is not RTP (T.38, ZRTP, keepalives) goes the same way, uncounted by the quality. */
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
    for (let i = 0; i < to.length; i++) {
      if (to[i]?.sendMedia(packet)) delivered = true;
    }
  }
  if (!delivered) counters.undeliverable++;
}
