// The logger every part is handed. pino fulfils it; tests hand in a recorder. First the fields, then a fixed event name.

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined | object>>;

export interface Log {
  debug(fields: LogFields, event: string): void;
  info(fields: LogFields, event: string): void;
  warn(fields: LogFields, event: string): void;
  error(fields: LogFields, event: string): void;
  child(fields: LogFields): Log;
}

/** Discards everything: for tests that do not look at logs. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
