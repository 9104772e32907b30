// The embedded configuration of `npm start`: everything on loopback, so that it is safe and works without any set-up. The pool
// is the test agent that runs inside the same process. Single values can be changed: WEIR__zones__0__listeners__0__port=15060.
import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigInput } from './schema.ts';

/** Where the embedded test agent answers. */
export const demoAgent = { address: '127.0.0.1', port: 5090 } as const;

/** State goes below `directory`, normally the current one. */
export function demoConfig(directory: string): ConfigInput {
  const address = '127.0.0.1';
  return {
    zones: [
      {
        name: 'outside',
        side: 'outside',
        listeners: [
          { protocol: 'udp', address, port: 5060 },
          { protocol: 'tcp', address, port: 5060 },
          { protocol: 'tls', address, port: 5061 },
        ],
        media: [{ address }],
      },
      {
        name: 'inside',
        side: 'inside',
        listeners: [
          { protocol: 'udp', address, port: 5080 },
          { protocol: 'tcp', address, port: 5080 },
        ],
        media: [{ address }],
      },
    ],
    pools: [{ name: 'agents', zone: 'inside', nodes: [{ name: 'agent', uri: `sip:${demoAgent.address}:${demoAgent.port}` }] }],
    routing: { pool: 'agents' },
    log: { format: 'pretty' },
    state: { directory: demoStateDirectory(directory) },
  };
}

/** var/demo below the clone; where that cannot be written, a directory of this user under the system's temporary one. */
export function demoStateDirectory(directory: string): string {
  try {
    accessSync(directory, constants.W_OK);
    return join(directory, 'var', 'demo');
  } catch {
    return join(tmpdir(), `weir-demo-${process.getuid?.() ?? 0}`);
  }
}
