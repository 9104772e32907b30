// The reference relay, for the raw figures of a packet I/O backend: forwards between the two sockets of a call by a static
// table after checking the source, and does nothing else. Usage: echo-relay.ts BACKEND CALLS GENERATOR-PORTS-JSON
// Prints the calls' ports as one JSON line, then relays until it is killed.
import { chooseIo, type IoName } from '../../../media/io/choose-io.ts';
import type { Destination, Packet } from '../../../media/io/packet-io.ts';

const force = (process.argv[2] ?? 'uring') as IoName;
const count = Number(process.argv[3] ?? 200);
const ports: { a: number[]; b: number[] } = JSON.parse(process.argv[4] ?? '{"a":[],"b":[]}');
const address = '127.0.0.1';
const parent = process.ppid;
const { io } = chooseIo({ force });
const options = { address, port: 0, receiveBufferBytes: 1 << 20, dscp: 0 };

interface End {
  readonly socket: number;
  readonly peer: Destination;
  readonly peerA: number;
  readonly peerPort: number;
  other: End | undefined;
  packets: number;
  strangers: number;
}
const ends: (End | undefined)[] = [];

function open(peerPort: number): End {
  let socket = -1;
  io.open(options, (number) => {
    socket = number;
  });
  if (socket < 0) throw new Error(`Cannot open a relay socket: errno ${-socket}`);
  const peer = io.destination(address, peerPort);
  const end: End = { socket, peer, peerA: peer.a, peerPort, other: undefined, packets: 0, strangers: 0 };
  ends[socket] = end;
  return end;
}

const calls = Array.from({ length: count }, (_, index) => {
  const a = open(ports.a[index % ports.a.length] ?? 0);
  const b = open(ports.b[index % ports.b.length] ?? 0);
  a.other = b;
  b.other = a;
  return { a: io.localPort(a.socket), b: io.localPort(b.socket) };
});
process.stdout.write(`${JSON.stringify({ calls })}\n`);

io.run({
  packet(packet: Packet) {
    const end = ends[packet.socket];
    if (end === undefined || packet.family !== 4 || packet.a !== end.peerA || packet.port !== end.peerPort) {
      if (end !== undefined) end.strangers++;
      return;
    }
    end.packets++;
    const { other } = end;
    if (other !== undefined) io.send(other.socket, packet, other.peer);
  },
  turn: () => {
    // A bench that was killed must leave nothing behind.
    if (process.ppid !== parent) process.exit();
    return 100;
  },
});
