// 3xx responses (RFC 3261 section 8.1.3.4): handed to the caller with contacts it may use, or followed by Weir itself.
import type { Route } from '../routing/route.ts';
import { formatNameAddr, parseNameAddr } from '../sip/message/name-addr.ts';
import type { SipResponse } from '../sip/message/response.ts';
import { parseUri } from '../sip/message/uri.ts';
import type { Call } from './call.ts';
import type { Way } from './header-policy.ts';
import { at } from './identity.ts';

/** RFC 3261 asks for a limit of its own against redirect loops. */
const maxRedirects = 5;
const maxContacts = 10;

/** The contacts of a 3xx as they may be shown: towards the outside they lead back through Weir. */
export function carryContacts(response: SipResponse, carried: SipResponse, way: Way): void {
  for (const value of response.headers.list('contact').slice(0, maxContacts)) {
    const contact = parseNameAddr(value);
    const uri = contact === undefined ? undefined : parseUri(contact.uri);
    if (contact === undefined || uri === undefined) continue;
    // Where else it may lead (RFC 3261 section 19.1.5) is nothing for the outside.
    if (way.to.outside && uri.host === '' && uri.scheme !== 'tel') continue;
    const shown = way.to.outside && uri.host !== '' ? at(uri, way.host) : contact.uri;
    // Other parameters (RFC 3840, 5626) are of the node that wrote them.
    const params = new Map([...contact.params].filter(([name]) => !way.to.outside || name === 'q' || name === 'expires'));
    carried.headers.append('contact', formatNameAddr({ display: contact.display, uri: shown, params }));
  }
}

/** Where the best usable contact of a 3xx leads; undefined: the policy passes redirects, or nothing is usable. */
export function redirectRoute(call: Call, response: SipResponse): Route | undefined {
  if (call.zone.config.redirects !== 'follow' || call.redirects >= maxRedirects) return undefined;
  const contacts = response.headers
    .list('contact')
    .slice(0, maxContacts)
    .map((value) => parseNameAddr(value))
    .filter((contact) => contact !== undefined)
    .sort((a, b) => priority(b.params.get('q')) - priority(a.params.get('q')));
  for (const contact of contacts) {
    const routing = call.context.router.route(call.invite, call.zone, contact.uri);
    if (routing.kind === 'route') return routing.route;
  }
  return undefined;
}

function priority(q: string | undefined): number {
  const value = Number(q ?? 1);
  return Number.isFinite(value) ? value : 0;
}
