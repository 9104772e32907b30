// Entry of a media worker thread: puts together packet I/O, sessions, ports and clock, and connects them to the MessagePort. Commands
// come one by one or as arrays; replies and events leave once per turn. Everything else is in relay/ and io/.
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { invariant } from '../shared/assert.ts';
import type { RelayEvent, RelayReply } from '../shared/relay/messages.ts';
import { localAddresses, type WorkerOptions } from '../shared/relay/worker-options.ts';
import { systemRng } from '../shared/rng.ts';
import { TimerQueue } from '../shared/timer-queue.ts';
import { chooseCrypto } from './crypto/choose-crypto.ts';
import { type ChosenIo, chooseIo } from './io/choose-io.ts';
import type { PacketIo } from './io/packet-io.ts';
import { LocalPorts } from './relay/local-ports.ts';
import { OwnSockets } from './relay/own-sockets.ts';
import type { OpenInterface } from './relay/reservation.ts';
import { SessionTable } from './relay/session-table.ts';
import { TargetPolicy } from './relay/target-policy.ts';

const loadEveryMs = 1000;
/** Longest wait of a turn, so that the thread can always be ended. */
const longestWaitMs = 100;

class MediaWorker {
  readonly #port: MessagePort;
  readonly #io: PacketIo;
  readonly #timers = new TimerQueue();
  readonly #ports: readonly LocalPorts[];
  readonly #table: SessionTable;
  #outbox: (RelayReply | RelayEvent)[] = [];
  #ending = false;
  #cpu = process.threadCpuUsage();
  #loadAt = performance.now();

  constructor(port: MessagePort, options: WorkerOptions, chosen: ChosenIo) {
    this.#port = port;
    this.#io = chosen.io;
    const rng = systemRng();
    const crypto = chooseCrypto();
    const own = new OwnSockets(options);
    const { min, max } = options.ports;
    const { receiveBufferBytes } = options;
    const portsOf = new Map(
      localAddresses(options.interfaces).map((address) => [
        address,
        new LocalPorts({ address, min, max, receiveBufferBytes, io: chosen.io, timers: this.#timers, rng, own }),
      ]),
    );
    this.#ports = [...portsOf.values()];
    const interfaces = options.interfaces.flatMap((media): OpenInterface[] => {
      const ports = portsOf.get(media.address);
      return ports === undefined ? [] : [{ media, ports, policy: new TargetPolicy(media, own) }];
    });
    this.#table = new SessionTable({
      io: chosen.io,
      timers: this.#timers,
      rng,
      interfaces,
      crypto: crypto.crypto,
      post: (message) => this.#outbox.push(message),
      drained: () => {
        this.#ending = true;
      },
    });
    this.#outbox.push({ kind: 'ready', io: chosen.io.name, why: `${chosen.why}; SRTP by ${crypto.why}`, wakeFd: chosen.io.wakeFd });
    this.#scheduleLoad(this.#loadAt);
  }

  run(): void {
    const blocking = this.#io.wakeFd >= 0;
    if (!blocking) this.#port.on('message', (message) => this.#receive(message));
    this.#flush();
    try {
      this.#io.run({
        packet: (packet, now) => this.#table.packet(packet, now),
        turn: (now) => this.#turn(blocking, now),
      });
    } finally {
      // A blocking backend is done when `run` returns; on the event loop it has only begun.
      if (blocking) this.#port.close();
    }
  }

  #turn(blocking: boolean, now: number): number {
    if (blocking) {
      for (let received = receiveMessageOnPort(this.#port); received !== undefined; received = receiveMessageOnPort(this.#port)) {
        this.#commands(received.message, now);
      }
    }
    this.#timers.tick(now);
    this.#flush();
    if (this.#ending) this.#end();
    return Math.min(longestWaitMs, Math.max(0, this.#timers.deadline() - now));
  }

  /** On the event loop: replies leave at once, and the end does not wait for a turn. */
  #receive(message: unknown): void {
    this.#commands(message, performance.now());
    this.#flush();
    if (this.#ending) this.#end();
  }

  #commands(message: unknown, now: number): void {
    if (!Array.isArray(message)) {
      this.#table.command(message, now);
      return;
    }
    for (const one of message) this.#table.command(one, now);
  }

  #flush(): void {
    if (this.#outbox.length === 0) return;
    this.#port.postMessage(this.#outbox.length === 1 ? this.#outbox[0] : this.#outbox);
    this.#outbox = [];
  }

  #scheduleLoad(now: number): void {
    this.#timers.schedule(now + loadEveryMs, (due) => {
      this.#outbox.push(this.#load(due));
      this.#scheduleLoad(due);
    });
  }

  #load(now: number): RelayEvent {
    const cpu = process.threadCpuUsage(this.#cpu);
    const elapsedMs = Math.max(1, now - this.#loadAt);
    this.#cpu = process.threadCpuUsage();
    this.#loadAt = now;
    const busy = Math.min(1, (cpu.user + cpu.system) / 1000 / elapsedMs);
    const sum = (count: (ports: LocalPorts) => number): number => this.#ports.reduce((total, ports) => total + count(ports), 0);
    return { kind: 'load', sessions: this.#table.size, portsUsed: sum((ports) => ports.used), portsFree: sum((ports) => ports.free), busy };
  }

  /** Closes all sockets and lets the thread end. */
  #end(): void {
    this.#io.stop();
    this.#port.close();
  }
}

invariant(parentPort !== null, 'media/worker.ts runs as a worker thread only');
// The parse edge of the thread: signaling/workers builds workerData as WorkerOptions.
const options: WorkerOptions = workerData;
new MediaWorker(parentPort, options, chooseIo({ force: options.io })).run();
