import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findSdpPart, parseContentType, replaceSdpPart } from '../../../../signaling/sip/message/multipart.ts';

const sdp = 'v=0\r\ns=-\r\n';
const type = 'multipart/mixed;boundary=unique-1';

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function part(contentType: string, content: string, boundary = 'unique-1'): string {
  return `--${boundary}\r\nContent-Type: ${contentType}\r\nContent-Disposition: session\r\n\r\n${content}\r\n`;
}

function found(contentType: string, body: string): string | undefined {
  const view = findSdpPart(contentType, bytes(body));
  return view === undefined ? undefined : Buffer.from(view).toString('latin1');
}

const isup = part('application/isup;version=nxv3', '\x01\x00\xff\r\n--not');

test('findSdpPart finds the SDP wherever it stands', () => {
  assert.equal(found(type, `${part('application/sdp', sdp)}${isup}--unique-1--\r\n`), sdp);
  assert.equal(found(type, `preamble\r\n${isup}${part('Application/SDP; charset=utf-8', sdp)}--unique-1--`), sdp);
  assert.equal(found('Multipart/Mixed ; Boundary="unique-1"', `${part('application/sdp', sdp)}--unique-1`), sdp);
  assert.equal(found('application/sdp', sdp), sdp);
});

test('findSdpPart finds none where there is none', () => {
  for (const [contentType, body] of [
    [type, isup],
    [type, ''],
    [type, '--unique-1--\r\n'],
    [type, '--unique-1\r\n\r\nv=0\r\n--unique-1--'],
    [type, '--unique-1'],
    [type, '--unique-1\r\nContent-Type: application/sdp'],
    ['multipart/mixed', part('application/sdp', sdp)],
    [`multipart/mixed;boundary=${'x'.repeat(71)}`, part('application/sdp', sdp, 'x'.repeat(71))],
    ['text/plain;boundary=unique-1', part('application/sdp', sdp)],
    [type, `${part('application/sdp', sdp, 'unique-12')}--unique-12--`],
    [type, `--unique-1--\r\n${part('application/sdp', sdp)}`],
  ] as const) {
    assert.equal(found(contentType, body), undefined, `${contentType} ${body}`);
  }
});

test('findSdpPart takes an empty part, a folded header and a part that only the end of the body ends', () => {
  assert.equal(found(type, `${part('application/sdp', '')}--unique-1--`), '');
  assert.equal(found(type, `--unique-1\r\ncontent-type:\r\n application/sdp\r\n\r\n${sdp}`), sdp);
});

function nested(depth: number): { readonly contentType: string; readonly body: string } {
  let contentType = 'application/sdp';
  let body = sdp;
  for (let level = depth; level >= 1; level--) {
    body = `${part(contentType, body, `b${level}`)}--b${level}--`;
    contentType = `multipart/related;boundary=b${level}`;
  }
  return { contentType, body };
}

test('findSdpPart looks three multiparts deep and no deeper', () => {
  assert.equal(found(nested(3).contentType, nested(3).body), sdp);
  assert.equal(found(nested(4).contentType, nested(4).body), undefined);
});

test('findSdpPart looks at 64 parts in all', () => {
  const many = (count: number): string => `${part('text/plain', 'x').repeat(count)}${part('application/sdp', sdp)}--unique-1--`;
  assert.equal(found(type, many(63)), sdp);
  assert.equal(found(type, many(64)), undefined);
});

test('replaceSdpPart leaves every other byte as it was', () => {
  for (const body of [
    `preamble\r\n${isup}${part('application/sdp', sdp)}${isup}--unique-1--\r\nepilogue`,
    `${part('multipart/related;boundary=in', `${part('application/sdp', sdp, 'in')}--in--`)}${isup}--unique-1--`,
  ]) {
    const replaced = replaceSdpPart(type, bytes(body), bytes('v=0\r\nlonger\r\n'));
    assert(replaced !== undefined);
    assert.equal(Buffer.from(replaced).toString('latin1'), body.replace(sdp, 'v=0\r\nlonger\r\n'));
  }
  assert.equal(replaceSdpPart(type, bytes(isup), bytes(sdp)), undefined);
});

test('parseContentType lower-cases the type and unquotes the boundary', () => {
  assert.deepEqual(parseContentType(' Application / SDP'), { type: 'application/sdp', boundary: undefined });
  assert.deepEqual(parseContentType('multipart/mixed; a=b; BOUNDARY="x y"'), { type: 'multipart/mixed', boundary: 'x y' });
});
