// One header field: a name and either a slice of the received text, cut out and unfolded when first asked for, or a value
// set by us. Immutable but for that cache, so copies of a message share their fields.

import { skipSpace, trimSpace } from './chars.ts';

export class HeaderField {
  /** Lower-case long form. */
  readonly name: string;
  /** As it goes on the wire. */
  readonly wire: string;
  readonly #text: string;
  readonly #start: number;
  readonly #end: number;
  #value: string | undefined;

  /** The value is `text` from `start` to `end`, which may hold folded lines but no white space at its ends. */
  constructor(name: string, wire: string, text: string, start: number, end: number) {
    this.name = name;
    this.wire = wire;
    this.#text = text;
    this.#start = start;
    this.#end = end;
    this.#value = undefined;
  }

  get value(): string {
    if (this.#value === undefined) this.#value = unfold(this.#text.substring(this.#start, this.#end));
    return this.#value;
  }
}

/** A field of our own making. What would break the line it stands on is taken out of the value. */
export function ownField(name: string, wire: string, value: string): HeaderField {
  const clean = cleanValue(value);
  return new HeaderField(name, wire, clean, 0, clean.length);
}

/** `text` as a single line: CR, LF and NUL become spaces, so that no value can start a header field of its own. */
export function cleanValue(text: string): string {
  return trimSpace(/[\r\n\0]/.test(text) ? text.replace(/[\r\n\0]+/g, ' ') : text);
}

/** RFC 3261 7.3.1: a line break with the white space after it counts as one space. Any other CR, LF or NUL goes too. */
function unfold(text: string): string {
  if (!text.includes('\r\n')) return text;
  let unfolded = '';
  let start = 0;
  for (let at = text.indexOf('\r\n'); at >= 0; at = text.indexOf('\r\n', start)) {
    unfolded += `${text.slice(start, at)} `;
    start = skipSpace(text, at + 2);
  }
  return trimSpace(unfolded + text.slice(start));
}
