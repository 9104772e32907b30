// Our own o= line towards one party (RFC 3264 sections 5 and 8): one session id for the life of the dialog, and a version
// that grows by one whenever the description differs from the one before, and only then.

import type { SdpDocument } from '../sdp/document.ts';
import { formatSdp } from '../sdp/format-sdp.ts';
import { formatOrigin } from '../sdp/origin.ts';
import type { Side } from './call-state.ts';
import type { Address } from './description-writer.ts';

/** Writes the o= line, notes what was published, returns the text. */
export function publish(side: Side, document: SdpDocument, address: Address): string {
  if (side.lastSdp !== '') {
    if (write(side, document, address) === side.lastSdp) return side.lastSdp;
    side.sessionVersion++;
  }
  side.lastSdp = write(side, document, address);
  return side.lastSdp;
}

function write(side: Side, document: SdpDocument, address: Address): string {
  const value = formatOrigin({
    username: '-',
    sessionId: side.sessionId,
    sessionVersion: `${side.sessionVersion}`,
    family: address.family,
    address: address.address,
  });
  document.session = document.session.map((line) => (line.type === 'o' ? { type: 'o', value } : line));
  return formatSdp(document);
}
