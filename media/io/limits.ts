// Caps of the packet I/O, each with its reason.

/** Longest wait of a turn: a worker thread that blocks longer delays terminate() and the end of the process. */
export const maxWaitMs = 100;
/** Packets per millisecond from which the blocking backends let packets gather; below, waking for each costs little. */
export const gatherFromPerMs = 10;
/** How long they gather: a four-hundredth of a G.711 packet's 20 ms. */
export const gatherUs = 50;
/** Linux lets a sleeping thread lie this much longer (prctl(2), PR_SET_TIMERSLACK), so asking for less gives the above. */
export const timerSlackUs = 50;
/** So many packets are enough: uring ends the gathering early, epoll does not begin it. */
export const gatherCompletions = 32;
/** dgram: longest time between turns. Short, since nothing wakes the host when its next timer moves closer. */
export const dgramTurnMs = 20;
/** dgram: packets that may wait for an asynchronous send (kernel buffer full) before new ones are dropped; 2 MiB. */
export const dgramSlots = 1024;
/** dgram: peers' addresses kept in parsed form. A flood of forged sources clears the cache, it does not grow it. */
export const sourceCacheEntries = 8192;
/** epoll: datagrams of one socket taken at a time, before the other sockets have their turn. */
export const epollBatch = 64;
/** epoll: copies that may wait for the end of a batch; a packet has at least half of them. */
export const epollClones = 128;
/** uring: how long a socket whose receive request failed waits before the next try; an error that stays must not spin. */
export const retryMs = 20;
/** uring: tries to see a cancelled request end within `close`. Each does some 20 pieces of the kernel's deferred work. */
export const maxCloseRounds = 512;
/** uring: rounds of 10 ms given to requests to end when the ring is freed. */
export const maxDrainRounds = 100;

export interface UringSizes {
  /** Submission queue entries; a full queue is handed over early. */
  readonly submissions: number;
  /** Completion queue entries: one for each slot that may be received and for each send, so that it does not overflow. */
  readonly completions: number;
  /** Receive slots of 2 KiB, a power of two: the bursts of all sockets between two turns. */
  readonly slots: number;
  /** Slots for clones. */
  readonly spareSlots: number;
}

export const uringSizes: UringSizes = { submissions: 4096, completions: 16_384, slots: 2048, spareSlots: 512 };
/** uring: the ring of the self-test at start. */
export const probeSizes: UringSizes = { submissions: 64, completions: 256, slots: 64, spareSlots: 8 };
