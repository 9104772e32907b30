// Measures one parse, one parse with encode, and one framing of a typical INVITE. A script, not a test:
// node test/bench/sip-message.ts
import { StreamFramer } from '../../signaling/sip/message/frame.ts';
import { encodeMessage, parseMessage } from '../../signaling/sip/message/parse-message.ts';

const sdp = [
  'v=0',
  'o=- 3871243 3871243 IN IP4 192.0.2.17',
  's=call',
  'c=IN IP4 192.0.2.17',
  't=0 0',
  'm=audio 40012 RTP/AVP 8 0 101',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-15',
  'a=ptime:20',
  'a=sendrecv',
  '',
].join('\r\n');

const invite = Buffer.from(
  [
    'INVITE sip:+4930123456@sbc.example.com;user=phone SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.17:5060;branch=z9hG4bK-524287-1---4c1f6c2b8a9e3d71;rport',
    'Max-Forwards: 70',
    'Contact: <sip:alice@192.0.2.17:5060;transport=udp>',
    'To: <sip:+4930123456@sbc.example.com;user=phone>',
    'From: "Alice Example" <sip:alice@sbc.example.com>;tag=7a3f91c2',
    'Call-ID: 97412ZmQ0YTFkNGE3NWQ2ZTYxN2Q5YjQyMmU@192.0.2.17',
    'CSeq: 102 INVITE',
    'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REFER, NOTIFY, MESSAGE, SUBSCRIBE, INFO, UPDATE, PRACK',
    'Content-Type: application/sdp',
    'Supported: replaces, timer, 100rel, norefersub, gruu',
    'User-Agent: Example Phone 7.3.1.2045',
    'Session-Expires: 1800;refresher=uac',
    'Min-SE: 90',
    `Content-Length: ${sdp.length}`,
    '',
    sdp,
  ].join('\r\n'),
);

/** Nanoseconds per call, best of several rounds. */
function measure(name: string, run: () => unknown): void {
  const rounds = 12;
  const calls = 50_000;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) sink = run();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / calls);
  }
  console.log(`${name.padEnd(44)} ${best.toFixed(0).padStart(6)} ns`);
}

let sink: unknown;
const parsed = parseMessage(invite, 'datagram');
if (parsed.kind !== 'message') throw new Error(JSON.stringify(parsed));

console.log(`INVITE of ${invite.length} bytes`);
measure('parse and validate', () => parseMessage(invite, 'datagram'));
measure('parse, read four headers', () => {
  const result = parseMessage(invite, 'datagram');
  if (result.kind !== 'message') return result;
  const { message } = result;
  return message.callId.length + message.cseq.sequence + message.from.uri.length + message.topVia.host.length;
});
measure('encode what was parsed once', () => encodeMessage(parsed.message));
measure('parse and encode', () => {
  const result = parseMessage(invite, 'datagram');
  return result.kind === 'message' ? encodeMessage(result.message) : result;
});
const framer = new StreamFramer();
measure('cut out of a stream', () => framer.feed(invite));
if (sink === undefined) console.log('nothing measured');
