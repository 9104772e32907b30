// The media of a raw call, packet by packet: each is sent when the one before has arrived, so that nothing can hide among others.
import type { Place, RawCall, RawPeers } from './raw-call.ts';
import { rtpBytes } from './rtp-bytes.ts';
import type { Arrived, UdpPeer } from './udp-peer.ts';

export const phoneSsrc = 0x0a0a0a0a;
export const nodeSsrc = 0x0b0b0b0b;

/** One direction. */
export interface Talk {
  readonly from: UdpPeer;
  readonly to: UdpPeer;
  readonly target: Place;
  readonly ssrc: number;
}

export function talks({ phoneMedia, nodeMedia }: RawPeers, call: RawCall): { inward: Talk; outward: Talk } {
  return {
    inward: { from: phoneMedia, to: nodeMedia, target: call.phoneTarget, ssrc: phoneSsrc },
    outward: { from: nodeMedia, to: phoneMedia, target: call.nodeTarget, ssrc: nodeSsrc },
  };
}

/** Sends the packets `first` to `last` one by one and gives all that arrived until the last one. */
export async function say({ from, to, target, ssrc }: Talk, first: number, last: number): Promise<Arrived[]> {
  const arrived: Arrived[] = [];
  for (let sequence = first; sequence <= last; sequence++) {
    await from.send(rtpBytes({ sequence, timestamp: sequence * 160, ssrc }), target);
    for (let got: Arrived | undefined; got === undefined || Buffer.from(got.bytes).readUInt16BE(2) !== sequence; arrived.push(got)) {
      got = await to.next();
    }
  }
  return arrived;
}
