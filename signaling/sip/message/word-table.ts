// Recognises known words inside a text without cutting them out, and gives the one copy that everybody else has: headers,
// parameter names and transports of nearly all messages come from short lists.

interface Entry<T> {
  readonly word: string;
  readonly value: T;
}

export class WordTable<T> {
  readonly #shapes: (Entry<T>[] | undefined)[] = [];

  constructor(words: Iterable<readonly [word: string, value: T]>) {
    for (const [word, value] of words) {
      const shape = shapeOf(word.length, word.charCodeAt(0));
      const entries = this.#shapes[shape] ?? [];
      entries.push({ word, value });
      this.#shapes[shape] = entries;
    }
    // Without holes the engine looks an index up directly.
    for (let shape = 0; shape < this.#shapes.length; shape++) this.#shapes[shape] ??= undefined;
  }

  /** The value of the word that `text` holds from `start` to `end`, in exactly this spelling. */
  find(text: string, start: number, end: number): T | undefined {
    const entries = this.#shapes[shapeOf(end - start, text.charCodeAt(start))];
    if (entries === undefined) return undefined;
    for (const { word, value } of entries) {
      if (word.length === end - start && text.startsWith(word, start)) return value;
    }
    return undefined;
  }
}

/** Length and first letter: few words share both. */
function shapeOf(length: number, firstCode: number): number {
  return ((length & 63) << 5) | (firstCode & 31);
}
