// Names of header fields: one lower-case long form for lookups, one canonical form for the wire, and the compact forms of
// RFC 3261 section 7.3.3 and its successors folded onto the long one. Unknown names pass through.

import { lowerCase } from './chars.ts';
import { WordTable } from './word-table.ts';

/** A name as the parser meets it. `bit` marks the fields that message validation counts, see `nameBits`. */
export interface HeaderName {
  readonly name: string;
  readonly wire: string;
  readonly bit: number;
}

/** The fields that must be there, must be single, or must be looked into while a message is indexed. */
export const nameBits = {
  via: 1,
  from: 2,
  to: 4,
  callId: 8,
  cseq: 16,
  maxForwards: 32,
  contentLength: 64,
  contentType: 128,
  /** Via, From, To, Call-ID: the values that dialogs and transactions keep. */
  kept: 15,
} as const;

const bitOf = new Map<string, number>([
  ['Via', nameBits.via],
  ['From', nameBits.from],
  ['To', nameBits.to],
  ['Call-ID', nameBits.callId],
  ['CSeq', nameBits.cseq],
  ['Max-Forwards', nameBits.maxForwards],
  ['Content-Length', nameBits.contentLength],
  ['Content-Type', nameBits.contentType],
]);

// IANA registry "SIP Parameters", table "Header Fields", as far as SBCs meet them.
const canonicalNames = [
  'Accept Accept-Contact Accept-Encoding Accept-Language Accept-Resource-Priority Alert-Info Allow Allow-Events Answer-Mode',
  'Authentication-Info Authorization Call-ID Call-Info Contact Content-Disposition Content-Encoding Content-ID Content-Language',
  'Content-Length Content-Type CSeq Date Diversion Encryption Error-Info Event Expires Feature-Caps Flow-Timer From Geolocation',
  'Geolocation-Error Geolocation-Routing Hide History-Info Identity Identity-Info In-Reply-To Info-Package Join Max-Breadth',
  'Max-Expires Max-Forwards MIME-Version Min-Expires Min-SE Organization P-Access-Network-Info P-Answer-State P-Asserted-Identity',
  'P-Asserted-Service P-Associated-URI P-Called-Party-ID P-Charging-Function-Addresses P-Charging-Vector P-Early-Media',
  'P-Preferred-Identity P-Preferred-Service P-Profile-Key P-Served-User P-User-Database P-Visited-Network-ID Path Permission-Missing',
  'Policy-Contact Policy-ID Priority Priv-Answer-Mode Privacy Proxy-Authenticate Proxy-Authorization Proxy-Require RAck Reason',
  'Reason-Phrase Recv-Info Refer-Events-At Refer-Sub Refer-To Referred-By Reject-Contact Relayed-Charge Remote-Party-ID Replaces',
  'Reply-To Request-Disposition Require Resource-Priority Response-Key Retry-After Route Record-Route RSeq Security-Client',
  'Security-Server Security-Verify Server Service-Route Session-Expires Session-ID SIP-ETag SIP-If-Match Subject Subscription-State',
  'Supported Suppress-If-Match Target-Dialog Timestamp To Trigger-Consent Unsupported User-Agent User-to-User Via Warning',
  'WWW-Authenticate X-Asterisk-HangupCause',
]
  .join(' ')
  .split(' ');

// RFC 3261 20, RFC 3265/6665 (o, u), RFC 3515 (r), RFC 3841 (a, j, d), RFC 3892 (b), RFC 4028 (x), RFC 4474 (y, n).
const compactForms = new Map<string, string>([
  ['a', 'Accept-Contact'],
  ['b', 'Referred-By'],
  ['c', 'Content-Type'],
  ['d', 'Request-Disposition'],
  ['e', 'Content-Encoding'],
  ['f', 'From'],
  ['i', 'Call-ID'],
  ['j', 'Reject-Contact'],
  ['k', 'Supported'],
  ['l', 'Content-Length'],
  ['m', 'Contact'],
  ['n', 'Identity-Info'],
  ['o', 'Event'],
  ['r', 'Refer-To'],
  ['s', 'Subject'],
  ['t', 'To'],
  ['u', 'Allow-Events'],
  ['v', 'Via'],
  ['x', 'Session-Expires'],
  ['y', 'Identity'],
]);

/** Known spellings only; grown nowhere, so that peers cannot fill it. */
const known = knownNames();
const knownAt = new WordTable(known);

/** The name as looked up and as written. The text before the colon comes in without white space. */
export function headerName(text: string): HeaderName {
  return known.get(text) ?? otherSpelling(text);
}

/** The known name that stands in `text` from `start` to `end`, found without cutting it out; undefined for rare spellings. */
export function headerNameAt(text: string, start: number, end: number): HeaderName | undefined {
  return knownAt.find(text, start, end);
}

/** 'call-id' for 'Call-ID', 'CALL-ID', 'i' and 'I'. */
export function longName(text: string): string {
  return headerName(text).name;
}

/** 'Call-ID' for 'call-id'; unknown names get each word capitalised. */
export function canonicalName(name: string): string {
  const spelling = headerName(name);
  if (spelling.wire !== name || name !== spelling.name) return spelling.wire;
  return name.replace(/(^|-)([a-z])/g, (match) => match.toUpperCase());
}

function otherSpelling(text: string): HeaderName {
  const name = lowerCase(text);
  return known.get(name) ?? { name, wire: text, bit: 0 };
}

function knownNames(): ReadonlyMap<string, HeaderName> {
  const names = new Map<string, HeaderName>();
  for (const wire of canonicalNames) {
    const entry = { name: internalized(wire.toLowerCase()), wire, bit: bitOf.get(wire) ?? 0 };
    for (const spelling of [wire, entry.name, wire.toUpperCase()]) names.set(spelling, entry);
  }
  for (const [compact, wire] of compactForms) {
    const entry = names.get(wire);
    if (entry === undefined) continue;
    names.set(compact, entry);
    names.set(compact.toUpperCase(), entry);
  }
  return names;
}

/** The engine's one copy of a property name: comparing it with a name in the source is comparing two pointers. */
function internalized(text: string): string {
  return Object.keys({ [text]: true })[0] ?? text;
}
