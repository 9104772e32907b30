// What the transport counts, for metrics and tests. Written by the transport only; the fields never go down, except `connections`.

export interface TransportCounters {
  messagesIn: number;
  messagesOut: number;
  bytesIn: number;
  bytesOut: number;
  keepalives: number;
  /** Not SIP, or too broken to be answered: dropped. */
  malformed: number;
  /** Requests with an error that could be answered. */
  badRequests: number;
  /** Messages above limits.messageBytes. */
  oversize: number;
  statelessAnswers: number;
  /** Answers not sent for fear of amplification. */
  statelessAnswersHeld: number;
  /** Stream connections closed because a message had no clear end. */
  brokenFrames: number;
  sendGone: number;
  sendFull: number;
  /** UDP sends that the kernel refused. */
  sendRefused: number;
  /** Stream connections open now, handshakes included. */
  connections: number;
  accepted: number;
  opened: number;
  refusedTotal: number;
  refusedSource: number;
  refusedHandshakes: number;
  connectFailed: number;
  handshakeFailed: number;
  /** Connections closed by a time limit: no first message, a message that did not end, silence. */
  timeouts: number;
  /** Exceptions of the layers above, caught at the door. */
  upperFaults: number;
}

export function newTransportCounters(): TransportCounters {
  return {
    messagesIn: 0,
    messagesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    keepalives: 0,
    malformed: 0,
    badRequests: 0,
    oversize: 0,
    statelessAnswers: 0,
    statelessAnswersHeld: 0,
    brokenFrames: 0,
    sendGone: 0,
    sendFull: 0,
    sendRefused: 0,
    connections: 0,
    accepted: 0,
    opened: 0,
    refusedTotal: 0,
    refusedSource: 0,
    refusedHandshakes: 0,
    connectFailed: 0,
    handshakeFailed: 0,
    timeouts: 0,
    upperFaults: 0,
  };
}
