// Checks that a message is a command as shared/relay states it. It comes from our own signaling, but one that is wrong must cost one
// reply, not a worker: shapes, literal addresses and every number are looked at before anything is done.
import type { RelayCommand } from '../../shared/relay/messages.ts';
import { parseAddress } from '../io/address.ts';
import {
  addressLength,
  codecsPerStream,
  keyLength,
  nameLength,
  sessionIdLength,
  streamsPerSession,
  transportsPerSession,
} from './limits.ts';

type Fields = Readonly<Record<string, unknown>>;
/** Says what is wrong, or undefined. */
type Check = (value: unknown) => string | undefined;

export function isCommand(value: unknown): value is RelayCommand {
  return commandProblem(value) === undefined;
}

/** The `ref` of anything that has one, for the reply to a command that is none. */
export function refOf(value: unknown): number {
  return isFields(value) && isInteger(value.ref, 0, Number.MAX_SAFE_INTEGER) ? value.ref : -1;
}

export function commandProblem(value: unknown): string | undefined {
  if (!isFields(value)) return 'not an object';
  if (refOf(value) < 0) return field('ref', value.ref);
  if (value.kind === 'drain') return undefined;
  if (!isText(value.session, sessionIdLength)) return field('session', value.session);
  switch (value.kind) {
    case 'reserve':
      return listProblem('transports', value.transports, transportsPerSession, requestProblem);
    case 'apply':
      if (!isInteger(value.revision, 0, Number.MAX_SAFE_INTEGER)) return field('revision', value.revision);
      return stateProblem(value.state);
    case 'release':
    case 'query':
      return undefined;
    default:
      return field('kind', value.kind);
  }
}

const requestProblem: Check = (value) => {
  if (!isFields(value)) return 'transport is not an object';
  if (!isId(value.id)) return field('id', value.id);
  if (!isText(value.interface, nameLength)) return field('interface', value.interface);
  if (value.family !== 4 && value.family !== 6) return field('family', value.family);
  return oneOf('rtcp', value.rtcp, 'pair', 'mux');
};

const stateProblem: Check = (value) => {
  if (!isFields(value)) return 'state is not an object';
  const timeoutMs = value.timeoutMs;
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) return field('timeoutMs', timeoutMs);
  return (
    listProblem('transports', value.transports, transportsPerSession, transportProblem) ??
    listProblem('streams', value.streams, streamsPerSession, streamProblem)
  );
};

const transportProblem: Check = (value) => {
  if (!isFields(value)) return 'transport is not an object';
  if (!isId(value.id)) return field('id', value.id);
  if (!isEndpoint(value.remote)) return field('remote', value.remote);
  if (!isEndpoint(value.remoteRtcp)) return field('remoteRtcp', value.remoteRtcp);
  if (value.signalingAddress !== null && !isAddress(value.signalingAddress)) {
    return field('signalingAddress', value.signalingAddress);
  }
  if (typeof value.rtcpMux !== 'boolean') return field('rtcpMux', value.rtcpMux);
  if (!isInteger(value.armed, 0, Number.MAX_SAFE_INTEGER)) return field('armed', value.armed);
  if (!isInteger(value.dscp, 0, 63)) return field('dscp', value.dscp);
  return (
    oneOf('learning', value.learning, 'ranked', 'signalled') ??
    oneOf('acceptFrom', value.acceptFrom, 'learned', 'any') ??
    protectionProblem(value.protection)
  );
};

const protectionProblem: Check = (value) => {
  if (!isFields(value)) return 'protection is not an object';
  if (value.kind === 'plain' || value.kind === 'pass') return undefined;
  if (value.kind !== 'sdes') return field('protection', value.kind);
  // Keys are secrets: the message names the place, never the value.
  return isKeys(value.local) && isKeys(value.remote) ? undefined : 'protection has malformed keys';
};

const streamProblem: Check = (value) => {
  if (!isFields(value)) return 'stream is not an object';
  if (!isId(value.from)) return field('from', value.from);
  return (
    listProblem('to', value.to, transportsPerSession, (id) => (isId(id) ? undefined : field('to', id))) ??
    listProblem('codecs', value.codecs, codecsPerStream, codecProblem)
  );
};

const codecProblem: Check = (value) => {
  if (!isFields(value)) return 'codec is not an object';
  if (!isInteger(value.payloadType, 0, 127)) return field('payloadType', value.payloadType);
  if (typeof value.name !== 'string' || value.name.length > nameLength) return field('name', value.name);
  return isInteger(value.clockRate, 0, 10_000_000) ? undefined : field('clockRate', value.clockRate);
};

function listProblem(name: string, value: unknown, most: number, check: Check): string | undefined {
  if (!Array.isArray(value)) return field(name, value);
  if (value.length > most) return `${name} has ${value.length} entries, at most ${most} are allowed`;
  for (const entry of value) {
    const problem = check(entry);
    if (problem !== undefined) return `${name}: ${problem}`;
  }
  return undefined;
}

function oneOf(name: string, value: unknown, first: string, second: string): string | undefined {
  return value === first || value === second ? undefined : field(name, value);
}

function field(name: string, value: unknown): string {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : typeof value === 'number' ? String(value) : typeof value;
  return `${name} is ${shown}`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isInteger(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

function isId(value: unknown): boolean {
  return isInteger(value, 0, Number.MAX_SAFE_INTEGER);
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= most;
}

function isAddress(value: unknown): boolean {
  return isText(value, addressLength) && parseAddress(value) !== undefined;
}

function isEndpoint(value: unknown): boolean {
  return value === null || (isFields(value) && isAddress(value.address) && isInteger(value.port, 1, 65_535));
}

function isKeys(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { mki } = value;
  return isText(value.suite, keyLength) && isText(value.keySalt, keyLength) && (mki === undefined || isText(mki, keyLength));
}
