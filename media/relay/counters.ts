// What one transport counts in the packet path: plain numbers, written in place.

export class TransportCounters {
  packetsIn = 0;
  bytesIn = 0;
  packetsOut = 0;
  bytesOut = 0;
  rtcpIn = 0;
  rtcpOut = 0;
  rejectedSource = 0;
  malformed = 0;
  undeliverable = 0;
  unauthenticated = 0;
  overRate = 0;
}
