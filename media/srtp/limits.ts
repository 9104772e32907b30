// Caps of SRTP, each with its reason.

/** Packets that may arrive late and still be taken; RFC 3711 section 3.3.2 asks for 64 at least. */
export const replayWindow = 128;
/** SSRCs of one direction with full state: a bundle of audio, video and their repair has 6, a conference some dozen. */
export const liveSources = 64;
/**
 * SSRCs remembered only as used up, so that neither a replay nor a reused keystream can come of forgetting them. Asterisk
 * changes the SSRC with every announcement: this is a day in a queue. Afterwards new ones are refused until keys change.
 */
export const retiredSources = 1024;
/** Bytes of an MKI: RFC 4568 section 9.1. */
export const mkiBytes = 128;
/** Longest packet that is protected or opened, the tag included; also the size of the slots it comes in. */
export const packetBytes = 2048;
/** RFC 3711 section 9.2: packets under one SRTCP key. SRTP's 2^48 cannot be reached. */
export const srtcpPackets = 2 ** 31;
/** The longest tag, MKI and SRTCP index together: what protecting may add to a packet. */
export const overheadBytes = 16 + mkiBytes + 4;
