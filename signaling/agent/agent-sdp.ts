// The SDP of an agent, written plainly and read tolerantly (RFC 8866, RFC 3264): audio is answered, every other line of
// an offer is refused with port 0. Weir's own SDP editing (signaling/sdp) is deliberately not used here, so that a fault
// in it meets an independent reader.

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export interface AudioFormat {
  readonly payloadType: number;
  /** Upper case, as in rtpmap. */
  readonly name: string;
  readonly clockRate: number;
  readonly fmtp?: string;
}

export interface MediaLine {
  readonly kind: string;
  readonly port: number;
  readonly rtcpPort: number;
  /** RFC 5761. */
  readonly rtcpMux: boolean;
  readonly protocol: string;
  readonly address: string;
  readonly direction: Direction;
  readonly formats: readonly AudioFormat[];
}

export type WrittenLine = Omit<MediaLine, 'address' | 'rtcpPort'>;

export interface SdpLook {
  /** The `o=` user and the session name: `FreeSWITCH` as FreeSWITCH does. */
  readonly name: string;
  /** Address in `o=`; FreeSWITCH names its host's, other than `c=`. */
  readonly originAddress: string;
  /** More lines at the end of the session part. */
  readonly extraLines?: readonly string[];
}

const directions: readonly Direction[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];
const staticFormats: ReadonlyMap<number, AudioFormat> = new Map(
  [
    { payloadType: 0, name: 'PCMU', clockRate: 8000 },
    { payloadType: 8, name: 'PCMA', clockRate: 8000 },
    { payloadType: 9, name: 'G722', clockRate: 8000 },
    { payloadType: 18, name: 'G729', clockRate: 8000 },
  ].map((format) => [format.payloadType, format]),
);
const maxLines = 2000;
const maxMediaLines = 32;

export const telephoneEvent: AudioFormat = { payloadType: 101, name: 'TELEPHONE-EVENT', clockRate: 8000, fmtp: '0-15' };

export function audioFormat(name: 'PCMU' | 'PCMA'): AudioFormat {
  return { payloadType: name === 'PCMU' ? 0 : 8, name, clockRate: 8000 };
}

/** undefined when there is no media line at all. */
export function readSdp(bytes: Uint8Array): readonly MediaLine[] | undefined {
  const lines = Buffer.from(bytes).toString('latin1').split(/\r?\n/, maxLines);
  const first = lines.findIndex((line) => line.startsWith('m='));
  if (first === -1) return undefined;
  const session = lines.slice(0, first);
  const media: MediaLine[] = [];
  for (let start = first; start < lines.length && media.length < maxMediaLines; ) {
    let end = start + 1;
    while (end < lines.length && lines[end]?.startsWith('m=') === false) end++;
    media.push(readMediaLine(lines.slice(start, end), session));
    start = end;
  }
  return media;
}

/** `lines` in the order of the offer; a line with port 0 is refused. */
export function writeSdp(options: {
  address: string;
  sessionId: number;
  version: number;
  look: SdpLook;
  lines: readonly WrittenLine[];
}): Buffer {
  const { look, address } = options;
  const text = [
    'v=0',
    `o=${look.name} ${options.sessionId} ${options.version} IN ${family(look.originAddress)} ${look.originAddress}`,
    `s=${look.name}`,
    `c=IN ${family(address)} ${address}`,
    't=0 0',
    ...(look.extraLines ?? []),
    ...options.lines.flatMap(writeMediaLine),
  ];
  return Buffer.from(`${text.join('\r\n')}\r\n`, 'latin1');
}

/** What we may do when the peer's line says `theirs` and we would do `wish` (RFC 3264 section 6.1). */
export function answerDirection(theirs: Direction, wish: Direction): Direction {
  const send = (theirs === 'sendrecv' || theirs === 'recvonly') && (wish === 'sendrecv' || wish === 'sendonly');
  const receive = (theirs === 'sendrecv' || theirs === 'sendonly') && (wish === 'sendrecv' || wish === 'recvonly');
  return send ? (receive ? 'sendrecv' : 'sendonly') : receive ? 'recvonly' : 'inactive';
}

function writeMediaLine(line: WrittenLine): string[] {
  const types = line.formats.map((format) => format.payloadType).join(' ');
  const text = [`m=${line.kind} ${line.port} ${line.protocol} ${types === '' ? '0' : types}`];
  if (line.port === 0) return text;
  for (const { payloadType, name, clockRate, fmtp } of line.formats) {
    text.push(`a=rtpmap:${payloadType} ${name === telephoneEvent.name ? 'telephone-event' : name}/${clockRate}`);
    if (fmtp !== undefined) text.push(`a=fmtp:${payloadType} ${fmtp}`);
  }
  // sendrecv is the default and, as FreeSWITCH does, not written.
  if (line.direction !== 'sendrecv') text.push(`a=${line.direction}`);
  if (line.rtcpMux) text.push('a=rtcp-mux');
  if (line.kind === 'audio') text.push('a=ptime:20');
  return text;
}

function readMediaLine(lines: readonly string[], session: readonly string[]): MediaLine {
  const [kind = '', port = '', protocol = '', ...types] = (lines[0] ?? '').slice(2).split(' ');
  const connection = find(lines, 'c=') ?? find(session, 'c=') ?? '';
  const rtpPort = clampPort(port);
  const rtcp = find(lines, 'a=rtcp:');
  const rtcpMux = lines.includes('a=rtcp-mux');
  return {
    kind,
    port: rtpPort,
    rtcpPort: rtcpMux ? rtpPort : rtcp === undefined ? Math.min(rtpPort + 1, 65_535) : clampPort(rtcp),
    rtcpMux,
    protocol,
    address: connection.split(' ')[2]?.split('/')[0] ?? '',
    direction: directionOf(lines) ?? directionOf(session) ?? 'sendrecv',
    formats: readFormats(types, lines),
  };
}

function readFormats(types: readonly string[], lines: readonly string[]): AudioFormat[] {
  const formats: AudioFormat[] = [];
  for (const type of types.slice(0, 128)) {
    const payloadType = Number.parseInt(type, 10);
    if (!(payloadType >= 0 && payloadType <= 127)) continue;
    const map = find(lines, `a=rtpmap:${payloadType} `)?.split('/');
    const name = map?.[0]?.toUpperCase();
    const fmtp = find(lines, `a=fmtp:${payloadType} `);
    const known = staticFormats.get(payloadType) ?? { payloadType, name: '', clockRate: 0 };
    const format = name === undefined ? known : { payloadType, name, clockRate: Number.parseInt(map?.[1] ?? '', 10) || 0 };
    formats.push(fmtp === undefined ? format : { ...format, fmtp });
  }
  return formats;
}

function directionOf(lines: readonly string[]): Direction | undefined {
  return directions.find((direction) => lines.includes(`a=${direction}`));
}

function find(lines: readonly string[], start: string): string | undefined {
  return lines.find((line) => line.startsWith(start))?.slice(start.length);
}

function clampPort(text: string): number {
  const port = Number.parseInt(text, 10);
  return port >= 0 && port <= 65_535 ? port : 0;
}

function family(address: string): 'IP4' | 'IP6' {
  return address.includes(':') ? 'IP6' : 'IP4';
}
