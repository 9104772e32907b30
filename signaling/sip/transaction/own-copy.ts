// Strings that outlive the message they came from. V8 cuts substrings as views of the whole text and joins strings as trees
// of their parts, so a tag of ten characters would keep a message of two kilobytes alive.

/** The same characters (each below 256, as everywhere in our SIP messages) in a string of its own. */
export function ownCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
