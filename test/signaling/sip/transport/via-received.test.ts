import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMessage } from '../../../../signaling/sip/message/parse-message.ts';
import type { SipRequest } from '../../../../signaling/sip/message/request.ts';
import type { Flow } from '../../../../signaling/sip/transport/flow.ts';
import { noteSource, replyPort } from '../../../../signaling/sip/transport/via-received.ts';
import { requestText } from './transport-rig.ts';

function flow(address: string, port: number): Flow {
  return { zone: 'z', listener: 'l', protocol: 'udp', address, port, connection: 0, localHost: 'h', localPort: 1 };
}

function requestVia(via: string): SipRequest {
  const result = parseMessage(Buffer.from(requestText({ via })), 'datagram');
  assert.ok(result.kind === 'message' && result.message.kind === 'request', JSON.stringify(result));
  return result.message;
}

const cases: readonly {
  readonly name: string;
  readonly via: string;
  readonly address: string;
  readonly after: string;
  readonly port: number;
}[] = [
  {
    name: 'the same address, no rport: nothing',
    via: 'SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bK1',
    address: '192.0.2.7',
    after: 'SIP/2.0/UDP 192.0.2.7:5070;branch=z9hG4bK1',
    port: 5070,
  },
  {
    name: 'a name: received',
    via: 'SIP/2.0/UDP a.example.com;branch=z9hG4bK1',
    address: '192.0.2.7',
    after: 'SIP/2.0/UDP a.example.com;branch=z9hG4bK1;received=192.0.2.7',
    port: 5060,
  },
  {
    name: 'rport: received even for the same address',
    via: 'SIP/2.0/UDP 192.0.2.7:5070;rport;branch=z9hG4bK1',
    address: '192.0.2.7',
    after: 'SIP/2.0/UDP 192.0.2.7:5070;rport=6666;branch=z9hG4bK1;received=192.0.2.7',
    port: 6666,
  },
  {
    name: 'claims of the peer are overwritten',
    via: 'SIP/2.0/UDP 10.0.0.1;received=203.0.113.9;rport=99;branch=z9hG4bK1',
    address: '192.0.2.7',
    after: 'SIP/2.0/UDP 10.0.0.1;received=192.0.2.7;rport=6666;branch=z9hG4bK1',
    port: 6666,
  },
  {
    name: 'a claim that says nothing new is taken away',
    via: 'SIP/2.0/UDP 192.0.2.7;received=203.0.113.9;branch=z9hG4bK1',
    address: '192.0.2.7',
    after: 'SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1',
    port: 5060,
  },
  {
    name: 'IPv6: no brackets in received, the same address is the same',
    via: 'SIP/2.0/UDP [2001:DB8::7]:5070;rport;branch=z9hG4bK1',
    address: '2001:db8::7',
    after: 'SIP/2.0/UDP [2001:DB8::7]:5070;rport=6666;branch=z9hG4bK1;received=2001:db8::7',
    port: 6666,
  },
  {
    name: 'only the first of several values',
    via: 'SIP/2.0/UDP a.example.com;x="1,2";branch=z9hG4bK1, SIP/2.0/UDP b;branch=z9hG4bK2',
    address: '192.0.2.7',
    after: 'SIP/2.0/UDP a.example.com;x="1,2";branch=z9hG4bK1;received=192.0.2.7, SIP/2.0/UDP b;branch=z9hG4bK2',
    port: 5060,
  },
];

for (const { name, via, address, after, port } of cases) {
  test(`noteSource: ${name}`, () => {
    const request = requestVia(via);
    const source = flow(address, 6666);
    noteSource(request, source);
    assert.equal(request.headers.get('via'), after);
    assert.equal(replyPort(request, source), port);
  });
}
