// pino behind the Log interface: JSON lines (level, time, fields, msg = event name) on standard output, or the same made
// readable. Nothing a peer sends can forge a line or drive a terminal: control characters leave only in escaped form.
import { Writable } from 'node:stream';
import { type Logger, pino, stdSerializers, stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';
import type { Log, LogFields } from '../../shared/log.ts';
import { LineOutput } from './line-output.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: 'json' | 'pretty';
  /** Takes the lines instead of standard output. */
  readonly write?: (line: string) => void;
}

export interface OpenLog {
  readonly log: Log;
  /** Takes effect at once, in every child too. */
  setLevel(level: LogLevel): void;
  /** Writes out what waits; for the last moment before the process ends. */
  flush(): void;
}

interface Sink {
  write(line: string): void;
  flush(): void;
}

/** Lines that wait while standard output is stuck; beyond it they are dropped, because calls must go on. */
const maxWaitingBytes = 16_777_216;
/** Lines are written together when so many bytes or so many milliseconds have gathered: one write a line costs 70 us a call. */
const gatherBytes = 16_384;
const gatherMs = 100;
const severity = { debug: 20, info: 30, warn: 40, error: 50 } as const;
/** A second net: such values are not logged in the first place. One search of the finished line costs a tenth of pino's redact. */
const secret = /"(password|secret|token|ha1|authorization|proxyAuthorization|icePwd|privateKey|crypto)":(?:"(?:[^"\\]|\\.)*"|[^",}\]]+)/g;

export function openLog(options: LogOptions): OpenLog {
  const { write } = options;
  const output = write === undefined ? standardOutput() : { write, flush() {} };
  const colors = write === undefined && process.stdout.isTTY === true && (process.env.NO_COLOR ?? '') === '' ? 'colored' : 'plain';
  const sink = options.format === 'pretty' ? prettySink(output, colors) : jsonSink(output);
  const logger = pino(
    {
      level: 'debug',
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.err, error: stdSerializers.err, cause: stdSerializers.err },
    },
    sink,
  );
  const gate: { minimum: number } = { minimum: severity[options.level] };
  return {
    log: new PinoLog(logger, gate),
    setLevel(level) {
      gate.minimum = severity[level];
    },
    flush: () => sink.flush(),
  };
}

/**
 * pino's children keep the level they were born with, and making one costs more than a line: every call has a child. Here
 * a child is its fields, put before those of each line; a gate that all share lets the level change while they live.
 */
class PinoLog implements Log {
  readonly #pino: Logger;
  readonly #gate: { readonly minimum: number };
  readonly #fields: LogFields;

  constructor(logger: Logger, gate: { readonly minimum: number }, fields: LogFields = {}) {
    this.#pino = logger;
    this.#gate = gate;
    this.#fields = fields;
  }

  debug(fields: LogFields, event: string): void {
    if (this.#gate.minimum <= severity.debug) this.#pino.debug({ ...this.#fields, ...fields }, event);
  }

  info(fields: LogFields, event: string): void {
    if (this.#gate.minimum <= severity.info) this.#pino.info({ ...this.#fields, ...fields }, event);
  }

  warn(fields: LogFields, event: string): void {
    if (this.#gate.minimum <= severity.warn) this.#pino.warn({ ...this.#fields, ...fields }, event);
  }

  error(fields: LogFields, event: string): void {
    this.#pino.error({ ...this.#fields, ...fields }, event);
  }

  child(fields: LogFields): Log {
    return new PinoLog(this.#pino, this.#gate, { ...this.#fields, ...fields });
  }
}

function standardOutput(): Sink {
  const output = new LineOutput({ descriptor: 1, maxWaitingBytes, gatherBytes, gatherMs });
  // Wherever the process ends, its last lines are the ones that matter.
  process.once('exit', () => output.flush());
  return output;
}

function jsonSink(output: Sink): Sink {
  return { write: (line) => output.write(escapeRaw(line)), flush: () => output.flush() };
}

function prettySink(output: Sink, colors: 'colored' | 'plain'): Sink {
  const destination = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      output.write(String(chunk));
      done();
    },
  });
  const stream = pretty({ colorize: colors === 'colored', destination, sync: true, translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
  return { write: (line) => stream.write(escapeTwice(line)), flush: () => output.flush() };
}

/** DEL, the C1 controls (CSI is one) and the Unicode line separators, which JSON lets through as they are. */
const rawControls = /[\u007f-\u009f\u2028\u2029]/g;

function escapeRaw(line: string): string {
  return line
    .replace(secret, '"$1":"(secret)"')
    .replace(rawControls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** For output that is parsed and printed: an escape becomes text that shows the escape. Stacks keep their line ends. */
function escapeTwice(line: string): string {
  const shown = escapeRaw(line);
  if (!shown.includes('\\')) return shown;
  const keepLines = shown.includes('"stack":"');
  return shown.replace(/\\(?:u[0-9a-f]{4}|.)/gs, (sequence) => {
    if (sequence === '\\n' && keepLines) return sequence;
    return /^\\[unrbf]/.test(sequence) ? `\\${sequence}` : sequence;
  });
}
