// Retry-After (RFC 3261 section 20.33): delta-seconds, an optional comment, parameters.

import { parseSecondsAndParams } from './session-expires.ts';

/** The seconds to wait, clamped; undefined when there are none to read. */
export function parseRetryAfter(text: string): number | undefined {
  return parseSecondsAndParams(withoutComment(text))?.seconds;
}

/** Comments nest and may hold anything in parentheses; what is in them is for people. */
function withoutComment(text: string): string {
  const open = text.indexOf('(');
  if (open < 0) return text;
  const close = text.lastIndexOf(')');
  return close < open ? text.slice(0, open) : `${text.slice(0, open)}${text.slice(close + 1)}`;
}
