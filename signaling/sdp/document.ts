// A session description (RFC 8866) as what it is on the wire: a list of lines, split at the m= lines and otherwise not
// understood. Whoever changes one line leaves all others, their order and their bytes alone. Not a model of the session:
// the nouns (o=, c=, m=, a=rtcp, ...) have files of their own that read and write one value.

/** `type` is one letter; `value` is what follows "=", bytes as latin1 characters, without the line end. */
export interface SdpLine {
  readonly type: string;
  readonly value: string;
}

/** Its first line is the m= line. */
export interface MediaSection {
  lines: SdpLine[];
}

export interface SdpDocument {
  /** Everything before the first m= line; the first one is v=. */
  session: SdpLine[];
  media: MediaSection[];
}

/** The value of the first line of that type. */
export function lineValue(lines: readonly SdpLine[], type: string): string | undefined {
  for (const line of lines) if (line.type === type) return line.value;
  return undefined;
}

/** "rtpmap" of "rtpmap:0 PCMU/8000". Attribute names are case-sensitive (RFC 8866 section 9.1). */
export function attributeName(value: string): string {
  const colon = value.indexOf(':');
  return colon === -1 ? value : value.slice(0, colon);
}

/** What stands behind the colon; '' for a flag such as a=sendrecv. */
export function attributeValue(value: string): string {
  const colon = value.indexOf(':');
  return colon === -1 ? '' : value.slice(colon + 1);
}

/** The value of the first attribute of that name; '' for a flag, undefined when there is none. */
export function attribute(lines: readonly SdpLine[], name: string): string | undefined {
  for (const line of lines) {
    if (line.type === 'a' && hasName(line.value, name)) return attributeValue(line.value);
  }
  return undefined;
}

export function hasAttribute(lines: readonly SdpLine[], name: string): boolean {
  return attribute(lines, name) !== undefined;
}

/** The values of all attributes of that name, in order. */
export function attributes(lines: readonly SdpLine[], name: string): string[] {
  const values: string[] = [];
  for (const line of lines) {
    if (line.type === 'a' && hasName(line.value, name)) values.push(attributeValue(line.value));
  }
  return values;
}

function hasName(value: string, name: string): boolean {
  return value.startsWith(name) && (value.length === name.length || value.charCodeAt(name.length) === 0x3a);
}
