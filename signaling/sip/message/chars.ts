// The character classes and small scanners of RFC 3261 section 25.1 that the parsers of this folder share. They work on
// latin1 strings by index, never go back, and so are linear in what they read.

/** Bits of the classes a character belongs to. */
export const charClass = {
  token: 1,
  digit: 2,
  /** Letters, digits, '-', '.'; the underscore is no legal host character but common inside. */
  host: 4,
  /** What a URI may hold without ending early: all but white space, controls, quotes and angle brackets. */
  uri: 8,
  /** Names of URI parameters hold these besides token characters. */
  paramName: 16,
  /** Unquoted parameter values: to a semicolon, white space, comma, quote or angle bracket. */
  paramValue: 32,
} as const;

const classes = classTable();

function classTable(): Uint8Array {
  const alphanumeric = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  const token = `${alphanumeric}-.!%*_+\`'~`;
  const table = new Uint8Array(256);
  const mark = (chars: string, bit: number): void => {
    for (const char of chars) table[char.charCodeAt(0)] = (table[char.charCodeAt(0)] ?? 0) | bit;
  };
  mark(token, charClass.token);
  mark('0123456789', charClass.digit);
  mark(`${alphanumeric}-._`, charClass.host);
  mark(`${token}[]/:&$()`, charClass.paramName);
  for (let code = 0x21; code < 256; code++) {
    const char = String.fromCharCode(code);
    if ('"<>\x7f'.includes(char)) continue;
    mark(char, ';,'.includes(char) ? charClass.uri : charClass.uri | charClass.paramValue);
  }
  return table;
}

/** The index after the run of characters of class `bit` that starts at `start`; `start` itself when there is none. */
export function classEnd(text: string, start: number, bit: number): number {
  let i = start;
  while (i < text.length && ((classes[text.charCodeAt(i)] ?? 0) & bit) !== 0) i++;
  return i;
}

export function isToken(text: string): boolean {
  return text !== '' && classEnd(text, 0, charClass.token) === text.length;
}

export function tokenEnd(text: string, start: number): number {
  return classEnd(text, start, charClass.token);
}

export function digitsEnd(text: string, start: number): number {
  return classEnd(text, start, charClass.digit);
}

/** ASCII letters in lower case. toLowerCase would also fold latin1 letters, which are halves of UTF-8 characters here. */
export function lowerCase(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x41 && code <= 0x5a) return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  }
  return text;
}

/** The index of the first character at or after `start` that is neither space nor tab. */
export function skipSpace(text: string, start: number): number {
  let i = start;
  while (i < text.length && isSpaceCode(text.charCodeAt(i))) i++;
  return i;
}

export function isSpaceCode(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** `text` without the spaces and tabs at its ends. Other white space of Unicode belongs to UTF-8 bytes and stays. */
export function trimSpace(text: string): string {
  const start = skipSpace(text, 0);
  let end = text.length;
  while (end > start && isSpaceCode(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** The index after the closing quote of the quoted-string that opens at `start`, or -1 when it never closes. */
export function quotedEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) return i + 1;
    if (code === 0x5c) i++;
  }
  return -1;
}

/** The content of a quoted-string, escapes resolved; anything else as it is. */
export function unquote(text: string): string {
  if (text.length < 2 || text.charCodeAt(0) !== 0x22 || text.charCodeAt(text.length - 1) !== 0x22) return text;
  const inner = text.slice(1, -1);
  return inner.includes('\\') ? inner.replace(/\\([\s\S])/g, '$1') : inner;
}

export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** The number that the digits from `start` to `end` are, or undefined when there are none or it exceeds `max`. */
export function numberAt(text: string, start: number, end: number, max: number): number | undefined {
  if (end <= start) return undefined;
  let value = 0;
  for (let i = start; i < end && value <= max; i++) value = value * 10 + text.charCodeAt(i) - 0x30;
  return value <= max ? value : undefined;
}

/** A decimal number clamped to `max`, or undefined unless `text` is digits only. Leading zeros are fine. */
export function clampedNumber(text: string, max: number): number | undefined {
  if (text === '' || digitsEnd(text, 0) !== text.length) return undefined;
  // Hundreds of digits give Infinity, which min() clamps as well; NaN cannot come from digits.
  return Math.min(Number(text), max);
}

/** A decimal number, or undefined when `text` is not digits only or exceeds `max`. */
export function boundedNumber(text: string, max: number): number | undefined {
  return digitsEnd(text, 0) === text.length ? numberAt(text, 0, text.length, max) : undefined;
}
