// How the probe gets to its target: addresses by RFC 3263, the local address that leads there, and early news of a closed
// UDP port, which SIP itself would only show as silence.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Rng } from '../../shared/rng.ts';
import type { TimerShell } from '../clock/timer-shell.ts';
import type { SipUri } from '../sip/message/uri.ts';
import { NodeDnsLookup } from '../sip/resolve/node-dns-lookup.ts';
import { Resolver } from '../sip/resolve/resolver.ts';
import type { Target } from '../sip/transport/flow.ts';

const messages: ReadonlyMap<string, string> = new Map([
  ['no-records', 'the name has no address in DNS'],
  ['dns-failed', 'DNS could not be asked'],
  ['timeout', 'DNS did not answer in time'],
]);

/** Targets in order of preference, or why there are none. */
export async function findTargets(options: {
  uri: SipUri;
  timers: TimerShell;
  rng: Rng;
  servers: readonly string[];
}): Promise<readonly Target[] | string> {
  const dns = new NodeDnsLookup({ servers: options.servers });
  const { timers, rng, uri } = options;
  const resolver = new Resolver({ dns, timers, rng, now: () => timers.now(), supported: ['udp', 'tcp', 'tls'] });
  const { promise, resolve } = Promise.withResolvers<readonly Target[] | string>();
  resolver.resolve(uri, (result) => {
    if ('targets' in result) resolve(result.targets.length > 0 ? result.targets : 'the name has no address in DNS');
    else resolve(messages.get(result.error) ?? `the URI leads nowhere (${result.error})`);
  });
  const found = await promise;
  dns.close();
  return found;
}

/** The address of ours from which the system would send to `target`. */
export async function localAddressTowards(target: Target): Promise<string> {
  const socket = await connectedSocket(target);
  const { address } = socket.address();
  socket.close();
  return address;
}

/**
 * Runs `refused` when `target` has no socket on its UDP port. Sends the keep-alive of RFC 5626 section 4.4.1, which a SIP
 * element answers or ignores. The returned function ends the watch.
 */
export async function watchRefusal(target: Target, refused: () => void): Promise<() => void> {
  const socket = await connectedSocket(target);
  socket.on('error', refused);
  socket.send('\r\n\r\n', (error) => {
    if (error !== null) refused();
  });
  return () => socket.close();
}

async function connectedSocket(target: Target): Promise<Socket> {
  const socket = createSocket(target.address.includes(':') ? 'udp6' : 'udp4');
  socket.connect(target.port, target.address);
  await once(socket, 'connect');
  return socket;
}
