// Times of the worker pool, each with its reason.

/** A worker answers within microseconds; after this it is stuck and the call is better off without it. */
export const commandMs = 2000;
/** Commands are checked for their deadline so often. */
export const sweepMs = 250;
/** Threads start in about 100 ms; a loaded machine gets its time. */
export const startMs = 10_000;
/** A worker tells its load every second; silent for so long, it hangs and is ended. */
export const silentMs = 8000;
/** First wait before a crashed worker is started again, doubled each time up to the longest. */
export const restartMs = 100;
export const longestRestartMs = 10_000;
/** A worker that lived for so long starts over with the first wait. */
export const stableMs = 60_000;
/** On closing, workers end by themselves within a turn; after this they are ended. */
export const closeMs = 1000;

/** How long a release may wait for company: each wake-up of a sleeping worker costs some 30 us. */
export const releaseLingerMs = 20;
