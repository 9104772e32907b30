// Caps of the dialog helpers, each with its reason.

/** Reliable provisionals waiting for the PRACK of an earlier one. A ringing call has two or three; a far side that sends more is broken. */
export const maxQueuedProvisionals = 32;
