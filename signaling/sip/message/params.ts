// Parameters behind a semicolon, of header values and of URIs (RFC 3261 sections 7.3.1 and 19.1.1). Names are lower-case,
// values stay as written (with their quotes: see `unquote` in chars.ts), and of a repeated name the first counts.

import { charClass, classEnd, lowerCase, quotedEnd, skipSpace, trimSpace } from './chars.ts';
import { WordTable } from './word-table.ts';

export type Params = ReadonlyMap<string, string | undefined>;

export const noParams: Params = new Map();

const commonNames = new WordTable(
  [
    'branch',
    'rport',
    'received',
    'tag',
    'transport',
    'user',
    'lr',
    'ob',
    'alias',
    'maddr',
    'ttl',
    'method',
    'expires',
    'q',
    'refresher',
  ].map((name) => [name, name]),
);

/** Parses `;a=b;c` (the leading semicolon may lack); undefined when it is not a parameter list. */
export function parseParams(text: string): Params | undefined {
  return parseParamsAt(text, 0);
}

/** As parseParams, from index `start` to the end of `text`. */
export function parseParamsAt(text: string, start: number): Params | undefined {
  let i = skipSpace(text, start);
  if (i === text.length) return noParams;
  const params = new Map<string, string | undefined>();
  if (text.charCodeAt(i) === 0x3b) i++;
  for (;;) {
    i = skipSpace(text, i);
    // Empty parameters (";;" or a trailing ";") are no legal syntax but common and harmless.
    if (i < text.length && text.charCodeAt(i) !== 0x3b) {
      const end = readParam(text, i, params);
      if (end < 0) return undefined;
      i = skipSpace(text, end);
    }
    if (i === text.length) return params;
    if (text.charCodeAt(i) !== 0x3b) return undefined;
    i++;
  }
}

/** Reads one `name` or `name=value` at `start` into `params`; the index after it, or -1. */
function readParam(text: string, start: number, params: Map<string, string | undefined>): number {
  const nameEnd = classEnd(text, start, charClass.paramName);
  if (nameEnd === start) return -1;
  const name = commonNames.find(text, start, nameEnd) ?? lowerCase(text.slice(start, nameEnd));
  const equals = skipSpace(text, nameEnd);
  if (text.charCodeAt(equals) !== 0x3d) {
    if (!params.has(name)) params.set(name, undefined);
    return nameEnd;
  }
  const valueStart = skipSpace(text, equals + 1);
  const valueEnd = text.charCodeAt(valueStart) === 0x22 ? quotedEnd(text, valueStart) : classEnd(text, valueStart, charClass.paramValue);
  if (valueEnd < 0) return -1;
  if (!params.has(name)) params.set(name, text.slice(valueStart, valueEnd));
  return valueEnd;
}

/** `;a=b;c`, or the empty string. Values are written as they are: quote what needs it first. */
export function formatParams(params: Params): string {
  let text = '';
  for (const [name, value] of params) text += value === undefined ? `;${name}` : `;${name}=${value}`;
  return text;
}

/** A copy with `name` set (or, with `null`, taken away). */
export function withParam(params: Params, name: string, value: string | undefined | null): Params {
  const copy = new Map(params);
  if (value === null) copy.delete(name);
  else copy.set(name, value);
  return copy;
}

/** The value of a parameter without white space around it, or undefined when absent or empty. */
export function paramValue(params: Params, name: string): string | undefined {
  const value = params.get(name);
  return value === undefined ? undefined : trimSpace(value) || undefined;
}
