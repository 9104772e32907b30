// a=rtcp (RFC 3605): where RTCP goes when that is not the RTP port plus one.
import { type Connection, formatConnection, parseConnection } from './connection.ts';

export interface RtcpAttribute {
  /** 0 and 9 are seen where there is nothing to send to (yet). */
  readonly port: number;
  readonly connection?: Connection;
}

/** `value` is what stands behind "a=rtcp:". */
export function parseRtcpAttribute(value: string): RtcpAttribute | undefined {
  const match = /^(\d{1,5})(?: (.+))?$/.exec(value);
  if (match === null) return undefined;
  const port = Number(match[1]);
  if (port > 65_535) return undefined;
  if (match[2] === undefined) return { port };
  const connection = parseConnection(match[2]);
  return connection === undefined ? undefined : { port, connection };
}

export function formatRtcpAttribute(rtcp: RtcpAttribute): string {
  return rtcp.connection === undefined ? `${rtcp.port}` : `${rtcp.port} ${formatConnection(rtcp.connection)}`;
}
