// The header fields of a message, in order (RFC 3261 section 7.3). Lookups take the lower-case long name; other spellings
// and compact forms are folded onto it. Names live in an array, never as keys of an object.

import { invariant } from '../../../shared/assert.ts';
import { isToken } from './chars.ts';
import { type HeaderField, ownField } from './header-field.ts';
import { canonicalName, headerName, longName } from './header-name.ts';
import { splitList } from './list-value.ts';

export class Headers {
  #fields: HeaderField[];

  /** Takes the array over. */
  constructor(fields: HeaderField[] = []) {
    this.#fields = fields;
  }

  get size(): number {
    return this.#fields.length;
  }

  /** The first field's value, unfolded and trimmed. */
  get(name: string): string | undefined {
    const index = this.#indexOf(name);
    return index < 0 ? undefined : this.#fields[index]?.value;
  }

  /** Every field's value, in order, commas not split. */
  getAll(name: string): string[] {
    const long = longName(name);
    const values: string[] = [];
    for (const field of this.#fields) if (field.name === long) values.push(field.value);
    return values;
  }

  /** All comma-separated values of all fields of that name, in order. */
  list(name: string): string[] {
    const values = this.getAll(name);
    const only = values.length === 1 ? values[0] : undefined;
    return only === undefined ? values.flatMap(splitList) : splitList(only);
  }

  has(name: string): boolean {
    return this.#indexOf(name) >= 0;
  }

  count(name: string): number {
    const long = longName(name);
    let count = 0;
    for (const field of this.#fields) if (field.name === long) count++;
    return count;
  }

  *entries(): IterableIterator<readonly [name: string, value: string]> {
    for (const field of this.#fields) yield [field.name, field.value];
  }

  /** The fields themselves, for the encoder and for whoever copies many at once. */
  fields(): readonly HeaderField[] {
    return this.#fields;
  }

  /** Replaces all fields of that name with one at the place of the first, else appends it. */
  set(name: string, value: string): void {
    const field = newField(name, value);
    const index = this.#indexOf(field.name);
    if (index < 0) {
      this.#fields.push(field);
      return;
    }
    this.#fields[index] = field;
    this.#fields = this.#fields.filter((other, at) => at <= index || other.name !== field.name);
  }

  append(name: string, value: string): void {
    this.#fields.push(newField(name, value));
  }

  /** Puts a field before the first of that name, else on top. */
  prepend(name: string, value: string): void {
    const field = newField(name, value);
    this.#fields.splice(Math.max(this.#indexOf(field.name), 0), 0, field);
  }

  /** Takes over a field of another message as it is. */
  appendField(field: HeaderField): void {
    this.#fields.push(field);
  }

  remove(name: string): void {
    const long = longName(name);
    if (this.#indexOf(long) >= 0) this.#fields = this.#fields.filter((field) => field.name !== long);
  }

  /** Replaces the first field of that name; appends when there is none. */
  replaceFirst(name: string, value: string): void {
    const field = newField(name, value);
    const index = this.#indexOf(field.name);
    if (index < 0) this.#fields.push(field);
    else this.#fields[index] = field;
  }

  removeFirst(name: string): void {
    const index = this.#indexOf(name);
    if (index >= 0) this.#fields.splice(index, 1);
  }

  clone(): Headers {
    return new Headers(this.#fields.slice());
  }

  /** Names come in their long form nearly always; another spelling costs a second search. */
  #indexOf(name: string): number {
    const index = this.#indexOfLong(name);
    if (index >= 0) return index;
    const long = longName(name);
    return long === name ? -1 : this.#indexOfLong(long);
  }

  #indexOfLong(long: string): number {
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i++) if (fields[i]?.name === long) return i;
    return -1;
  }
}

function newField(name: string, value: string): HeaderField {
  // Parsed messages hold token names only, so a name that is none comes from our own code.
  invariant(isToken(name), `Cannot set header ${JSON.stringify(name)}: the name must be a token`);
  const spelling = headerName(name);
  return ownField(spelling.name, spelling.wire === spelling.name ? canonicalName(spelling.name) : spelling.wire, value);
}
