// Names of dialogs in header fields: Replaces (RFC 3891 section 6.1), Join (RFC 3911, the same form) and Target-Dialog
// (RFC 4538). All speak from the receiver's view: to-tag or local-tag is its own tag, from-tag or remote-tag the other's.

import { trimSpace } from './chars.ts';
import { formatParams, noParams, type Params, parseParamsAt } from './params.ts';

export interface DialogName {
  readonly callId: string;
  readonly toTag: string;
  readonly fromTag: string;
}

export interface Replaces extends DialogName {
  readonly earlyOnly: boolean;
  /** Parameters besides the tags and early-only. */
  readonly params: Params;
}

export interface TargetDialog extends DialogName {
  readonly params: Params;
}

/** Replaces and Join. */
export function parseReplaces(text: string): Replaces | undefined {
  const parsed = parseDialog(text, 'to-tag', 'from-tag');
  if (parsed === undefined) return undefined;
  const params = new Map(parsed.params);
  return { ...parsed, earlyOnly: params.delete('early-only'), params };
}

export function formatReplaces(value: DialogName & { readonly earlyOnly?: boolean; readonly params?: Params }): string {
  const early = value.earlyOnly === true ? ';early-only' : '';
  return `${value.callId};to-tag=${value.toTag};from-tag=${value.fromTag}${early}${formatParams(value.params ?? noParams)}`;
}

export function parseTargetDialog(text: string): TargetDialog | undefined {
  return parseDialog(text, 'local-tag', 'remote-tag');
}

export function formatTargetDialog(value: DialogName & { readonly params?: Params }): string {
  return `${value.callId};local-tag=${value.toTag};remote-tag=${value.fromTag}${formatParams(value.params ?? noParams)}`;
}

function parseDialog(text: string, toName: string, fromName: string): TargetDialog | undefined {
  const semicolon = text.indexOf(';');
  if (semicolon < 0) return undefined;
  const callId = trimSpace(text.slice(0, semicolon));
  const params = new Map(parseParamsAt(text, semicolon));
  const toTag = params.get(toName);
  const fromTag = params.get(fromName);
  if (callId === '' || /[ \t]/.test(callId) || !toTag || !fromTag) return undefined;
  params.delete(toName);
  params.delete(fromName);
  return { callId, toTag, fromTag, params };
}
