// A call through Weir between two peers that show every byte: a scripted phone and a scripted node, each with a SIP socket and a
// media socket. For tests of what may cross and what may not.
import { audioSdp, type Received, type RequestParts, SipPeer } from './sip-peer.ts';
import { UdpPeer } from './udp-peer.ts';

export interface Place {
  readonly address: string;
  readonly port: number;
}

export interface RawPeers {
  readonly phone: SipPeer;
  readonly node: SipPeer;
  readonly phoneMedia: UdpPeer;
  readonly nodeMedia: UdpPeer;
  close(): void;
}

export interface RawCall {
  /** The INVITE as the phone sent it, and as the node got it. */
  readonly sent: string;
  readonly invite: Received;
  /** The 2xx as the phone got it. */
  readonly accepted: Received;
  /** Weir's media, as each was told. */
  readonly phoneTarget: Place;
  readonly nodeTarget: Place;
  /** A request within the phone's dialog. */
  fromPhone(method: string, parts?: Partial<RequestParts>): string;
  /** A request within the node's dialog. */
  fromNode(method: string, parts?: Partial<RequestParts>): string;
  /** BYE of the phone, up to both 200. */
  hangUp(): Promise<void>;
}

/** The node listens on 5060, the phone anywhere. */
export async function openPeers(phoneAddress: string, nodeAddress: string): Promise<RawPeers> {
  const phone = await SipPeer.open(phoneAddress);
  const node = await SipPeer.open(nodeAddress, 5060);
  const phoneMedia = await UdpPeer.bind(phoneAddress);
  const nodeMedia = await UdpPeer.bind(nodeAddress);
  return {
    phone,
    node,
    phoneMedia,
    nodeMedia,
    close() {
      for (const one of [phone, node, phoneMedia, nodeMedia]) one.close();
    },
  };
}

/** `weir`: its outside address. */
export async function callRaw({ phone, node, phoneMedia, nodeMedia }: RawPeers, weir: string): Promise<RawCall> {
  const uri = `sip:bob@${weir}`;
  const sent = phone.request({ method: 'INVITE', uri, body: audioSdp(phone.address, phoneMedia.port) });
  phone.send(sent, { address: weir, port: 5060 });
  const invite = await node.next('INVITE');
  node.reply(invite, '200 OK', { body: audioSdp(node.address, nodeMedia.port) });
  const accepted = await phone.next(200);
  phone.acknowledge(sent, accepted);
  await node.next('ACK');
  const line = (name: string): string => sent.split('\n').find((text) => text.startsWith(`${name}: `)) ?? '';
  const named = (name: string): string => line(name).slice(name.length + 2);
  const fromPhone: RawCall['fromPhone'] = (method, parts = {}) =>
    phone.request({
      method,
      uri: contactOf(accepted),
      callId: named('Call-ID'),
      cseq: 2,
      from: named('From'),
      to: accepted.header('To') ?? '',
      ...parts,
    });
  return {
    sent,
    invite,
    accepted,
    phoneTarget: mediaOf(accepted),
    nodeTarget: mediaOf(invite),
    fromPhone,
    fromNode: (method, parts = {}) =>
      node.request({
        method,
        uri: contactOf(invite),
        callId: invite.header('Call-ID') ?? '',
        cseq: 2,
        from: `${invite.header('To')};tag=peer-${node.port}`,
        to: invite.header('From') ?? '',
        ...parts,
      }),
    async hangUp() {
      phone.send(fromPhone('BYE', { cseq: 1000 }), accepted.from);
      node.reply(await node.next('BYE'), '200 OK');
      await phone.next((message) => message.status === 200 && message.header('CSeq') === '1000 BYE');
    },
  };
}

/** Where a body says that media goes. */
export function mediaOf({ body }: Received): Place {
  const address = /^c=IN IP[46] (\S+)/m.exec(body)?.[1] ?? '';
  return { address, port: Number(/^m=audio (\d+) /m.exec(body)?.[1] ?? 0) };
}

function contactOf(message: Received): string {
  return message.header('Contact')?.match(/<([^>]+)>/)?.[1] ?? '';
}
