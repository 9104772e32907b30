// The SQLite file of the records (node:sqlite is synchronous: this runs in the store's thread only). A file that is damaged is
// moved aside, never deleted and never a reason not to take calls; one that is in use or newer than this program is left alone.
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { errorMessage } from '../../shared/errors.ts';
import { migrate, readSchemaVersion, schemaVersion } from './migrations.ts';
import type { RecordChange, StoreFault } from './store-messages.ts';

export interface RecordDatabaseOptions {
  readonly directory: string;
  /** Tells where a damaged file went. */
  readonly movedAside: (path: string, fault: StoreFault) => void;
  /** Part of the name of a file moved aside. */
  readonly timestamp: () => string;
}

interface Opened {
  readonly database: DatabaseSync;
  readonly put: StatementSync;
  readonly remove: StatementSync;
  readonly inode: number;
}

/** Another process may be on its way out: wait this long for its lock. */
const busyMs = 500;

export class RecordDatabase {
  readonly #options: RecordDatabaseOptions;
  readonly #path: string;
  #opened: Opened | undefined;

  constructor(options: RecordDatabaseOptions) {
    this.#options = options;
    this.#path = join(options.directory, 'weir.db');
  }

  /** Opens unless open. Null = ready. */
  open(): StoreFault | null {
    return this.#attempt(() => {});
  }

  /** One transaction: all or nothing. */
  write(changes: readonly RecordChange[]): StoreFault | null {
    return this.#attempt(({ database, put, remove }) => {
      database.exec('BEGIN IMMEDIATE');
      for (const [id, json] of changes) {
        if (json === null) remove.run(id);
        else put.run(id, json);
      }
      database.exec('COMMIT');
    });
  }

  load(): { records: readonly [id: string, json: string][]; fault: StoreFault | null } {
    const records: [string, string][] = [];
    const fault = this.#attempt(({ database }) => {
      for (const { id, json } of database.prepare('SELECT id, json FROM record').iterate()) records.push([String(id), String(json)]);
    });
    return { records: fault === null ? records : [], fault };
  }

  close(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    try {
      opened?.database.close();
    } catch {
      // Nothing is left to save: what was committed is on disk.
    }
  }

  /** Runs `work` on the open database. A damaged file is replaced and `work` tried once more on the new one. */
  #attempt(work: (opened: Opened) => void): StoreFault | null {
    const fault = this.#try(work);
    if (fault?.code !== 'corrupt') return fault;
    const moved = this.#moveAside(fault);
    return moved ?? this.#try(work);
  }

  #try(work: (opened: Opened) => void): StoreFault | null {
    try {
      // Someone may have removed the file under us; SQLite would go on writing to nowhere.
      if (this.#opened !== undefined && this.#opened.inode !== inodeOf(this.#path)) this.close();
      this.#opened ??= this.#openFile();
      work(this.#opened);
      return null;
    } catch (error) {
      const fault = faultOf(error);
      // Closing also rolls back and forgets a handle that may be stuck; opening again costs little.
      this.close();
      return fault;
    }
  }

  #openFile(): Opened {
    mkdirSync(this.#options.directory, { recursive: true, mode: 0o700 });
    // Made by us first, for its mode: records hold keys. -wal gets the same one.
    closeSync(openSync(this.#path, 'a', 0o600));
    chmodSync(this.#path, 0o600);
    const database = new DatabaseSync(this.#path, { timeout: busyMs });
    try {
      // Exclusive: a second Weir on the same directory fails here, at its start, instead of mixing its calls with ours.
      database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
      const check = database.prepare('PRAGMA quick_check(1)').get();
      if (check !== undefined && Object.values(check)[0] !== 'ok') throw new DamagedError(String(Object.values(check)[0]));
      const version = readSchemaVersion(database);
      if (version > schemaVersion) throw new NewerError(version);
      migrate(database);
      const put = database.prepare('INSERT INTO record (id, json) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET json = excluded.json');
      const remove = database.prepare('DELETE FROM record WHERE id = ?');
      return { database, put, remove, inode: inodeOf(this.#path) };
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #moveAside(fault: StoreFault): StoreFault | null {
    const target = `${this.#path}.damaged-${this.#options.timestamp()}`;
    try {
      for (const suffix of ['', '-wal', '-shm']) {
        if (existsSync(this.#path + suffix)) renameSync(this.#path + suffix, target + suffix);
      }
    } catch (error) {
      return faultOf(error);
    }
    this.#options.movedAside(target, fault);
    return null;
  }
}

class DamagedError extends Error {}

class NewerError extends Error {
  constructor(version: number) {
    super(`the state was written by a newer Weir (schema ${version}), allowed: up to ${schemaVersion}`);
  }
}

/** Primary result codes of SQLite: https://sqlite.org/rescode.html */
const sqlite = { busy: 5, locked: 6, corrupt: 11, notADatabase: 26 };

function faultOf(error: unknown): StoreFault {
  const message = errorMessage(error);
  if (error instanceof NewerError) return { code: 'newer', message };
  if (error instanceof DamagedError) return { code: 'corrupt', message };
  const result = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0;
  if (result === sqlite.corrupt || result === sqlite.notADatabase) return { code: 'corrupt', message };
  if (result === sqlite.busy || result === sqlite.locked) return { code: 'in-use', message: `another process uses it (${message})` };
  return { code: 'failed', message };
}

function inodeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? 0;
}
