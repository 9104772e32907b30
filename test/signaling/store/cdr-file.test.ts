import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

test('CdrFile takes back the part of a group that a full disk took, so that the file holds whole lines', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'weir-cdr-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'cdr.json');
  const module = fileURLToPath(new URL('../../../signaling/store/cdr-file.ts', import.meta.url));
  const script = `const { CdrFile } = await import(${JSON.stringify(module)});
    const cdr = new CdrFile(${JSON.stringify(file)});
    const line = (name) => JSON.stringify({ name, fill: 'x'.repeat(300) });
    const faults = [cdr.append([line('a')]), cdr.append(['b', 'c', 'd', 'e', 'f'].map(line)), cdr.append([line('g')])];
    console.log(faults.map((fault) => fault?.code ?? 'ok').join());`;
  // A limit on the size of files stands for the full disk: two blocks of 512 bytes.
  const shell = 'ulimit -f 2; exec "$0" --disable-warning=ExperimentalWarning --input-type=module -e "$1"';
  const run = spawnSync('/bin/sh', ['-c', shell, process.execPath, script], { encoding: 'utf8' });
  assert.equal(run.stdout, 'ok,failed,ok\n', run.stderr);
  const names = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).name);
  assert.deepEqual(names, ['a', 'g']);
});
