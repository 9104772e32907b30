// The little bencode the ng protocol needs: dictionaries of strings, lists and dictionaries. For the bench only.

export type Bencoded = string | number | readonly Bencoded[] | { readonly [key: string]: Bencoded };

export function encodeBencode(value: Bencoded): string {
  if (typeof value === 'string') return `${Buffer.byteLength(value, 'latin1')}:${value}`;
  if (typeof value === 'number') return `i${value}e`;
  if (Array.isArray(value)) return `l${value.map(encodeBencode).join('')}e`;
  const pairs = Object.entries(value).map(([key, each]) => encodeBencode(key) + encodeBencode(each));
  return `d${pairs.join('')}e`;
}

/** Trusts its input: the reply of a rtpengine we started. */
export function decodeBencode(text: string): Bencoded {
  return new Reader(text).value();
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): Bencoded {
    const first = this.#text[this.#at];
    if (first === 'i') return Number(this.#until('e').slice(1));
    if (first === 'l' || first === 'd') return this.#list(first);
    const length = Number(this.#until(':'));
    const value = this.#text.slice(this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  #list(kind: 'l' | 'd'): Bencoded {
    this.#at++;
    const items: Bencoded[] = [];
    while (this.#text[this.#at] !== 'e') {
      if (this.#at >= this.#text.length) throw new Error('The bencoded text ends early');
      items.push(this.value());
    }
    this.#at++;
    if (kind === 'l') return items;
    return Object.fromEntries(Array.from({ length: items.length / 2 }, (_, i) => [String(items[2 * i]), items[2 * i + 1] ?? '']));
  }

  #until(end: string): string {
    const stop = this.#text.indexOf(end, this.#at);
    if (stop < 0) throw new Error(`No "${end}" in the bencoded text`);
    const part = this.#text.slice(this.#at, stop);
    this.#at = stop + 1;
    return part;
  }
}
