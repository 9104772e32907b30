// The file of call detail records: whole lines only, appended and on disk before they count as written. It may be rotated by
// renaming it (logrotate without copytruncate): the next write makes a new one.
import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorMessage } from '../../shared/errors.ts';
import type { StoreFault } from './store-messages.ts';

export class CdrFile {
  readonly #path: string;
  #open: { readonly descriptor: number; readonly inode: number } | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** All lines or none. */
  append(lines: readonly string[]): StoreFault | null {
    // A line end inside would be two records to whoever reads the file; JSON never has one.
    const bytes = Buffer.from(lines.map((line) => `${line.replaceAll(/[\r\n]+/g, ' ')}\n`).join(''), 'utf8');
    try {
      this.#write(this.#descriptor(), bytes);
      return null;
    } catch (error) {
      this.close();
      return { code: 'failed', message: errorMessage(error) };
    }
  }

  close(): void {
    const descriptor = this.#open?.descriptor;
    this.#open = undefined;
    try {
      if (descriptor !== undefined) closeSync(descriptor);
    } catch {
      // The lines are on disk already.
    }
  }

  #write(descriptor: number, bytes: Buffer): void {
    const before = fstatSync(descriptor).size;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
      fdatasyncSync(descriptor);
    } catch (error) {
      // A full disk takes part of the lines: take them back, they are sent again.
      ftruncateSync(descriptor, before);
      throw error;
    }
  }

  #descriptor(): number {
    if (this.#open !== undefined && statSync(this.#path, { throwIfNoEntry: false })?.ino !== this.#open.inode) this.close();
    if (this.#open === undefined) {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o750 });
      const descriptor = openSync(this.#path, 'a', 0o640);
      this.#open = { descriptor, inode: fstatSync(descriptor).ino };
    }
    return this.#open.descriptor;
  }
}
