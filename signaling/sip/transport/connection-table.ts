// The live stream connections, by id and by remote end, so that one connection serves both directions (RFC 3261 18, 18.2.2):
// also an accepted one, found by the remote port it came from.
import type { Connection } from './connection.ts';
import type { Target } from './flow.ts';

export class ConnectionTable {
  readonly #byId = new Map<number, { readonly connection: Connection; readonly key: string }>();
  readonly #byRemote = new Map<string, Connection>();
  #lastId = 0;

  get size(): number {
    return this.#byId.size;
  }

  nextId(): number {
    return ++this.#lastId;
  }

  /** `serverName`: the name that a connection we opened has proved, so that another name is never served by it (RFC 5923 9.2). */
  add(connection: Connection, serverName = ''): void {
    const { zone, protocol, address, port, connection: id } = connection.flow;
    const key = remoteKey(zone, { protocol, address, port, serverName });
    this.#byId.set(id, { connection, key });
    this.#byRemote.set(key, connection);
  }

  get(id: number): Connection | undefined {
    return this.#byId.get(id)?.connection;
  }

  /** One that can be used for a new request. */
  find(zone: string, target: Target): Connection | undefined {
    const connection = this.#byRemote.get(remoteKey(zone, target));
    return connection?.usable === true ? connection : undefined;
  }

  remove(connection: Connection): void {
    const { connection: id } = connection.flow;
    const key = this.#byId.get(id)?.key;
    this.#byId.delete(id);
    // A newer one to the same place may have taken over.
    if (key !== undefined && this.#byRemote.get(key) === connection) this.#byRemote.delete(key);
  }

  all(): Connection[] {
    return [...this.#byId.values()].map((entry) => entry.connection);
  }
}

function remoteKey(zone: string, target: Target): string {
  return `${zone} ${target.protocol} ${target.address} ${target.port} ${target.serverName ?? ''}`;
}
