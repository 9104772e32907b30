// What one call may hold in the session engine. Reached only by loops and abuse; a refusal is the answer.

export const sessionLimits = {
  /** Far sides at one time: forks and failover attempts. A registrar allows 10 contacts, pools try 20 nodes at most. */
  branches: 32,
  /** Downstream forks of one branch whose answers are remembered; the oldest is forgotten. */
  answers: 16,
  /** Operations waiting for one call: a dialog has one negotiation at a time, so more is a peer that floods. */
  waiting: 64,
  /** Media sections of one description that get ports: each costs four. Browsers with conferences reach 20 to 30. */
  lines: 32,
} as const;
