// The header fields every message must have (RFC 3261 section 8.1.1), parsed once. A cached value is good for as long as
// the text it came from stands in the headers, so changing a header never leaves a stale reading behind.

import { type CSeq, parseCSeq } from './cseq.ts';
import type { Headers } from './headers.ts';
import { firstOfList } from './list-value.ts';
import { type NameAddr, parseNameAddr } from './name-addr.ts';
import { parseVia, type Via } from './via.ts';

export class EssentialFields {
  readonly #from = new Cached(parseNameAddr);
  readonly #to = new Cached(parseNameAddr);
  readonly #cseq = new Cached(parseCSeq);
  readonly #topVia = new Cached(parseTopVia);

  from(headers: Headers): NameAddr | undefined {
    return this.#from.read(headers.get('from'));
  }

  to(headers: Headers): NameAddr | undefined {
    return this.#to.read(headers.get('to'));
  }

  cseq(headers: Headers): CSeq | undefined {
    return this.#cseq.read(headers.get('cseq'));
  }

  topVia(headers: Headers): Via | undefined {
    return this.#topVia.read(headers.get('via'));
  }
}

class Cached<T> {
  readonly #parse: (text: string) => T | undefined;
  #text: string | undefined;
  #value: T | undefined;

  constructor(parse: (text: string) => T | undefined) {
    this.#parse = parse;
  }

  read(text: string | undefined): T | undefined {
    if (text === undefined) return undefined;
    if (text !== this.#text) {
      this.#text = text;
      this.#value = this.#parse(text);
    }
    return this.#value;
  }
}

function parseTopVia(text: string): Via | undefined {
  return parseVia(firstOfList(text));
}
