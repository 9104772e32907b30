// What crosses between the main thread and the store's thread: plain data, one reply for each group of writes.

export interface StoreWorkerOptions {
  readonly directory: string;
  /** Empty = no CDR file. */
  readonly cdrFile: string;
}

/** null deletes the record. */
export type RecordChange = readonly [id: string, json: string | null];

export type StoreRequest =
  | { readonly kind: 'write'; readonly sequence: number; readonly records: readonly RecordChange[]; readonly lines: readonly string[] }
  | { readonly kind: 'load' }
  | { readonly kind: 'close' };

export type StoreEvent =
  /** The first try to open the database, and any later one that ended otherwise. */
  | { readonly kind: 'opened'; readonly fault: StoreFault | null }
  /** The file could not be used and lies under a new name; a new one took its place. */
  | { readonly kind: 'moved-aside'; readonly path: string; readonly fault: StoreFault }
  | {
      readonly kind: 'written';
      readonly sequence: number;
      /** null = done. What failed is unchanged on disk and can be sent again. */
      readonly recordsFault: StoreFault | null;
      readonly linesFault: StoreFault | null;
    }
  | { readonly kind: 'loaded'; readonly records: readonly (readonly [id: string, json: string])[]; readonly fault: StoreFault | null };

export interface StoreFault {
  /** in-use and newer are for an operator to solve before Weir may run; the rest may pass. */
  readonly code: 'in-use' | 'newer' | 'corrupt' | 'failed';
  readonly message: string;
}
