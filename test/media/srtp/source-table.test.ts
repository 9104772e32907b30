import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveSources, retiredSources } from '../../../media/srtp/limits.ts';
import { SourceTable } from '../../../media/srtp/source-table.ts';

test('SourceTable makes room by the source that was silent longest, and never takes it back', () => {
  const table = new SourceTable();
  for (let ssrc = 0; ssrc < liveSources; ssrc++) table.add(ssrc);
  assert.ok(table.find(0) !== undefined);
  assert.ok(table.find(2) !== undefined);
  assert.equal(table.admits(1000), true);
  table.add(1000);
  assert.equal(table.find(1), undefined);
  assert.equal(table.admits(1), false);
  assert.ok(table.find(0) !== undefined, 'it was used since');
  assert.ok(table.find(1000) !== undefined);
});

test('SourceTable refuses new sources once it can remember no more', () => {
  const table = new SourceTable();
  const all = liveSources + retiredSources;
  for (let ssrc = 0; ssrc < all; ssrc++) {
    assert.equal(table.admits(ssrc), true);
    table.add(ssrc);
  }
  assert.equal(table.admits(all), false);
  assert.ok(table.find(all - 1) !== undefined, 'the living ones live');
});
