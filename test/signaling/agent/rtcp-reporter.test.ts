import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReceiveStatistics } from '../../../signaling/agent/receive-statistics.ts';
import { RtcpReporter } from '../../../signaling/agent/rtcp-reporter.ts';

const sent = { packets: 50, bytes: 8600, rtpTimestamp: 8000 };
const wall = 1_780_000_000_000;

test('RtcpReporter tells the round trip and what the far end says of our stream', () => {
  const near = new RtcpReporter({ ssrc: 1, cname: 'near', clockRate: 8000 });
  const far = new RtcpReporter({ ssrc: 2, cname: 'far', clockRate: 8000 });
  const heardByFar = new ReceiveStatistics(8000);
  for (const sequenceNumber of [1, 2, 4, 5])
    heardByFar.add({ ssrc: 1, sequenceNumber, timestamp: sequenceNumber * 160 }, sequenceNumber * 20);

  // 30 ms there, 500 ms until the answer, 50 ms back: the pause does not count.
  far.receive(near.write(new ReceiveStatistics(8000), sent, wall, 'none'), wall + 30);
  near.receive(far.write(heardByFar, undefined, wall + 530, 'none'), wall + 580);

  assert.ok(Math.abs(near.roundTripMs - 80) < 0.1, `${near.roundTripMs}`);
  assert.deepEqual(near.far, { lost: 1, fractionLost: 51 / 256, jitterMs: 0 });
  assert.equal(far.roundTripMs, 0);
  assert.equal(near.received, 1);
});

test('RtcpReporter takes no round trip from reports about others or from nonsense', () => {
  const near = new RtcpReporter({ ssrc: 1, cname: 'near', clockRate: 8000 });
  const far = new RtcpReporter({ ssrc: 2, cname: 'far', clockRate: 8000 });
  const heard = new ReceiveStatistics(8000);
  heard.add({ ssrc: 99, sequenceNumber: 1, timestamp: 0 }, 0);
  far.receive(near.write(new ReceiveStatistics(8000), sent, wall, 'none'), wall);
  near.receive(far.write(heard, sent, wall + 100, 'none'), wall + 200);
  near.receive(Buffer.from('no rtcp at all'), wall + 300);
  assert.equal(near.roundTripMs, 0);
  assert.equal(near.far, undefined);
});
