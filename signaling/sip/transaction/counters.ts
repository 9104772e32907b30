// What the transaction layer counts: two gauges and the events an operator or a test wants to see. Plain numbers, read by metrics.

export interface TransactionCounters {
  /** Gauges: transactions alive or lingering. */
  serverTransactions: number;
  clientTransactions: number;
  requestRetransmissionsReceived: number;
  requestRetransmissionsSent: number;
  responseRetransmissionsSent: number;
  /** respond() in a state that does not allow it, or with a status RFC 4320 forbids. */
  ignoredResponds: number;
  /** Responses that matched no client transaction and were dropped. */
  unmatchedResponses: number;
  unmatchedCancels: number;
  /** ACKs dropped: to a stateless reply, or before any final response. */
  droppedAcks: number;
  mergedRequests: number;
  /** Requests turned away because maxServerTransactions was reached. */
  overloadedRequests: number;
  clientTimeouts: number;
  /** Final responses to INVITE whose ACK never came (timer H). */
  missingAcks: number;
  /** Sends the transport could not take. */
  transportFailures: number;
  /** Requests over 1300 bytes sent by stream instead of UDP, and those of them that fell back to UDP. */
  streamUpgrades: number;
  datagramFallbacks: number;
}

export function newCounters(): TransactionCounters {
  return {
    serverTransactions: 0,
    clientTransactions: 0,
    requestRetransmissionsReceived: 0,
    requestRetransmissionsSent: 0,
    responseRetransmissionsSent: 0,
    ignoredResponds: 0,
    unmatchedResponses: 0,
    unmatchedCancels: 0,
    droppedAcks: 0,
    mergedRequests: 0,
    overloadedRequests: 0,
    clientTimeouts: 0,
    missingAcks: 0,
    transportFailures: 0,
    streamUpgrades: 0,
    datagramFallbacks: 0,
  };
}
