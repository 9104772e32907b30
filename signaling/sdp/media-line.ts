// The m= line (RFC 8866 section 5.14). Media and protocol may be anything; the port is a port; formats are kept as words.
import { sdpLimits } from './limits.ts';

export interface MediaLine {
  readonly media: string;
  readonly port: number;
  /** From "port/count" (hierarchical encoding); 1 when absent. */
  readonly count: number;
  readonly protocol: string;
  readonly formats: readonly string[];
}

export function parseMediaLine(value: string): MediaLine | undefined {
  const [media, ports, protocol, ...formats] = value.split(' ').filter((word) => word !== '');
  if (media === undefined || ports === undefined || protocol === undefined) return undefined;
  const match = /^(\d{1,5})(?:\/(\d{1,5}))?$/.exec(ports);
  if (match === null || formats.length > sdpLimits.formats) return undefined;
  const port = Number(match[1]);
  const count = match[2] === undefined ? 1 : Number(match[2]);
  if (port > 65_535 || count < 1) return undefined;
  return { media, port, count, protocol, formats };
}

export function formatMediaLine(line: MediaLine): string {
  const ports = line.count === 1 ? `${line.port}` : `${line.port}/${line.count}`;
  return [line.media, ports, line.protocol, ...line.formats].join(' ');
}
