// What the demo says once it runs: what listens where, and how to make a call. Ten lines, for people.
import type { ListenerInfo } from '../sip/transport/listener-info.ts';

export function demoWelcome(listeners: readonly ListenerInfo[], agent: { readonly address: string; readonly port: number }): string {
  const of = (zone: string): ListenerInfo[] => listeners.filter((listener) => listener.zone === zone);
  const sip = of('outside').map(({ protocol, advertised }) => `${protocol} ${advertised}`);
  const inside = of('inside').map(({ protocol, advertised }) => `${protocol} ${advertised}`);
  const udp = of('outside').find((listener) => listener.protocol === 'udp');
  const host = udp === undefined || udp.port === 5060 ? (udp?.address ?? '127.0.0.1') : udp.advertised;
  const lines = [
    'Weir is running, on loopback only.',
    `  outside  ${sip.join(', ')}  (the certificate is self-made)`,
    `  inside   ${inside.join(', ')}`,
    `  pool     a test agent on ${agent.address}:${agent.port}, in the place of FreeSWITCH`,
    `Call it:   npx weir call sip:echo@${host}            hear yourself: a 1 kHz tone there and back`,
    `           npx weir call "sip:tone@${host};transport=tcp"    440 Hz; also busy, ring, late`,
    `           npx weir call "sip:echo@${host};transport=tls" --insecure`,
    `With a SIP phone on this machine: dial sip:echo@${host}, no registration, no password.`,
    'Your own configuration: copy deploy/weir.example.yaml, then npx weir check -c and npx weir run -c.',
    'Ctrl-C ends it.',
  ];
  return lines.join('\n');
}
