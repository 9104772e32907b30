// Closes what a native worker left behind. Its sockets are bare file descriptors of the process: when its thread is ended by force they
// stay open, keep their ports, and fill with packets. Linux only, and only after such an end: it walks all descriptors of the process.
// An io_uring lives on in its memory mapping, which only its thread could undo, and may hold the ports of its sockets until the process
// ends: the next worker finds them taken and leaves them alone.
import { closeSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { endianness } from 'node:os';
import { localAddresses, openPortsBytesPerAddress, type WorkerOptions } from '../../shared/relay/worker-options.ts';

type Slice = Pick<WorkerOptions, 'interfaces' | 'openPorts' | 'ports'>;

/** Closes the media sockets that the worker had open, and marks their ports as closed. Its thread must have ended. */
export function closeOrphanSockets(slice: Slice): void {
  const orphans = orphanInodes(slice);
  if (orphans.size > 0) {
    for (const name of listed('/proc/self/fd')) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/self/fd/${name}`))?.[1];
      if (inode !== undefined && orphans.has(inode)) closeSync(Number(name));
    }
  }
  clearOpenPorts(slice);
}

/** Marks all ports of the slice as closed. */
export function clearOpenPorts(slice: Pick<Slice, 'openPorts' | 'ports'>): void {
  const bits = new Uint8Array(slice.openPorts);
  for (let plane = 0; plane < bits.length; plane += openPortsBytesPerAddress) {
    for (let port = slice.ports.min; port <= slice.ports.max; port++) Atomics.and(bits, plane + (port >>> 3), ~(1 << (port & 7)));
  }
}

/** Inodes of the UDP sockets on addresses and ports that the worker had marked as open. */
function orphanInodes(slice: Slice): Set<string> {
  const bits = new Uint8Array(slice.openPorts);
  const planes = new Map(localAddresses(slice.interfaces).map((address, index) => [kernelForm(address), index * openPortsBytesPerAddress]));
  const inodes = new Set<string>();
  for (const table of ['udp', 'udp6']) {
    for (const line of textOf(`/proc/self/net/${table}`).split('\n').slice(1)) {
      // sl, local address:port, remote, state, queues, timer, retransmits, uid, timeout, inode
      const fields = line.trim().split(/\s+/);
      const [address = '', hex = ''] = (fields[1] ?? '').split(':');
      const plane = planes.get(address);
      const port = Number.parseInt(hex, 16);
      if (plane === undefined || port < slice.ports.min || port > slice.ports.max) continue;
      if (((bits[plane + (port >>> 3)] ?? 0) & (1 << (port & 7))) !== 0) inodes.add(fields[9] ?? '');
    }
  }
  return inodes;
}

/** As /proc/net/udp writes addresses: 32-bit words of network-order bytes, printed in host order. */
function kernelForm(address: string): string {
  const bytes = address.includes(':') ? bytesOfIPv6(address) : address.split('.').map(Number);
  let form = '';
  for (let word = 0; word < bytes.length; word += 4) {
    const four = bytes.slice(word, word + 4);
    if (endianness() === 'LE') four.reverse();
    form += four.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  return form.toUpperCase();
}

function bytesOfIPv6(address: string): number[] {
  // The URL parser gives the canonical form (WHATWG URL section 3.5), in which only "::" is left to expand.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...new Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Empty when the descriptor was closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
