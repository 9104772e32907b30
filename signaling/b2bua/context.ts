// What the B2BUA works with: its collaborators, handed over in app.ts. Interfaces are its own, as small as its use.
import type { Log, LogFields } from '../../shared/log.ts';
import type { Rng } from '../../shared/rng.ts';
import type { Timers } from '../../shared/timer-queue.ts';
import type { LimitsConfig } from '../config/schema.ts';
import type { TargetResolver } from '../routing/resolver-interface.ts';
import type { Router } from '../routing/router.ts';
import type { ZoneTable } from '../routing/zone.ts';
import type { SessionEngine } from '../session/session-engine.ts';
import type { TransactionLayer } from '../sip/transaction/layer.ts';
import type { Flow, Target } from '../sip/transport/flow.ts';
import type { DialogTable } from './dialog-table.ts';
import type { LegSender } from './leg.ts';

export interface FlowSource {
  /** A path from `zone` to `target`: a live connection, a new one, or the UDP listener. Undefined: the zone has no such listener. */
  route(zone: string, target: Target): Flow | undefined;
  isLive(flow: Flow): boolean;
}

/** Where call records and CDRs go; fulfilled by the store, never waits. */
export interface CallBook {
  putRecord(id: string, json: string): void;
  deleteRecord(id: string): void;
  appendCdr(line: string): void;
}

export interface B2buaContext {
  readonly transactions: TransactionLayer;
  readonly flows: FlowSource;
  readonly resolver: TargetResolver;
  readonly sender: LegSender;
  readonly session: SessionEngine;
  readonly timers: Timers;
  readonly rng: Rng;
  readonly zones: ZoneTable;
  readonly dialogs: DialogTable;
  readonly router: Router;
  readonly book: CallBook;
  readonly limits: LimitsConfig;
  readonly t1Ms: number;
  /** Names Weir in messages of its own, towards the inside only. */
  readonly userAgent: string;
  readonly log: Log;
  /** For faults that peers can cause at will: counted, logged once a second. */
  readonly faults: { warn(fields: LogFields, event: string, now: number): void };
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Milliseconds since 1970, for records and CDRs only. */
  readonly wallClock: () => number;
}
