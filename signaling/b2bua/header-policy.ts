// Which header fields cross from one dialog of a call to the other, and in what shape (design.md 4): towards the inside
// all but a deny list, towards the outside only an allow list of standard end-to-end headers that carry no address, plus
// what the zone's config names. Pure. Bodies and dialog identifiers are not decided here (body.ts, dialog-names.ts).

import type { Zone } from '../routing/zone.ts';
import type { Headers } from '../sip/message/headers.ts';

/** The way a message takes: from one zone into another, where Weir is seen as `host` (host or host:port). */
export interface Way {
  readonly from: Zone;
  readonly to: Zone;
  readonly host: string;
}

/**
 * Belong to one hop or one dialog (RFC 3261 section 20, 3262, 3327, 3608): each side gets its own, or none. The last five
 * name dialogs or parties of the other side: dialog-names.ts translates them.
 */
const ofOneDialog: ReadonlySet<string> = words(`
  via from to call-id cseq contact max-forwards route record-route content-length rseq rack path service-route
  proxy-require timestamp security-client security-server security-verify max-breadth refer-to replaces target-dialog join
  in-reply-to`);

/** From outside these would be taken by the inside as statements of a trusted network or as FreeSWITCH's own commands. */
const neverInside: ReadonlySet<string> = words(`
  p-asserted-identity p-preferred-identity remote-party-id p-charging-vector p-charging-function-addresses p-served-user
  p-profile-key p-user-database p-private-network-indication x-fs-support x-auth-ip x-auth-port`);

const allowedOutside: ReadonlySet<string> = words(`
  accept accept-contact accept-encoding accept-language accept-resource-priority allow allow-events answer-mode
  authentication-info authorization content-disposition content-encoding content-id content-language content-type date
  event expires info-package mime-version min-expires min-se priority priv-answer-mode privacy proxy-authenticate
  proxy-authorization reason recv-info refer-sub reject-contact request-disposition require resource-priority retry-after
  session-expires sip-etag sip-if-match subject subscription-state supported suppress-if-match unsupported user-to-user
  www-authenticate`);

/** RFC 4028; where Weir keeps the timers itself they do not cross. */
const timerHeaders: ReadonlySet<string> = words('session-expires min-se');

/** Option tags of mechanisms that end at Weir (RFC 3327, 5626, 5627, 3329): neither side may count on the other's. */
const hopOptions: ReadonlySet<string> = words(`
  path outbound gruu sec-agree multiple-refer`);

/** Carry URIs; when the config lets them out, their hosts become ours. */
const identityHeaders: ReadonlySet<string> = words(`
  p-asserted-identity p-preferred-identity remote-party-id diversion history-info referred-by p-called-party-id alert-info
  call-info error-info reply-to`);

/** Appends to `target` every field of `source` that may take this way. Order is kept. */
export function carryHeaders(source: Headers, target: Headers, way: Way): void {
  const keepsTimers = way.from.keepsTimers || way.to.keepsTimers;
  for (const [name, value] of source.entries()) {
    if (ofOneDialog.has(name) || (keepsTimers && timerHeaders.has(name))) continue;
    const carried = way.to.outside ? outward(name, value, way) : inward(name, value, way);
    if (carried !== undefined) target.append(name, carried);
  }
  if (keepsTimers) for (const name of ['supported', 'require'] as const) dropOption(target, name, 'timer');
}

/** Takes an option tag out of a list header, and the header with the last one. */
export function dropOption(headers: Headers, name: 'require' | 'supported', option: string): void {
  const options = headers.list(name);
  if (options.length === 0) return;
  const kept = options.filter((each) => each.toLowerCase() !== option);
  if (kept.length > 0) headers.set(name, kept.join(', '));
  else headers.remove(name);
}

function inward(name: string, value: string, way: Way): string | undefined {
  if (way.from.dropHeaders.has(name)) return undefined;
  if (way.from.outside && neverInside.has(name)) return undefined;
  return isOptionList(name) ? withoutHopOptions(value) : value;
}

function outward(name: string, value: string, way: Way): string | undefined {
  const named = way.to.passHeaders.has(name);
  if (!named && !allowedOutside.has(name)) return undefined;
  if (isOptionList(name)) return withoutHopOptions(value);
  if (name === 'reason') return bareReasons(value);
  if (name === 'event') return withoutDialogName(value);
  if (name === 'content-id') return value.replace(/@[^>]*/, `@${way.host}`);
  if (name === 'retry-after') return bareRetryAfter(value);
  if (name === 'www-authenticate' || name === 'proxy-authenticate') return withoutDomain(value);
  return identityHeaders.has(name) ? hideHosts(value, way.host) : value;
}

function isOptionList(name: string): boolean {
  return name === 'supported' || name === 'require';
}

function withoutHopOptions(value: string): string | undefined {
  const kept = value
    .split(',')
    .map((option) => option.trim())
    .filter((option) => option !== '' && !hopOptions.has(option.toLowerCase()));
  return kept.length > 0 ? kept.join(', ') : undefined;
}

/** Why `headers` say that something ends, in the words that may take this way. */
export function reasonFor(headers: Headers, way: Way): string | undefined {
  const reasons = headers.getAll('reason').map((value) => (way.to.outside ? bareReasons(value) : value));
  return reasons.filter((value) => value !== undefined).join(', ') || undefined;
}

/** RFC 3326: protocol and cause say all; the text is free and names what is inside. */
function bareReasons(value: string): string | undefined {
  const reasons = [...value.matchAll(/(?:^|,)\s*([A-Za-z0-9.-]+)\s*(?:;[^,"]*?)?;\s*cause\s*=\s*(\d{1,6})/g)];
  return reasons.length > 0 ? reasons.map(([, protocol, cause]) => `${protocol};cause=${cause}`).join(', ') : undefined;
}

/** RFC 4235 section 3.1: these parameters name a dialog of the other side. */
function withoutDialogName(value: string): string {
  return value.replace(/;\s*(?:call-id|from-tag|to-tag)\s*=\s*(?:"[^"]*"|[^;\s]*)/gi, '');
}

/** RFC 3261 section 20.33 allows a comment and parameters. */
function bareRetryAfter(value: string): string | undefined {
  return /^\d{1,10}/.exec(value)?.[0];
}

/** RFC 2617's `domain` lists URIs of the protected space: addresses of the inside. The rest must pass for digest to work. */
function withoutDomain(value: string): string {
  return value.replace(/,?\s{0,16}\bdomain\s*=\s*(?:"[^"]*"|[^,\s]+)/gi, '').replace(/^(\s*\w+)\s*,/, '$1');
}

/**
 * Puts `host` in the place of the host and port of every SIP and presence URI in a header value or a text. A user part may
 * hold nearly anything; its length is bounded because a hostile text would be searched again from each "sip:" in it.
 */
export function hideHosts(value: string, host: string): string {
  return value
    .replace(
      /\b(sips?:|pres:|im:)((?:(?!sips?:)[^@<>"\s]){0,256}@)?(\[[^\]\s]{0,64}\]|[^;>?,\s":<'&/]+)(:\d+)?/gi,
      (_all, scheme: string, user: string | undefined) => `${scheme}${user ?? ''}${host}`,
    )
    .replace(/;(?:maddr|received|fs_path)=[^;>?,\s"<']*/gi, '');
}

function words(table: string): ReadonlySet<string> {
  return new Set(table.trim().split(/\s+/));
}
