// Session-Expires and Min-SE (RFC 4028 sections 4 and 5): delta-seconds, clamped, and who refreshes.

import { clampedNumber, trimSpace } from './chars.ts';
import { messageLimits } from './limits.ts';
import { formatParams, noParams, type Params, parseParamsAt } from './params.ts';

export type Refresher = 'uac' | 'uas';

export interface SessionExpires {
  readonly seconds: number;
  readonly refresher?: Refresher;
}

export function parseSessionExpires(text: string): SessionExpires | undefined {
  const parsed = parseSecondsAndParams(text);
  if (parsed === undefined) return undefined;
  const refresher = parsed.params.get('refresher')?.toLowerCase();
  const { seconds } = parsed;
  return refresher === 'uac' || refresher === 'uas' ? { seconds, refresher } : { seconds };
}

export function formatSessionExpires(value: SessionExpires): string {
  return value.refresher === undefined ? `${value.seconds}` : `${value.seconds};refresher=${value.refresher}`;
}

/** Min-SE; its generic parameters mean nothing. */
export function parseMinSe(text: string): number | undefined {
  return parseSecondsAndParams(text)?.seconds;
}

/** `seconds *(;param)`, shared by Session-Expires, Min-SE and Retry-After. */
export function parseSecondsAndParams(text: string): { readonly seconds: number; readonly params: Params } | undefined {
  const semicolon = text.indexOf(';');
  const seconds = clampedNumber(trimSpace(semicolon < 0 ? text : text.slice(0, semicolon)), messageLimits.seconds);
  const params = semicolon < 0 ? noParams : parseParamsAt(text, semicolon);
  return seconds === undefined || params === undefined ? undefined : { seconds, params };
}

export function formatSecondsAndParams(value: { readonly seconds: number; readonly params: Params }): string {
  return `${value.seconds}${formatParams(value.params)}`;
}
