// Caps of the SIP transport that are not the operator's to set (those come from the config's `limits`). Each bounds what one
// peer, or all strangers together, can make this process hold or do.

export const transportLimits = {
  /** Asked of the kernel per UDP socket: its default of 212,992 bytes loses the burst of a registration storm. */
  receiveBufferBytes: 4 * 1024 * 1024,
  /** Datagrams that wait in the process because the kernel's send buffer is full; then the peer or the link is at fault. */
  udpQueueBytes: 4 * 1024 * 1024,
  /** Unread bytes of one stream connection: above it the peer does not read and is cut off. */
  sendQueueBytes: 1024 * 1024,
  /** Flow objects kept per UDP listener, twice over (two generations, about 200 bytes each). */
  flowsPerGeneration: 8192,
  /** TCP connect, and TLS with it. RFC 3261 would wait 32 s (timer B); failover must come first. */
  connectMs: 5000,
  /** From the first byte of a message to its last: one byte a second is an attack. */
  messageMs: 10_000,
  /** After the last answer a broken connection may stay for so long to take it. */
  lingerMs: 2000,
  /** TCP keepalive: finds peers that vanished without a FIN. */
  keepaliveMs: 60_000,
  /** TLS handshakes of strangers going on at once, per listener. */
  handshakes: 1024,
  /** Messages that strangers have begun and not ended, over all connections; 64 KiB each would be gigabytes. */
  unfinishedBytes: 64 * 1024 * 1024,
  /** Share of the connections kept for trusted peers. */
  trustedShare: 0.1,
  /** Stateless answers per second, over all peers. */
  statelessAnswers: 200,
  /** A forged source must not receive much more than was sent in its name. */
  amplification: 2,
} as const;
