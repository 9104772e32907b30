// The schema of weir.db, as the steps that lead to it. A step that was released never changes; a new one is appended.
// PRAGMA user_version says how many have been taken.
import type { DatabaseSync } from 'node:sqlite';

const steps: readonly string[] = [
  // Records are opaque here: versioned JSON of whoever wrote them.
  'CREATE TABLE record (id TEXT NOT NULL PRIMARY KEY, json TEXT NOT NULL) STRICT',
];

export const schemaVersion = steps.length;

export function readSchemaVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
}

/** Takes the steps that are missing, each in a transaction of its own, so that a crash leaves a whole version. */
export function migrate(database: DatabaseSync): void {
  for (let version = readSchemaVersion(database); version < steps.length; version++) {
    database.exec(`BEGIN IMMEDIATE; ${steps[version] ?? ''}; PRAGMA user_version = ${version + 1}; COMMIT`);
  }
}
