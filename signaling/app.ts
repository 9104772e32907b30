// Where the signaling plane is put together: store, media workers, resolver, transports, transactions, B2BUA. Nothing is
// decided here. The order of start is the order of need; the order of death is its reverse.
import { randomBytes } from 'node:crypto';
import type { Log } from '../shared/log.ts';
import { systemRng } from '../shared/rng.ts';
import { B2bua } from './b2bua/b2bua.ts';
import type { B2buaContext } from './b2bua/context.ts';
import { DialogTable } from './b2bua/dialog-table.ts';
import { DialogSender } from './b2bua/leg-sender.ts';
import { readRecord, settleCall } from './b2bua/settle.ts';
import { Pool } from './balancer/pool.ts';
import { TimerShell } from './clock/timer-shell.ts';
import type { Config } from './config/schema.ts';
import { RateLimitedLog } from './log/rate-limited-log.ts';
import { Router } from './routing/router.ts';
import { ZoneTable } from './routing/zone.ts';
import { SessionEngine } from './session/session-engine.ts';
import { encodeMessage } from './sip/message/parse-message.ts';
import { hostAddress, parseUri } from './sip/message/uri.ts';
import { NodeDnsLookup } from './sip/resolve/node-dns-lookup.ts';
import { Resolver } from './sip/resolve/resolver.ts';
import { TransactionLayer } from './sip/transaction/layer.ts';
import { ownCredentials } from './sip/transport/credentials.ts';
import type { ListenerInfo } from './sip/transport/listener-info.ts';
import { SipTransport } from './sip/transport/sip-transport.ts';
import { startStatusLine } from './status-line.ts';
import { Store } from './store/store.ts';
import { WorkerPool } from './workers/worker-pool.ts';

export interface App {
  readonly listeners: readonly ListenerInfo[];
  /** No new calls; resolves when the last call ended, or after `limitMs`, when the rest has been hung up. */
  drain(limitMs: number): Promise<void>;
  /** Hangs up what is left, and frees everything. */
  close(): Promise<void>;
}

export interface AppOptions {
  /** Entry of the media worker threads, for tests; default: media/worker.ts. */
  readonly mediaWorker?: URL;
}

/** How long BYEs may take at the end before the sockets close. */
const goodbyeMs = 2000;

/** Throws WeirError when something the config names cannot be had: a port, a certificate, the state directory. */
export async function startApp(config: Config, log: Log, options: AppOptions = {}): Promise<App> {
  const opened: (() => Promise<void> | void)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    return await assemble({ config, log, options, opened, closeAll });
  } catch (thrown) {
    await closeAll();
    throw thrown;
  }
}

interface Assembly {
  readonly config: Config;
  readonly log: Log;
  readonly options: AppOptions;
  readonly opened: (() => Promise<void> | void)[];
  readonly closeAll: () => Promise<void>;
}

async function assemble({ config, log, options, opened, closeAll }: Assembly): Promise<App> {
  const rng = systemRng();
  const timers = new TimerShell();
  const now = (): number => timers.now();
  opened.push(() => timers.close());
  const store = new Store({ directory: config.state.directory, cdrFile: config.cdr.file, log, timers, now });
  opened.push(() => store.close());
  const leftovers = await store.loadRecords();
  const workers = new WorkerPool({
    media: config.media,
    zones: config.zones,
    log,
    onEvent: (event) => {
      if (event.kind === 'media-timeout') b2bua.mediaLost(event.session, 'media-timeout');
      if (event.kind === 'session-failed') b2bua.mediaLost(event.session, 'media-failed');
    },
    onSessionsLost: (sessions) => {
      for (const session of sessions) b2bua.mediaLost(session, 'media-failed');
    },
    ...(options.mediaWorker === undefined ? {} : { entry: options.mediaWorker }),
  });
  opened.push(() => workers.close());
  await workers.start();

  const zones = new ZoneTable(config.zones);
  const dns = new NodeDnsLookup({ servers: config.dns.servers });
  opened.push(() => dns.close());
  const resolver = new Resolver({ dns, timers, now, supported: ['udp', 'tcp', 'tls'] });
  const pools = new Map(config.pools.map((pool) => [pool.name, new Pool(pool)]));
  const usesTls = config.zones.some((zone) => zone.listeners.some((listener) => listener.protocol === 'tls'));
  const transport = new SipTransport({
    zones: config.zones,
    limits: config.limits,
    log,
    now,
    timers,
    rng,
    credentials: usesTls ? await ownCredentials({ directory: config.state.directory, now: new Date() }) : undefined,
    trusted: nodeAddresses(config),
    upper: {
      message: (message, flow, at) => transactions.receive(message, flow, at),
      flowFailed: (flow, _reason, at) => transactions.flowFailed(flow, at),
    },
  });
  const transactions: TransactionLayer = new TransactionLayer({
    transport,
    user: {
      request: (server, at) => b2bua.request(server, at),
      ack: (request, flow) => b2bua.ack(request, flow),
      cancelled: (server, cancel) => b2bua.cancelled(server, cancel),
      strayResponse: (response, flow) => b2bua.strayResponse(response, flow),
    },
    timers,
    rng,
    t1Ms: config.sip.t1Ms,
  });
  const context: B2buaContext = {
    transactions,
    flows: transport,
    resolver,
    sender: new DialogSender({ transactions, flows: transport, resolver, now }),
    session: new SessionEngine({ relay: workers, rng, randomBytes, log, limits: { ...config.media, calls: config.limits.calls } }),
    timers,
    rng,
    zones,
    dialogs: new DialogTable(),
    router: new Router({ config, zones, resolver, pools }),
    book: store,
    limits: config.limits,
    t1Ms: config.sip.t1Ms,
    userAgent: config.sip.userAgent,
    log,
    faults: new RateLimitedLog({ log, timers }),
    now,
    wallClock: () => Date.now(),
  };
  const b2bua = new B2bua(context, () => {});
  opened.push(() => transport.close());
  await transport.start();
  settleLeftovers(context, transport, leftovers, log);
  const stopStatus = startStatusLine(log, config.log.statusSeconds, () => ({
    calls: b2bua.calls,
    dialogs: context.dialogs.size,
    sessions: workers.sessions,
    portsFree: workers.loads().reduce((sum, load) => sum + load.portsFree, 0),
  }));
  opened.push(stopStatus);
  log.info({ zones: config.zones.length, nodes: config.pools.reduce((sum, pool) => sum + pool.nodes.length, 0) }, 'ready');

  const drain = async (limitMs: number): Promise<void> => {
    log.info({ calls: b2bua.calls, limit_ms: limitMs }, 'draining');
    const drained = b2bua.drain();
    const limit = deadline(limitMs);
    await Promise.race([drained, limit.reached]);
    limit.cancel();
  };
  return {
    listeners: transport.listeners(),
    drain,
    async close() {
      const drained = b2bua.drain();
      b2bua.endAll('shutdown');
      const limit = deadline(goodbyeMs);
      await Promise.race([drained, limit.reached]);
      limit.cancel();
      await closeAll();
    },
  };
}

/** Calls of a process that was killed: brought to an end. */
function settleLeftovers(context: B2buaContext, transport: SipTransport, leftovers: ReadonlyMap<string, string>, log: Log): void {
  if (leftovers.size > 0) log.warn({ calls: leftovers.size }, 'settling-calls-of-a-killed-process');
  for (const [id, json] of leftovers) {
    const record = readRecord(json, log);
    const done = (): void => context.book.deleteRecord(id);
    if (record === undefined) done();
    else settleCall(context, record, (flow, message) => void transport.send(flow, encodeMessage(message)), done);
  }
}

function nodeAddresses(config: Config): string[] {
  return config.pools.flatMap((pool) =>
    pool.nodes.flatMap((node) => {
      const uri = parseUri(node.uri);
      return uri === undefined ? [] : [hostAddress(uri)];
    }),
  );
}

function deadline(ms: number): { readonly reached: Promise<void>; cancel(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
  return {
    reached: promise,
    cancel() {
      clearTimeout(timer);
      resolve();
    },
  };
}
