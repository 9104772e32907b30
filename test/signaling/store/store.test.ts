import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { WeirError } from '../../../shared/errors.ts';
import { storeLimits } from '../../../signaling/store/limits.ts';
import { storeFixture } from './store-fixture.ts';

test('Store keeps records over a close and an open; the last change of a record counts', async (t) => {
  const { open } = storeFixture(t);
  const first = open();
  assert.deepEqual(await first.loadRecords(), new Map());
  first.putRecord('a', '{"v":1}');
  first.putRecord('b', '{"v":1}');
  first.putRecord('a', '{"v":2}');
  await first.flush();
  first.putRecord('c', '{"v":3}');
  first.deleteRecord('b');
  await first.close();
  const second = open();
  assert.deepEqual(
    await second.loadRecords(),
    new Map([
      ['a', '{"v":2}'],
      ['c', '{"v":3}'],
    ]),
  );
});

test('Store lets a record be deleted and put again within one group', async (t) => {
  const { open } = storeFixture(t);
  const store = open();
  store.putRecord('a', '1');
  await store.flush();
  store.deleteRecord('a');
  store.putRecord('a', '2');
  store.putRecord('b', '1');
  store.deleteRecord('b');
  await store.flush();
  assert.deepEqual(await store.loadRecords(), new Map([['a', '2']]));
});

test('Store gathers changes for 20 ms, or until 500 have come', async (t) => {
  const { open, pass } = storeFixture(t);
  const store = open();
  await store.loadRecords();
  store.putRecord('a', '1');
  assert.equal(store.counters.waiting, 1);
  pass(19);
  await store.loadRecords();
  assert.equal(store.counters.written, 0);
  pass(1);
  // The thread answers in order: once it has loaded, it has written.
  assert.equal((await store.loadRecords()).size, 1);
  assert.deepEqual(store.counters, { written: 1, failures: 0, lost: 0, waiting: 0 });
  for (let i = 0; i < storeLimits.groupSize; i++) store.putRecord(`r${i}`, '1');
  assert.equal((await store.loadRecords()).size, storeLimits.groupSize + 1);
});

test('Store goes on after a change that comes while a group is on its way', async (t) => {
  const { open, pass } = storeFixture(t);
  const store = open();
  await store.loadRecords();
  store.putRecord('a', '1');
  pass(20);
  store.putRecord('a', '2');
  pass(20);
  await store.loadRecords();
  pass(20);
  assert.deepEqual(await store.loadRecords(), new Map([['a', '2']]));
});

test('Store flush does not wait for what comes after it', async (t) => {
  const { open } = storeFixture(t);
  const store = open();
  await store.loadRecords();
  store.putRecord('a', '1');
  const flushed = store.flush();
  store.putRecord('later', '1');
  await flushed;
  assert.deepEqual(store.counters, { written: 1, failures: 0, lost: 0, waiting: 1 });
});

test('Store has its directory and file for itself', async (t) => {
  const { open, directory } = storeFixture(t);
  await open().loadRecords();
  assert.equal(statSync(join(directory, 'state')).mode & 0o777, 0o700);
  assert.equal(statSync(join(directory, 'state', 'weir.db')).mode & 0o777, 0o600);
});

test('Store takes any text: quotes, line ends, emoji, latin1 bytes', async (t) => {
  const { open } = storeFixture(t);
  const store = open();
  const texts = ["it's", '"; DROP TABLE record; --', 'a\r\nb', '📞', '\u00e9\u0080', ''];
  for (const text of texts) store.putRecord(`id ${text}`, text);
  await store.flush();
  assert.deepEqual(await store.loadRecords(), new Map(texts.map((text) => [`id ${text}`, text])));
});

test('Store appends one line per CDR, whole and in order, and follows a rotation', async (t) => {
  const { open, cdrFile } = storeFixture(t);
  const store = open();
  store.appendCdr('{"n":1}');
  store.appendCdr('{"n":2,"text":"a\r\nb"}');
  await store.flush();
  renameSync(cdrFile, `${cdrFile}.1`);
  store.appendCdr('{"n":3}');
  await store.close();
  assert.equal(readFileSync(`${cdrFile}.1`, 'utf8'), '{"n":1}\n{"n":2,"text":"a b"}\n');
  assert.equal(readFileSync(cdrFile, 'utf8'), '{"n":3}\n');
  assert.equal(statSync(cdrFile).mode & 0o777, 0o640);
});

test('Store without a CDR file takes CDRs and writes none', async (t) => {
  const { open } = storeFixture(t);
  const store = open({ cdrFile: '' });
  store.appendCdr('{}');
  assert.equal(store.counters.waiting, 0);
});

test('Store moves a damaged file aside, says so loudly, and goes on with a new one', async (t) => {
  const { open, directory, lines } = storeFixture(t);
  mkdirSync(join(directory, 'state'));
  writeFileSync(join(directory, 'state', 'weir.db'), 'this is no database, '.repeat(500));
  const store = open();
  assert.deepEqual(await store.loadRecords(), new Map());
  store.putRecord('a', '1');
  await store.flush();
  assert.equal((await store.loadRecords()).size, 1);
  const moved = readdirSync(join(directory, 'state')).find((name) => name.startsWith('weir.db.damaged-'));
  assert.match(readFileSync(join(directory, 'state', moved!), 'utf8'), /^this is no database/);
  assert.deepEqual(
    lines.map(({ level, event }) => [level, event]),
    [['error', 'store-damaged-file-moved-aside']],
  );
});

test('Store finds a page that was overwritten in a good file', async (t) => {
  const { open, directory, events } = storeFixture(t);
  const first = open();
  for (let i = 0; i < 400; i++) first.putRecord(`record-${i}`, 'x'.repeat(200));
  await first.close();
  const path = join(directory, 'state', 'weir.db');
  const bytes = readFileSync(path);
  bytes.fill(0xee, 4096 * 2, 4096 * 6);
  writeFileSync(path, bytes);
  assert.deepEqual(await open().loadRecords(), new Map());
  assert.deepEqual(events(), ['store-damaged-file-moved-aside']);
});

test('Store finds damage at the start that reading alone would not meet', async (t) => {
  const { open, directory, events } = storeFixture(t);
  const first = open();
  for (let i = 0; i < 400; i++) first.putRecord(`record-${i}`, 'x'.repeat(200));
  await first.close();
  const path = join(directory, 'state', 'weir.db');
  const database = new DatabaseSync(path);
  const page = Number(database.prepare("SELECT rootpage FROM sqlite_schema WHERE type = 'index'").get()?.rootpage);
  database.close();
  const bytes = readFileSync(path);
  bytes.fill(0xee, (page - 1) * 4096, page * 4096);
  writeFileSync(path, bytes);
  await open().loadRecords();
  assert.deepEqual(events(), ['store-damaged-file-moved-aside']);
});

test('Store refuses a directory that another Weir uses', async (t) => {
  const { open } = storeFixture(t);
  await open().loadRecords();
  // SQLite's locks are of processes, and within one process of connections: a second store stands for a second Weir.
  await assert.rejects(
    open().loadRecords(),
    (error) => error instanceof WeirError && error.code === 'store-in-use' && /another process/.test(error.message),
  );
});

test('Store refuses a file of a newer version and leaves it as it is', async (t) => {
  const { open, directory } = storeFixture(t);
  const path = join(directory, 'state', 'weir.db');
  mkdirSync(join(directory, 'state'));
  const newer = new DatabaseSync(path);
  newer.exec('PRAGMA user_version = 999; CREATE TABLE future (x)');
  newer.close();
  const store = open();
  await assert.rejects(
    store.loadRecords(),
    (error) => error instanceof WeirError && error.code === 'store-newer' && /schema 999/.test(error.message),
  );
  await store.close();
  const after = new DatabaseSync(path);
  assert.equal(after.prepare('PRAGMA user_version').get()?.user_version, 999);
  after.close();
});

test('Store lets calls go on without a disk, tells it once a second, and writes all when the disk is back', async (t) => {
  const { open, directory, pass, lines } = storeFixture(t);
  const state = join(directory, 'state');
  // A file where the directory should be: nobody can make it, root neither.
  writeFileSync(state, '');
  const store = open();
  assert.deepEqual(await store.loadRecords(), new Map());
  for (let i = 0; i < 50; i++) {
    store.putRecord('a', String(i));
    store.putRecord(`b${i}`, '1');
    await store.flush();
  }
  assert.equal(store.counters.waiting, 51);
  assert.equal(store.counters.written, 0);
  const told = lines.filter((line) => line.event === 'store-write-failed');
  assert.equal(told.length, 1);
  assert.match(String(told[0]?.fields.reason), /^Cannot write the state in .*state: EEXIST/);
  rmSync(state);
  pass(1000);
  await store.flush();
  assert.equal(store.counters.waiting, 0);
  const records = await store.loadRecords();
  assert.equal(records.size, 51);
  assert.equal(records.get('a'), '49');
  assert.ok(lines.some((line) => line.level === 'info' && line.event === 'store-recovered'));
});

test('Store writes on when its file is removed under it', async (t) => {
  const { open, directory } = storeFixture(t);
  const store = open();
  store.putRecord('a', '1');
  await store.flush();
  rmSync(join(directory, 'state'), { recursive: true });
  store.putRecord('b', '1');
  await store.flush();
  assert.ok(existsSync(join(directory, 'state', 'weir.db')));
  assert.deepEqual(await store.loadRecords(), new Map([['b', '1']]));
});

test('Store keeps CDRs apart from records: one failing does not write the other twice', async (t) => {
  const { open, directory, pass } = storeFixture(t);
  writeFileSync(join(directory, 'log'), '');
  const store = open();
  await store.loadRecords();
  store.putRecord('a', '1');
  store.appendCdr('{"n":1}');
  await store.flush();
  assert.deepEqual(store.counters, { written: 1, failures: 1, lost: 0, waiting: 1 });
  rmSync(join(directory, 'log'));
  pass(1000);
  await store.flush();
  assert.equal(readFileSync(join(directory, 'log', 'cdr.json'), 'utf8'), '{"n":1}\n');
});

test('Store never writes half a line where the disk is full', { skip: !existsSync('/dev/full') && 'no /dev/full' }, async (t) => {
  const { open } = storeFixture(t);
  const store = open({ cdrFile: '/dev/full' });
  await store.loadRecords();
  store.appendCdr('{"n":1}');
  await store.flush();
  assert.deepEqual(store.counters, { written: 0, failures: 1, lost: 0, waiting: 1 });
});

test('Store caps what waits, counts what it loses, and does not lose a change of a waiting record', async (t) => {
  const { open, directory, lines } = storeFixture(t);
  writeFileSync(join(directory, 'state'), '');
  const store = open();
  await store.loadRecords();
  store.putRecord('r0', '1');
  await store.flush();
  for (let i = 0; i < storeLimits.waitingRecords + 10; i++) store.putRecord(`r${i}`, '1');
  store.putRecord('r0', '2');
  for (let i = 0; i < storeLimits.waitingLines + 5; i++) store.appendCdr('{}');
  assert.equal(store.counters.lost, 15);
  assert.equal(lines.filter((line) => line.event === 'store-full').length, 1);
});

test('Store starts a new thread when its own dies over a group, and writes the group then', async (t) => {
  const { open, pass, events } = storeFixture(t);
  const store = open({ entry: new URL('./dying-worker.ts', import.meta.url) });
  await store.loadRecords();
  store.putRecord('a', '1');
  store.putRecord('b', '1');
  const flushed = store.flush();
  store.putRecord('a', '2');
  await flushed;
  assert.deepEqual(events(), ['store-write-failed']);
  assert.deepEqual(store.counters, { written: 0, failures: 1, lost: 0, waiting: 2 });
  pass(1000);
  await store.flush();
  assert.deepEqual(events(), ['store-write-failed', 'store-recovered']);
  assert.deepEqual(
    await store.loadRecords(),
    new Map([
      ['a', '2'],
      ['b', '1'],
    ]),
  );
});

test('Store loadRecords comes back empty when the thread dies over it', async (t) => {
  const { open } = storeFixture(t);
  const store = open({ entry: new URL('./missing-worker.ts', import.meta.url) });
  assert.deepEqual(await store.loadRecords(), new Map());
});

test('Store close is final and can be called twice', async (t) => {
  const { open, pass } = storeFixture(t);
  const store = open();
  store.putRecord('a', '1');
  await Promise.all([store.close(), store.close()]);
  store.putRecord('b', '1');
  pass(5000);
  await store.close();
  assert.deepEqual(await open().loadRecords(), new Map([['a', '1']]));
});

test('Store keeps what was flushed when the process is killed (SIGKILL)', async (t) => {
  const { open, directory } = storeFixture(t);
  const script = fileURLToPath(new URL('./store-child.ts', import.meta.url));
  const flags = ['--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, script, join(directory, 'state')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.kill('SIGKILL');
  assert.equal(await exited, 'SIGKILL');
  const records = await open().loadRecords();
  for (let i = 0; i < 1000; i++) assert.equal(records.get(`kept-${i}`), '{"n":1}');
});
