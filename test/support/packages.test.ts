import assert from 'node:assert/strict';
import test from 'node:test';
import { findCommand, missingTool } from './packages.ts';

test('missingTool is false for what is there, and else says how to get it', () => {
  assert.equal(missingTool('sh'), false);
  assert.equal(
    missingTool('no-such-program'),
    'no-such-program is not installed: run npm test as root, or apt-get install no-such-program',
  );
});

test('findCommand takes only what can be run', () => {
  assert.match(findCommand('sh') ?? '', /^\/.*\/sh$/);
  assert.equal(findCommand('../etc/passwd'), undefined);
});
