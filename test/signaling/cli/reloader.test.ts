import assert from 'node:assert/strict';
import test from 'node:test';
import { type Log, silentLog } from '../../../shared/log.ts';
import { Reloader } from '../../../signaling/cli/reloader.ts';
import type { LoadResult } from '../../../signaling/config/load.ts';
import type { Config } from '../../../signaling/config/schema.ts';
import { loadBody, sound } from '../config/config-directory.ts';

interface Fixture {
  readonly told: unknown[];
  readonly offered: (readonly string[])[];
  readonly levels: string[];
  /** Loads `text` on a SIGHUP. */
  reload(text: string): Promise<void>;
}

function fixture(taken: (changed: readonly string[]) => readonly string[] | undefined): Fixture {
  const told: unknown[] = [];
  const offered: (readonly string[])[] = [];
  const levels: string[] = [];
  const log: Log = {
    ...silentLog,
    info: (fields, event) => told.push([event, fields]),
    error: (fields, event) => told.push([event, fields]),
  };
  let next: LoadResult = loadBody(sound);
  assert.ok(next.kind === 'loaded');
  const reload = async (_next: Config, changed: readonly string[]): Promise<readonly string[]> => {
    offered.push(changed);
    const answer = taken(changed);
    if (answer === undefined) throw new Error('no luck');
    return answer;
  };
  const reloader = new Reloader({ app: { reload }, log, config: next.config, load: () => next, setLevel: (level) => levels.push(level) });
  return {
    told,
    offered,
    levels,
    reload(text) {
      next = loadBody(text);
      return reloader.reload();
    },
  };
}

const allowed = sound.replace('    media:\n', '    allow: [192.0.2.0/24]\n    media:\n');

test('Reloader takes nothing from a wrong configuration and tells what is wrong', async () => {
  const { told, offered, reload } = fixture((changed) => changed);
  await reload(sound.replace('port: 5060', 'port: 0'));
  assert.deepEqual(told, [
    [
      'reload-refused',
      {
        problems: ['WEIR_CONFIG_BODY:5:52: zones[0].listeners[0].port: found 0, allowed: a whole number from 1 to 65535'],
        count: 1,
      },
    ],
  ]);
  assert.deepEqual(offered, []);
});

test('Reloader changes the log level by itself and offers the rest to the application', async () => {
  const { told, offered, levels, reload } = fixture(() => ['zones[0].allow']);
  await reload(`${allowed}log: { level: debug }\n`);
  assert.deepEqual(levels, ['debug']);
  assert.deepEqual(offered, [['zones[0].allow']]);
  assert.deepEqual(told, [['reloaded', { changed: ['log.level', 'zones[0].allow'], needRestart: [] }]]);
});

test('Reloader names what needs a restart, until it is changed back', async () => {
  const { told, reload } = fixture(() => []);
  const edited = sound.replace('port: 5060', 'port: 5070');
  await reload(edited);
  await reload(edited);
  await reload(sound);
  const restart = ['reloaded', { changed: [], needRestart: ['zones[0].listeners[0].port'] }];
  assert.deepEqual(told, [restart, restart, ['reloaded', { changed: [], needRestart: [] }]]);
});

test('Reloader compares with what was taken, not with the start', async () => {
  const { offered, reload } = fixture((changed) => changed);
  await reload(allowed);
  await reload(allowed);
  assert.deepEqual(offered, [['zones[0].allow']]);
  await reload(sound);
  assert.deepEqual(offered, [['zones[0].allow'], ['zones[0].allow']]);
});

test('Reloader lives through a reload that fails in the application', async () => {
  const { told, reload } = fixture(() => undefined);
  await reload(allowed);
  assert.deepEqual(told, [['reload-failed', { reason: 'no luck' }]]);
  await reload(sound);
  assert.equal(told.length, 2);
});
