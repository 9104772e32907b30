// A DNS server of a few records on loopback UDP (RFC 1035): enough to prove that node's resolver path works end to end.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface ServedRecord {
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'SRV' | 'NAPTR';
  readonly ttl: number;
  readonly data: Buffer;
}

const typeNumbers = { A: 1, CNAME: 5, AAAA: 28, SRV: 33, NAPTR: 35 } as const;

export function domainName(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.');
  return Buffer.concat([...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])), Buffer.from([0])]);
}

export function srvData(priority: number, weight: number, port: number, target: string): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16BE(priority, 0);
  head.writeUInt16BE(weight, 2);
  head.writeUInt16BE(port, 4);
  return Buffer.concat([head, domainName(target)]);
}

export function naptrData(order: number, preference: number, flags: string, service: string, replacement: string): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(order, 0);
  head.writeUInt16BE(preference, 2);
  const text = (value: string) => Buffer.from([value.length, ...Buffer.from(value)]);
  return Buffer.concat([head, text(flags), text(service), text(''), domainName(replacement)]);
}

/** Names ending in ".servfail" fail, names that no record has do not exist. */
export async function startDnsServer(
  records: readonly ServedRecord[],
): Promise<{ server: string; questions: string[]; close(): Promise<void> }> {
  const socket = createSocket('udp4');
  const questions: string[] = [];
  socket.on('message', (query, from) => {
    const { name, type, end } = readQuestion(query);
    questions.push(`${type} ${name}`);
    const named = records.filter((record) => record.name === name);
    const answers = named.filter((record) => typeNumbers[record.type] === type || record.type === 'CNAME');
    const code = name.endsWith('.servfail') ? 2 : named.length === 0 ? 3 : 0;
    const header = Buffer.alloc(12);
    header.writeUInt16BE(query.readUInt16BE(0), 0);
    header.writeUInt16BE(0x8580 | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(answers.length, 6);
    socket.send(Buffer.concat([header, query.subarray(12, end), ...answers.map(encodeRecord)]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const close = async () => {
    socket.close();
    await once(socket, 'close');
  };
  return { server: `127.0.0.1:${socket.address().port}`, questions, close };
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 };
}

function encodeRecord(record: ServedRecord): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(typeNumbers[record.type], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(record.ttl, 4);
  fixed.writeUInt16BE(record.data.length, 8);
  return Buffer.concat([domainName(record.name), fixed, record.data]);
}
