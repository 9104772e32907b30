// The value of From, To, Contact, Route, Refer-To and their kin (RFC 3261 section 20.10): an optional display name, a URI
// and header parameters. The URI is only checked for its outer form; `parseUri` reads it.

import { isToken, lowerCase, quote, quotedEnd, skipSpace, trimSpace } from './chars.ts';
import { formatParams, noParams, type Params, parseParamsAt, withParam } from './params.ts';
import { isUriShaped } from './uri.ts';

export interface NameAddr {
  /** As written, with its quotes; empty when there is none. */
  readonly display: string;
  readonly uri: string;
  readonly params: Params;
}

/** One value, not a list: split lists first. "*" (Contact of REGISTER) is none. */
export function parseNameAddr(text: string): NameAddr | undefined {
  const start = skipSpace(text, 0);
  if (text.charCodeAt(start) === 0x22) {
    const end = quotedEnd(text, start);
    if (end < 0) return undefined;
    const open = skipSpace(text, end);
    return text.charCodeAt(open) === 0x3c ? bracketed(text, text.slice(start, end), open) : undefined;
  }
  const open = text.indexOf('<', start);
  if (open < 0 || isUriShaped(firstWord(text, start, open))) return bare(text, start);
  return displayed(text, start, open);
}

export function formatNameAddr(value: NameAddr): string {
  const display = value.display === '' ? '' : `${safeDisplay(value.display)} `;
  return `${display}<${value.uri}>${value.params.size === 0 ? '' : formatParams(value.params)}`;
}

export function tagOf(value: NameAddr): string | undefined {
  return value.params.get('tag') || undefined;
}

/** A display name has no colon in its first word, an address without angle brackets has. */
function firstWord(text: string, start: number, end: number): string {
  const word = text.slice(start, end);
  const stop = word.search(/[ \t;]/);
  return stop < 0 ? word : word.slice(0, stop);
}

/** The same value with another tag, or with none. */
export function withTag(value: NameAddr, tag: string | undefined): NameAddr {
  return { display: value.display, uri: value.uri, params: withParam(value.params, 'tag', tag ?? null) };
}

/** An unquoted display name. RFC 3261 allows tokens only; the commas, dots and accents of real phones are taken too. */
function displayed(text: string, start: number, open: number): NameAddr | undefined {
  const display = trimSpace(text.slice(start, open));
  return /["\\;:]/.test(display) ? undefined : bracketed(text, display, open);
}

function bracketed(text: string, display: string, open: number): NameAddr | undefined {
  const close = text.indexOf('>', open);
  if (close < 0) return undefined;
  const uri = text.slice(open + 1, close);
  const rest = skipSpace(text, close + 1);
  if (!isUriShaped(uri)) return undefined;
  if (rest === text.length) return { display, uri, params: noParams };
  const params = text.charCodeAt(rest) === 0x3b ? parseParamsAt(text, rest) : undefined;
  return params === undefined ? undefined : { display, uri, params };
}

/** RFC 3261 20.10: without angle brackets, what follows a semicolon belongs to the header, and "?" and "," must not occur. */
function bare(text: string, start: number): NameAddr | undefined {
  const semicolon = text.indexOf(';', start);
  const uri = trimSpace(text.slice(start, semicolon < 0 ? text.length : semicolon));
  if (!isUriShaped(uri) || /[?,]/.test(uri)) return undefined;
  const params = semicolon < 0 ? noParams : parseParamsAt(text, semicolon);
  return params === undefined ? undefined : { display: '', uri, params };
}

/** Quotes what is neither a quoted-string nor a row of tokens, so that what we write is always well formed. */
function safeDisplay(display: string): string {
  if (display.charCodeAt(0) === 0x22 && quotedEnd(display, 0) === display.length) return display;
  return display.split(' ').every((word) => word === '' || isToken(word)) ? display : quote(display);
}

/** A header parameter's value compared as RFC 3261 7.3.1 says: case-insensitive unless it is a tag or a quoted string. */
export function hasParam(value: NameAddr, name: string, expected: string): boolean {
  return lowerCase(value.params.get(name) ?? '') === lowerCase(expected);
}
