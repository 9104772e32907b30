// One Via value (RFC 3261 section 20.42): protocol, sent-by, parameters. The protocol is written as SIP/2.0; a peer's
// Via of another version is readable so that its request can be answered with 505.

import { digitsEnd, numberAt, skipSpace, tokenEnd } from './chars.ts';
import { formatParams, type Params, parseParamsAt } from './params.ts';
import { hostEnd } from './uri.ts';
import { WordTable } from './word-table.ts';

export interface Via {
  /** Upper case: UDP, TCP, TLS, WS, WSS, or anything a peer may use. */
  readonly transport: string;
  /** As written; IPv6 in brackets. */
  readonly host: string;
  readonly port?: number;
  readonly params: Params;
}

const transports = new WordTable(['UDP', 'TCP', 'TLS', 'WS', 'WSS', 'SCTP'].map((name) => [name, name]));

/** One value, not a list: see `firstOfList`. */
export function parseVia(text: string): Via | undefined {
  const transportStart = protocolEnd(text);
  if (transportStart < 0) return undefined;
  const transportEnd = tokenEnd(text, transportStart);
  const hostStart = skipSpace(text, transportEnd);
  const hostLimit = hostEnd(text, hostStart);
  if (transportEnd === transportStart || hostStart === transportEnd || hostLimit === hostStart) return undefined;
  const transport = transports.find(text, transportStart, transportEnd) ?? text.slice(transportStart, transportEnd).toUpperCase();
  const host = text.slice(hostStart, hostLimit);
  const rest = skipSpace(text, hostLimit);
  if (text.charCodeAt(rest) !== 0x3a) {
    const params = paramsFrom(text, rest);
    return params === undefined ? undefined : { transport, host, params };
  }
  const portStart = skipSpace(text, rest + 1);
  const portEnd = digitsEnd(text, portStart);
  const port = numberAt(text, portStart, portEnd, 65_535);
  const params = paramsFrom(text, skipSpace(text, portEnd));
  return port === undefined || port === 0 || params === undefined ? undefined : { transport, host, port, params };
}

export function formatVia(via: Via): string {
  const port = via.port === undefined ? '' : `:${via.port}`;
  return `SIP/2.0/${via.transport} ${via.host}${port}${formatParams(via.params)}`;
}

function paramsFrom(text: string, start: number): Params | undefined {
  return start < text.length && text.charCodeAt(start) !== 0x3b ? undefined : parseParamsAt(text, start);
}

/** The index behind "SIP / 2.0 /" and its white space, or -1. */
function protocolEnd(text: string): number {
  if (text.startsWith('SIP/2.0/')) return 8;
  const nameStart = skipSpace(text, 0);
  const nameEnd = tokenEnd(text, nameStart);
  const versionStart = afterSlash(text, nameEnd);
  if (versionStart < 0 || text.slice(nameStart, nameEnd).toUpperCase() !== 'SIP') return -1;
  const versionEnd = tokenEnd(text, versionStart);
  return versionEnd === versionStart ? -1 : afterSlash(text, versionEnd);
}

/** The index behind a slash with white space around it, or -1. */
function afterSlash(text: string, start: number): number {
  const slash = skipSpace(text, start);
  return text.charCodeAt(slash) === 0x2f ? skipSpace(text, slash + 1) : -1;
}
