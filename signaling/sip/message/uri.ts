// SIP and SIPS URIs (RFC 3261 section 19.1), tel URIs (RFC 3966) and, opaquely, any other. Parts stay as written, escapes
// included; comparison resolves them. Whether a scheme or host can be reached is not decided here.

import { charClass, classEnd, digitsEnd, lowerCase, numberAt } from './chars.ts';
import { formatParams, noParams, type Params, parseParams } from './params.ts';

export interface SipUri {
  /** Lower case. */
  readonly scheme: string;
  /** As written, escapes included. For tel the number, for other schemes all behind the colon. */
  readonly user?: string;
  readonly password?: string;
  /** As written, IPv6 in brackets; empty for schemes other than sip and sips. */
  readonly host: string;
  readonly port?: number;
  readonly params: Params;
  /** What stands behind '?', raw; empty when nothing does. */
  readonly headers: string;
}

export function parseUri(text: string): SipUri | undefined {
  const colon = schemeEnd(text);
  if (colon < 0 || !hasUriCharacters(text, colon + 1)) return undefined;
  const scheme = colon === 3 && text.startsWith('sip') ? 'sip' : lowerCase(text.slice(0, colon));
  if (scheme === 'sip' || scheme === 'sips') return parseSipUri(scheme, text, colon + 1);
  return scheme === 'tel'
    ? parseTelUri(text.slice(colon + 1))
    : { scheme, user: text.slice(colon + 1), host: '', params: noParams, headers: '' };
}

/** Whether `text` has the outer form of a URI: a scheme, then characters that cannot end it early. Cheap. */
export function isUriShaped(text: string): boolean {
  const colon = schemeEnd(text);
  return colon > 0 && colon + 1 < text.length && hasUriCharacters(text, colon + 1);
}

export function formatUri(uri: SipUri): string {
  let text = `${uri.scheme}:`;
  if (uri.user !== undefined) text += uri.user;
  if (uri.password !== undefined) text += `:${uri.password}`;
  if (uri.user !== undefined && isSip(uri)) text += '@';
  text += uri.host;
  if (uri.port !== undefined) text += `:${uri.port}`;
  if (uri.params.size > 0) text += formatParams(uri.params);
  return uri.headers === '' ? text : `${text}?${uri.headers}`;
}

/** The host without the brackets of an IPv6 reference, and with two colons for the three of RFC 5118 4.10. */
export function hostAddress(uri: { readonly host: string }): string {
  return uri.host.startsWith('[') ? uri.host.slice(1, -1).replace(':::', '::') : uri.host;
}

export function isSip(uri: SipUri): boolean {
  return uri.scheme === 'sip' || uri.scheme === 'sips';
}

function parseSipUri(scheme: string, text: string, start: number): SipUri | undefined {
  // The first '@': the user part must escape its own, while careless peers leave one in the headers part of Refer-To.
  const at = text.indexOf('@', start);
  const hostStart = at < 0 ? start : at + 1;
  const hostLimit = hostEnd(text, hostStart);
  if (hostLimit === hostStart || at === start) return undefined;
  const portEnd = text.charCodeAt(hostLimit) === 0x3a ? digitsEnd(text, hostLimit + 1) : hostLimit;
  const question = text.indexOf('?', portEnd);
  const end = question < 0 ? text.length : question;
  const params = portEnd === end ? noParams : paramsBetween(text, portEnd, end);
  if (params === undefined) return undefined;
  const host = text.slice(hostStart, hostLimit);
  const uri: Draft = { scheme, host, params, headers: question < 0 ? '' : text.slice(question + 1) };
  if (portEnd > hostLimit) {
    const port = numberAt(text, hostLimit + 1, portEnd, 65_535);
    if (port === undefined || port === 0) return undefined;
    uri.port = port;
  }
  return at < 0 || setUserInfo(uri, text.slice(start, at)) ? uri : undefined;
}

type Draft = { -readonly [Part in keyof SipUri]: SipUri[Part] };

function setUserInfo(uri: Draft, text: string): boolean {
  const colon = text.indexOf(':');
  if (colon === 0) return false;
  uri.user = colon < 0 ? text : text.slice(0, colon);
  if (colon > 0) uri.password = text.slice(colon + 1);
  return true;
}

function paramsBetween(text: string, start: number, end: number): Params | undefined {
  return text.charCodeAt(start) === 0x3b ? parseParams(text.slice(start, end)) : undefined;
}

function parseTelUri(rest: string): SipUri | undefined {
  const semicolon = rest.indexOf(';');
  const number = semicolon < 0 ? rest : rest.slice(0, semicolon);
  const params = semicolon < 0 ? noParams : parseParams(rest.slice(semicolon));
  return number === '' || params === undefined ? undefined : { scheme: 'tel', user: number, host: '', params, headers: '' };
}

/** The index of the colon after the scheme, or -1. RFC 3261 25.1: ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ). */
function schemeEnd(text: string): number {
  if (text.startsWith('sip:')) return 3;
  const colon = text.indexOf(':');
  return colon > 0 && /^[A-Za-z][A-Za-z0-9+.-]*$/.test(text.slice(0, colon)) ? colon : -1;
}

function hasUriCharacters(text: string, start: number): boolean {
  return classEnd(text, start, charClass.uri) === text.length;
}

/** The index after a host name, IPv4 address or bracketed IPv6 address; `start` when there is none. */
export function hostEnd(text: string, start: number): number {
  if (text.charCodeAt(start) !== 0x5b) return classEnd(text, start, charClass.host);
  const close = text.indexOf(']', start);
  return close > start && isIpv6Text(text.slice(start + 1, close)) ? close + 1 : start;
}

/** Characters only: RFC 5118 4.10 wants "[2001:db8:::192.0.2.1]" taken, which RFC 3261's grammar once produced. */
function isIpv6Text(text: string): boolean {
  return text.length <= 45 && /^[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f.:]*$/.test(text);
}

/** RFC 3261 19.1.4. URIs of other schemes are equal when their text is. */
export function sameUri(a: SipUri, b: SipUri): boolean {
  if (a.scheme !== b.scheme) return false;
  if (!isSip(a)) return formatUri(a) === formatUri(b);
  return (
    canonicalEscapes(a.user ?? '') === canonicalEscapes(b.user ?? '') &&
    canonicalEscapes(a.password ?? '') === canonicalEscapes(b.password ?? '') &&
    lowerCase(a.host) === lowerCase(b.host) &&
    a.port === b.port &&
    sameParams(a.params, b.params) &&
    sameHeaders(a.headers, b.headers)
  );
}

const decisiveParams = ['user', 'ttl', 'method', 'maddr', 'transport'];

function sameParams(a: Params, b: Params): boolean {
  for (const name of decisiveParams) if (a.has(name) !== b.has(name)) return false;
  for (const [name, value] of a) {
    if (b.has(name) && canonicalParam(value) !== canonicalParam(b.get(name))) return false;
  }
  return true;
}

function canonicalParam(value: string | undefined): string {
  return lowerCase(canonicalEscapes(value ?? ''));
}

/** Header components must all be there in both, in any order. */
function sameHeaders(a: string, b: string): boolean {
  return a === b || canonicalHeaders(a) === canonicalHeaders(b);
}

function canonicalHeaders(headers: string): string {
  return headers
    .split('&')
    .map((component) => {
      const equals = component.indexOf('=');
      const name = equals < 0 ? component : component.slice(0, equals);
      return `${lowerCase(name)}=${canonicalEscapes(equals < 0 ? '' : component.slice(equals + 1))}`;
    })
    .sort()
    .join('&');
}

/** Escapes of unreserved characters resolved, all others in upper-case hex: "%61" is "a", "%3a" stays apart from ":". */
function canonicalEscapes(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%[0-9a-f]{2}/gi, (escaped) => {
    const char = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return /[A-Za-z0-9\-_.!~*'()]/.test(char) ? char : escaped.toUpperCase();
  });
}
