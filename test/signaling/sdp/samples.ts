// The SDP fixtures by name, as bytes in latin1.
import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../../fixtures/sdp/', import.meta.url);

export const samples: ReadonlyMap<string, string> = new Map(
  ['chrome', 'freeswitch'].flatMap((peer) =>
    readdirSync(new URL(`${peer}/`, folder)).map((name): [string, string] => [
      `${peer}/${name}`,
      readFileSync(new URL(`${peer}/${name}`, folder), 'latin1'),
    ]),
  ),
);
