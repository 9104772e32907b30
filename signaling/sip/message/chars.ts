// The character classes and small scanners of RFC 3261 section 25.1 that the parsers of this folder share. They work on
// latin1 strings by index, never go back, and so are linear in what they read.

const tokenTable = new Uint8Array(256);
for (const char of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~") tokenTable[char.charCodeAt(0)] = 1;

export function isTokenCode(code: number): boolean {
  return tokenTable[code] === 1;
}

export function isToken(text: string): boolean {
  return text !== '' && tokenEnd(text, 0) === text.length;
}

/** The index after the token that starts at `start`; `start` itself when there is none. */
export function tokenEnd(text: string, start: number): number {
  let i = start;
  while (i < text.length && tokenTable[text.charCodeAt(i)] === 1) i++;
  return i;
}

export function isDigitCode(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

export function digitsEnd(text: string, start: number): number {
  let i = start;
  while (i < text.length && isDigitCode(text.charCodeAt(i))) i++;
  return i;
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

/** A decimal number clamped to `max`, or undefined unless `text` is digits only. Leading zeros are fine. */
export function clampedNumber(text: string, max: number): number | undefined {
  if (text === '' || digitsEnd(text, 0) !== text.length) return undefined;
  // Hundreds of digits give Infinity, which min() clamps as well; NaN cannot come from digits.
  return Math.min(Number(text), max);
}

/** A decimal number, or undefined when `text` is not digits only or exceeds `max`. */
export function boundedNumber(text: string, max: number): number | undefined {
  if (text === '' || digitsEnd(text, 0) !== text.length) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}
