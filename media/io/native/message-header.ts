// struct msghdr of recvmsg(2)/sendmsg(2) on 64-bit Linux, with one iovec and no control data.
//
//   word  0       2        3     4      6            8          10           12      13
//         | name  | length | pad | iov  | iov length | control  | control len | flags | pad |     56 bytes
export const messageWords = 14;
export const messageFlagsWord = 12;

export interface MessageParts {
  readonly nameLow: number;
  readonly nameHigh: number;
  readonly nameBytes: number;
  readonly vectorLow: number;
  readonly vectorHigh: number;
}

/** At control rate: hot senders rewrite only the words that change. */
export function writeMessage(words: Uint32Array, at: number, parts: MessageParts): void {
  words.fill(0, at, at + messageWords);
  words[at] = parts.nameLow;
  words[at + 1] = parts.nameHigh;
  words[at + 2] = parts.nameBytes;
  words[at + 4] = parts.vectorLow;
  words[at + 5] = parts.vectorHigh;
  // Without a vector there is no count either: a receive into provided buffers.
  words[at + 6] = parts.vectorLow === 0 && parts.vectorHigh === 0 ? 0 : 1;
}
