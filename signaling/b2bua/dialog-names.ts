// Headers that name dialogs of the other side: Refer-To, Replaces, Target-Dialog, Join, In-Reply-To (RFC 3515, 3891,
// 4538, 3911, 3261). Each name we know is translated through the dialog table; hosts of the inside become ours. Pure.
import type { Headers } from '../sip/message/headers.ts';
import { formatNameAddr, parseNameAddr } from '../sip/message/name-addr.ts';
import { type DialogName, formatReplaces, formatTargetDialog, parseReplaces, parseTargetDialog } from '../sip/message/replaces.ts';
import { formatUri, parseUri, type SipUri } from '../sip/message/uri.ts';
import { type DialogTable, translated } from './dialog-table.ts';
import type { Way } from './header-policy.ts';

const telephony: ReadonlySet<string> = new Set(['sip', 'sips', 'tel']);

export interface NameTranslation {
  readonly way: Way;
  readonly dialogs: DialogTable;
  /** Whether a host in a URI is one of Weir's own, in any zone. */
  readonly isOwnHost: (host: string) => boolean;
}

/** Appends the dialog-naming headers of `source`, translated, to `target`. */
export function carryDialogNames(source: Headers, target: Headers, translation: NameTranslation): void {
  const referTo = source.get('refer-to');
  const translated = referTo === undefined ? undefined : translateReferTo(referTo, translation);
  if (translated !== undefined) target.append('refer-to', translated);
  for (const header of ['replaces', 'join', 'target-dialog']) {
    const value = source.get(header);
    const name = value === undefined ? undefined : translateName(value, header, translation);
    if (name !== undefined) target.append(header, name);
  }
  const inReplyTo = source.list('in-reply-to').filter((callId) => callId !== '');
  // A Call-ID without tags cannot be looked up; towards the outside it would name the inside, so it ends here.
  if (inReplyTo.length > 0 && !translation.way.to.outside) target.append('in-reply-to', inReplyTo.join(', '));
}

/** A name we do not know is left to the inside, which may hold the dialog; the outside must not see it: undefined. */
function translateName(value: string, header: string, { way, dialogs }: NameTranslation): string | undefined {
  const unknown = way.to.outside ? undefined : value;
  if (header === 'target-dialog') {
    const name = parseTargetDialog(value);
    const other = name === undefined ? undefined : otherName(name, dialogs);
    return name === undefined || other === undefined ? unknown : formatTargetDialog({ ...name, ...other });
  }
  const name = parseReplaces(value);
  const other = name === undefined ? undefined : otherName(name, dialogs);
  return name === undefined || other === undefined ? unknown : formatReplaces({ ...name, ...other });
}

function otherName(name: DialogName, dialogs: DialogTable): DialogName | undefined {
  const named = dialogs.named(name);
  return named === undefined ? undefined : translated(named);
}

/** The Replaces inside a Refer-To URI is escaped (RFC 3891 section 2): `?Replaces=id%3Bto-tag%3Dx%3Bfrom-tag%3Dy`. */
function translateReferTo(value: string, translation: NameTranslation): string | undefined {
  const outward = translation.way.to.outside;
  const target = parseNameAddr(value);
  const uri = target === undefined ? undefined : parseUri(target.uri);
  // Where else a URI of the inside may lead is nothing for the outside.
  if (target === undefined || uri === undefined || (outward && !telephony.has(uri.scheme))) return outward ? undefined : value;
  const headers = uri.headers
    .split('&')
    // From outside only these may ride on a Refer-To: FreeSWITCH takes others as channel variables.
    .filter((header) => (translation.way.from.outside ? /^(replaces|join)=/i.test(header) : header !== ''))
    .map((header) => translateUriHeader(header, translation))
    .filter((header) => header !== '')
    .join('&');
  const shown = { ...translateHost(uri, translation), headers };
  if (!outward) return formatNameAddr({ ...target, uri: formatUri(shown) });
  const params = new Map([...uri.params].filter(([name]) => uri.scheme === 'tel' || name === 'user' || name === 'method'));
  return formatNameAddr({ display: target.display, uri: formatUri({ ...shown, params }), params: new Map() });
}

function translateUriHeader(header: string, translation: NameTranslation): string {
  const [, name, value] = /^(replaces|join)=(.*)$/i.exec(header) ?? [];
  if (name === undefined || value === undefined) return translation.way.to.outside ? '' : header;
  const other = translateName(unescaped(value), 'replaces', translation);
  return other === undefined ? '' : `${name}=${encodeURIComponent(other)}`;
}

function unescaped(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/**
 * Towards the outside every host is hidden behind ours: the transferee calls back through Weir. Towards the inside only
 * our own outside name is replaced, by the one the inside knows.
 */
function translateHost(uri: SipUri, translation: NameTranslation): SipUri {
  if (uri.host === '' || !(translation.way.to.outside || translation.isOwnHost(uri.host))) return uri;
  const host = parseUri(`sip:${translation.way.host}`);
  const { port: _port, ...rest } = uri;
  return { ...rest, host: host?.host ?? uri.host, ...(host?.port === undefined ? {} : { port: host.port }) };
}
