// What a finished transaction costs while it lingers (timers D, H, J, L, M), in bytes of heap and buffers. The bound for a
// server transaction is 2 KB: at 2000 REGISTER/s some 64,000 of them wait for timer J.
//   node --expose-gc --disable-warning=ExperimentalWarning test/bench/transaction-linger.ts [count]
import assert from 'node:assert/strict';
import { seededRng } from '../../shared/rng.ts';
import { TimerQueue } from '../../shared/timer-queue.ts';
import { Headers } from '../../signaling/sip/message/headers.ts';
import { parseMessage } from '../../signaling/sip/message/parse-message.ts';
import { replyTo } from '../../signaling/sip/message/reply.ts';
import { SipRequest } from '../../signaling/sip/message/request.ts';
import { TransactionLayer } from '../../signaling/sip/transaction/layer.ts';
import type { ServerTransaction } from '../../signaling/sip/transaction/transaction.ts';
import type { Flow } from '../../signaling/sip/transport/flow.ts';

const count = Number(process.argv[2] ?? 20_000);
const boundBytes = 2048;
const rng = seededRng(7);

interface World {
  readonly layer: TransactionLayer;
}

type Case = { readonly name: string; readonly bound?: number; run(world: World, n: number): void };

function udpFlow(n: number): Flow {
  const address = `203.0.${n >> 8 === 113 ? 1 : 113}.${n & 255}`;
  return {
    zone: 'outside',
    listener: 'outside-udp',
    protocol: 'udp',
    address,
    port: 1024 + n,
    connection: 0,
    localHost: '198.51.100.1',
    localPort: 5060,
  };
}

/** As a phone sends them: some 700 bytes, an INVITE with 800 of SDP. */
function datagram(method: string, n: number, body: string): Buffer {
  const user = `user${100_000 + n}`;
  const text = [
    `${method} sip:pbx.example.com SIP/2.0`,
    `Via: SIP/2.0/UDP 192.168.1.${n & 255}:5060;branch=z9hG4bK-${rng.token(24)};rport=${1024 + (n % 60_000)};received=203.0.113.${n & 255}`,
    `Max-Forwards: 70`,
    `From: "Extension ${n}" <sip:${user}@pbx.example.com>;tag=${rng.token(12)}`,
    `To: <sip:${user}@pbx.example.com>`,
    `Call-ID: ${rng.token(32)}@192.168.1.${n & 255}`,
    `CSeq: ${1 + (n % 1000)} ${method}`,
    `Contact: <sip:${user}@192.168.1.${n & 255}:5060;ob>;reg-id=1;+sip.instance="<urn:uuid:${rng.token(36)}>"`,
    'Expires: 300',
    'Allow: PRACK, INVITE, ACK, BYE, CANCEL, UPDATE, INFO, SUBSCRIBE, NOTIFY, REFER, MESSAGE, OPTIONS',
    'User-Agent: Some Desk Phone 2.1.4 (build 20)',
    'Supported: replaces, 100rel, timer, norefersub, outbound, path',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
  return Buffer.from(text, 'latin1');
}

const sdp = `v=0\r\n${'a=rtpmap:96 opus/48000/2\r\n'.repeat(30)}`;

function receive(world: World, n: number, method: string): void {
  const result = parseMessage(datagram(method, n, method === 'INVITE' ? sdp : ''), 'datagram');
  assert.ok(result.kind === 'message');
  world.layer.receive(result.message, udpFlow(n), 0);
}

function send(world: World, n: number, status: number): void {
  const result = parseMessage(datagram('INVITE', n, sdp), 'datagram');
  assert.ok(result.kind === 'message' && result.message.kind === 'request');
  const headers = new Headers();
  for (const [name, value] of result.message.headers.entries()) if (name !== 'via') headers.append(name, value);
  const request = new SipRequest({ method: 'INVITE', uri: result.message.uri, headers, body: Buffer.from(sdp) });
  const transaction = world.layer.send(request, udpFlow(n), { response() {}, failed() {} }, 0);
  const response = replyTo(transaction.request, status);
  response.headers.set('to', `${response.headers.get('to')};tag=${rng.token(12)}`);
  world.layer.receive(response, udpFlow(n), 0);
}

const cases: readonly Case[] = [
  { name: 'server REGISTER 200 (timer J)', bound: boundBytes, run: (world, n) => receive(world, n, 'REGISTER') },
  { name: 'server INVITE 486 (timer H)', bound: boundBytes, run: (world, n) => receive(world, n, 'INVITE') },
  { name: 'server INVITE 200 (timer L)', bound: boundBytes, run: (world, n) => receive(world, n, 'INVITE') },
  { name: 'client INVITE 486 (timer D)', bound: boundBytes, run: (world, n) => send(world, n, 486) },
  { name: 'client INVITE 200 (timer M)', run: (world, n) => send(world, n, 200) },
];

function answer(transaction: ServerTransaction, name: string): void {
  const status = name.includes('486') ? 486 : 200;
  const response = replyTo(transaction.request, status);
  response.headers.set('to', `${response.headers.get('to')};tag=${rng.token(12)}`);
  if (name.includes('REGISTER')) {
    response.headers.append('contact', `${transaction.request.headers.get('contact')};expires=300`);
    response.headers.append('date', 'Sat, 01 Jan 2028 00:00:00 GMT');
    response.headers.append('server', 'Weir');
  }
  transaction.respond(response, 0);
}

function used(): number {
  assert.ok(globalThis.gc !== undefined, 'run with --expose-gc');
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

let failed = false;
for (const { name, bound, run } of cases) {
  const timers = new TimerQueue();
  const layer: TransactionLayer = new TransactionLayer({
    timers,
    rng,
    transport: { send: () => 'sent', reply: (_request, flow) => flow, streamSibling: () => undefined },
    user: { request: (transaction) => answer(transaction, name), ack() {}, cancelled() {}, strayResponse() {} },
    limits: { maxServerTransactions: count * 2 },
  });
  const world: World = { layer };
  for (let n = 0; n < 500; n++) run(world, n);
  const before = used();
  for (let n = 500; n < 500 + count; n++) run(world, n);
  const each = Math.round((used() - before) / count);
  const alive = layer.counters.serverTransactions + layer.counters.clientTransactions;
  assert.equal(alive, 500 + count);
  const verdict = bound === undefined ? '' : each <= bound ? `ok, bound ${bound}` : `TOO MUCH, bound ${bound}`;
  failed ||= bound !== undefined && each > bound;
  console.log(`${name.padEnd(34)} ${String(each).padStart(6)} bytes each  ${verdict}`);
}
process.exitCode = failed ? 1 : 0;
