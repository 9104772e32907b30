// sdp-transform as a second opinion on what our readers read from real peers' SDP.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'sdp-transform';
import { parseConnection } from '../../../signaling/sdp/connection.ts';
import { directionOf } from '../../../signaling/sdp/direction.ts';
import { attribute, hasAttribute, lineValue } from '../../../signaling/sdp/document.ts';
import { parseMediaLine } from '../../../signaling/sdp/media-line.ts';
import { parseOrigin } from '../../../signaling/sdp/origin.ts';
import { parseSdp } from '../../../signaling/sdp/parse-sdp.ts';
import { parseRtcpAttribute } from '../../../signaling/sdp/rtcp-attribute.ts';
import { codecsOf } from '../../../signaling/sdp/rtpmap.ts';
import { samples } from './samples.ts';

for (const [name, text] of samples) {
  test(`sdp-transform reads ${name} as we do`, () => {
    const result = parseSdp(text);
    assert.ok(result.kind === 'sdp');
    const { session, media } = result.document;
    const oracle = parse(text);
    const origin = parseOrigin(lineValue(session, 'o') ?? '');
    assert.equal(origin?.address, oracle.origin?.address);
    assert.equal(Number(origin?.sessionVersion), oracle.origin?.sessionVersion);
    assert.equal(media.length, oracle.media.length);
    for (const [index, section] of media.entries()) {
      const theirs = oracle.media[index];
      const line = parseMediaLine(section.lines[0]?.value ?? '');
      assert.ok(theirs !== undefined && line !== undefined);
      assert.deepEqual(
        [line.media, line.port, line.protocol, line.formats.join(' ')],
        [theirs.type, theirs.port, theirs.protocol, `${theirs.payloads}`],
      );
      const connection = parseConnection(lineValue(section.lines, 'c') ?? lineValue(session, 'c') ?? '');
      assert.equal(connection?.address, (theirs.connection ?? oracle.connection)?.ip);
      assert.equal(directionOf(section.lines, session), theirs.direction ?? oracle.direction ?? 'sendrecv');
      assert.equal(hasAttribute(section.lines, 'rtcp-mux'), theirs.rtcpMux !== undefined);
      const rtcp = attribute(section.lines, 'rtcp');
      assert.equal(rtcp === undefined ? undefined : parseRtcpAttribute(rtcp)?.port, theirs.rtcp?.port);
      const ours = codecsOf(line.formats, section.lines).map(({ payloadType, name: codec, clockRate }) => [payloadType, codec, clockRate]);
      assert.deepEqual(
        ours,
        theirs.rtp
          .map(({ payload, codec, rate }) => [payload, codec, rate])
          .sort((a, b) => line.formats.indexOf(`${a[0]}`) - line.formats.indexOf(`${b[0]}`)),
      );
    }
  });
}
