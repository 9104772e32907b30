// Who may import whom at run time (design: shared below both planes, the planes apart, each folder only on what lies below it).
// A folder's number is its height; it imports from lower ones. A new folder needs a line here, and thereby a thought.

export const layers: ReadonlyMap<string, number> = new Map([
  ['shared', 0],

  ['media/rtp', 1],
  ['media/srtp', 1],
  ['media/crypto', 2],
  ['media/stun', 1],
  ['media/io', 1],
  ['media/dtls', 2],
  ['media/ice', 2],
  ['media/relay', 3],
  ['media/worker.ts', 4],

  ['signaling/sip/message', 1],
  ['signaling/sdp', 1],
  ['signaling/log', 1],
  ['signaling/clock', 1],
  ['signaling/status-line.ts', 1],
  ['signaling/config', 2],
  ['signaling/store', 2],
  ['signaling/session', 2],
  ['signaling/sip/transport', 2],
  ['signaling/sip/resolve', 3],
  ['signaling/sip/transaction', 3],
  ['signaling/balancer', 3],
  ['signaling/workers', 3],
  ['signaling/sip/dialog', 4],
  ['signaling/routing', 4],
  ['signaling/b2bua', 5],
  ['signaling/agent', 5],
  ['signaling/probe', 6],
  ['signaling/app.ts', 7],
  ['signaling/cli', 8],
  ['signaling/main.ts', 9],
]);

/** No I/O, no clock, no chance, no waiting: neither they nor anything they import at run time. */
export const pureFolders: readonly string[] = [
  'signaling/sip/message',
  'signaling/sip/transaction',
  'signaling/sip/dialog',
  'signaling/sdp',
  'signaling/balancer',
  'media/rtp',
  'media/srtp',
  'media/stun',
  'media/ice',
  'media/relay',
];

/** Put together by nobody but the entry above them. */
export const entries: ReadonlyMap<string, readonly string[]> = new Map([
  ['media/worker.ts', []],
  ['signaling/app.ts', ['signaling/cli/start-app.ts', 'signaling/main.ts']],
  ['signaling/main.ts', []],
]);

/** The layer a file belongs to: the longest entry of the table that its path starts with. */
export function layerOf(path: string): string | undefined {
  return [...layers.keys()]
    .filter((layer) => path === layer || path.startsWith(`${layer}/`))
    .sort((a, b) => b.length - a.length)
    .at(0);
}

export function isProduct(path: string): boolean {
  return /^(shared|media|signaling)\//.test(path);
}
