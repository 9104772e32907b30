// Caps and constants of reading RTP and RTCP, each with its reason.

/** Fixed RTP header (RFC 3550 section 5.1). */
export const rtpHeaderBytes = 12;
/** RFC 3550 appendix A.1: a jump of more than this is a restart of the sender, not loss. */
export const maxDropout = 3000;
/** RFC 3550 appendix A.1: a packet may come so much too late and still belong to the stream. */
export const maxMisorder = 100;
/** Sources followed at once per transport: audio, video and their repair streams under BUNDLE; the oldest makes room. */
export const maxSources = 4;
/** Payload types counted per transport; re-negotiations can bring new ones, a peer's invention must not add more. */
export const maxPayloadTypes = 64;
/** Silence on the wire that counts as a gap. */
export const gapMs = 1000;
/** A deviation above this is a jump of the sender's clock, not jitter. */
export const maxDeviationMs = 5000;
