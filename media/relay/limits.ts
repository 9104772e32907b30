// Caps and times of the relay, each with its reason.

/** Packets a second one transport may send: four times the densest audio (5 ms packets) with events and repair. */
export const audioPacketsPerSecond = 1000;
/** The same for a transport that carries video or data: about 60 Mbit/s of full packets. */
export const otherPacketsPerSecond = 6000;
/** Burst allowed above the rate, as time: what a stalled network delivers at once. */
export const burstMs = 500;

/** A peer that is not where it said and not where its SIP comes from is believed after so much silence. */
export const otherSourceAfterMs = 2000;
/** After a move the old address is still heard for so long: packets in flight. */
export const graceMs = 500;
/** A changed source port (NAT rebinding) is followed when the old one was silent for so long: ten packets of audio. */
export const rebindSilenceMs = 200;

/** A freed port rests until it was quiet for so long: the peers of the last call have stopped by then. */
export const restMs = 2000;
/** A port on which somebody goes on sending is closed after so long, whoever sends. */
export const restAtMostMs = 600_000;
/** A port another process holds is tried again after so long. */
export const foreignMs = 60_000;
/** Ports tried for one transport before the range counts as exhausted. */
export const openAttempts = 16;
/** Open, quiet ports kept for the next calls, per local address and kind: opening costs more than all else in a call. */
export const warmPorts = 512;
/** Below so many the kept ports are not used while the range has others: a small pool would be predictable. */
export const warmPortsAtLeast = 256;
/** One of so many quiet ports is closed all the same, so that the kept ones change. */
export const warmTurnover = 8;

/** Commands are our own, but a bug of ours must not fill a worker: far more than a call can need. */
export const transportsPerSession = 64;
export const streamsPerSession = 128;
export const codecsPerStream = 64;
export const sessionIdLength = 256;
export const nameLength = 64;
export const addressLength = 64;
export const keyLength = 512;
/** SRTP keys of one direction kept beside those in use: a refused re-offer returns to the ones before, a fork to its own. */
export const formerKeys = 4;
/** SRTP keys that may not come back: our own signaling makes new ones, so that this many can be forgotten one by one. */
export const burnedKeys = 256;
/** Reports of transports that a session closed while it lived, kept for its final report. */
export const closedReports = 32;
/** Longest time anything may wait: setTimeout fires at once above 2^31-1, and a week is longer than any call. */
export const longestMs = 604_800_000;

/** Fewer packets than this are no basis for a score. */
export const scoredPackets = 10;
/** Packet time and playout buffer of a common endpoint, for the delay of the E-model. */
export const endpointDelayMs = 40;
/** Sender reports remembered per transport to time the answers to them. */
export const reportsInFlight = 4;
/** A round trip above this is a broken clock. */
export const maxRoundTripMs = 60_000;
