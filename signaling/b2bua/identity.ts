// From, To and Request-URI of a request that Weir makes out of another: users stay, hosts follow the zone it goes to.
import { formatNameAddr, type NameAddr } from '../sip/message/name-addr.ts';
import { formatUri, parseUri, type SipUri } from '../sip/message/uri.ts';
import type { Way } from './header-policy.ts';

/** From towards `way.to`: the outside sees the caller at our host, the inside sees what the caller wrote. */
export function fromFor(from: NameAddr, way: Way, tag: string): string {
  const uri = way.to.outside ? outwardUri(from.uri, way.host) : from.uri;
  return formatNameAddr({ display: from.display, uri, params: new Map([['tag', tag]]) });
}

function outwardUri(text: string, host: string): string {
  const uri = parseUri(text);
  if (uri?.scheme === 'tel') return text;
  return uri === undefined || uri.host === '' ? `sip:anonymous@${host}` : at(uri, host);
}

/** To of a first request: the outside is addressed as its Request-URI says, the inside as the caller wrote. */
export function toFor(to: NameAddr, way: Way, requestUri: string): string {
  const uri = way.to.outside ? bareUri(requestUri) : to.uri;
  return formatNameAddr({ display: way.to.outside ? '' : to.display, uri, params: new Map() });
}

/** `uri` with the host and port of `hostPort` ("host" or "host:port") and no parameters of its own path. */
export function at(uri: SipUri, hostPort: string): string {
  const host = parseUri(`sip:${hostPort}`);
  const params = new Map([...uri.params].filter(([name]) => name === 'user'));
  return formatUri({
    scheme: uri.scheme,
    ...(uri.user === undefined ? {} : { user: uri.user }),
    host: host?.host ?? hostPort,
    ...(host?.port === undefined ? {} : { port: host.port }),
    params,
    headers: '',
  });
}

/** Without URI parameters and headers, as a To should be (RFC 3261 section 8.1.1.2). */
function bareUri(text: string): string {
  const uri = parseUri(text);
  if (uri === undefined || uri.host === '') return text;
  return formatUri({ ...uri, params: new Map(), headers: '' });
}
