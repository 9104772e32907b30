// Writes an SdpDocument back: every line as it stands, ended by CRLF (RFC 8866 section 5). Undoes parseSdp byte for byte
// for bodies that used CRLF.
import type { SdpDocument, SdpLine } from './document.ts';

/** Bytes as latin1 characters; encode with 'latin1'. */
export function formatSdp(document: SdpDocument): string {
  let text = formatLines(document.session);
  for (const section of document.media) text += formatLines(section.lines);
  return text;
}

function formatLines(lines: readonly SdpLine[]): string {
  let text = '';
  for (const line of lines) text += `${line.type}=${line.value}\r\n`;
  return text;
}
