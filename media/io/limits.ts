// Caps of the packet I/O, each with its reason.

/** Longest wait of a turn: a worker thread that blocks longer delays terminate() and the end of the process. */
export const maxWaitMs = 100;
/** dgram: longest time between turns. Short, since nothing wakes the host when its next timer moves closer. */
export const dgramTurnMs = 20;
/** dgram: packets that may wait for an asynchronous send (kernel buffer full) before new ones are dropped; 2 MiB. */
export const dgramSlots = 1024;
/** dgram: peers' addresses kept in parsed form. A flood of forged sources clears the cache, it does not grow it. */
export const sourceCacheEntries = 8192;
