import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Quality } from '../../../media/relay/quality.ts';
import { RoundTrip } from '../../../media/relay/round-trip.ts';
import { TokenBucket } from '../../../media/relay/token-bucket.ts';
import { type RtpFields, rtpBytes } from '../../support/rtp-bytes.ts';

/** One packet every 20 ms, G.711. */
class Sender {
  readonly quality = new Quality();
  now = 0;
  #sequence = 0;

  send(count: number, fields: RtpFields = {}): void {
    for (let i = 0; i < count; i++) {
      this.quality.packet(rtpBytes({ sequence: this.#sequence, timestamp: this.#sequence * 160, ...fields }), 0, this.now);
      this.pass(1);
    }
  }

  /** Time of so many packets that are not sent, or lost on the way. */
  pass(packets: number): void {
    this.#sequence++;
    this.now += 20 * packets;
    this.#sequence += packets - 1;
  }
}

test('Quality of a clean G.711 stream is the best there is', () => {
  const sender = new Sender();
  sender.send(500);
  assert.deepEqual(sender.quality.report(0, sender.now), {
    codec: 'PCMA',
    lost: 0,
    outOfOrder: 0,
    duplicates: 0,
    jitterMs: 0,
    gaps: 0,
    mos: 4.39,
    roundTripMs: 0,
  });
});

test('Quality falls with loss and with the round trip', () => {
  const lossy = new Sender();
  for (let i = 0; i < 50; i++) {
    lossy.send(9);
    lossy.pass(1);
  }
  lossy.send(1);
  const report = lossy.quality.report(0, lossy.now);
  assert.equal(report.lost, 50);
  assert.ok(report.mos > 2.5 && report.mos < 3.6, String(report.mos));
  const far = new Sender();
  far.send(500);
  assert.ok(far.quality.report(600, far.now).mos < 4.1);
});

test('Quality goes on over a change of source and keeps what was lost before', () => {
  const sender = new Sender();
  sender.send(50, { ssrc: 1 });
  sender.pass(3);
  sender.send(50, { ssrc: 1 });
  for (let ssrc = 2; ssrc < 12; ssrc++) sender.send(20, { ssrc });
  const report = sender.quality.report(0, sender.now);
  assert.equal(report.lost, 3);
  assert.equal(report.duplicates, 0);
});

test('Quality follows interleaved sources, as under BUNDLE, without taking one for loss of the other', () => {
  const quality = new Quality();
  quality.negotiate([
    { payloadType: 111, name: 'opus', clockRate: 48_000 },
    { payloadType: 96, name: 'VP8', clockRate: 90_000 },
  ]);
  for (let i = 0; i < 300; i++) {
    quality.packet(rtpBytes({ sequence: i, timestamp: i * 960, ssrc: 1, payloadType: 111 }), 0, i * 20);
    if (i % 2 === 0) quality.packet(rtpBytes({ sequence: 40_000 + i / 2, timestamp: i * 1800, ssrc: 2, payloadType: 96 }), 0, i * 20 + 1);
  }
  const report = quality.report(0, 6000);
  assert.deepEqual([report.codec, report.lost, report.outOfOrder, report.jitterMs], ['opus', 0, 0, 0]);
});

test('Quality counts gaps over a second, also the one that lasts, but no pause that was asked for', () => {
  const sender = new Sender();
  sender.send(10);
  sender.pass(51);
  sender.send(10);
  assert.equal(sender.quality.report(0, sender.now).gaps, 1);
  assert.equal(sender.quality.report(0, sender.now + 2000).gaps, 2);
  sender.quality.pause();
  assert.equal(sender.quality.report(0, sender.now + 2000).gaps, 1);
  sender.pass(500);
  sender.send(10);
  assert.equal(sender.quality.report(0, sender.now).gaps, 1);
});

test('Quality gives no score without a basis', () => {
  const few = new Sender();
  few.send(9);
  assert.equal(few.quality.report(0, few.now).mos, 0);
  const unknown = new Sender();
  unknown.send(100, { payloadType: 97 });
  assert.deepEqual([unknown.quality.report(0, 0).mos, unknown.quality.report(0, 0).codec], [0, '']);
  assert.equal(new Quality().report(0, 0).mos, 0);
});

test('Quality passes on what the peer reported', () => {
  const sender = new Sender();
  sender.send(100);
  sender.quality.peerReported(7, 160);
  const report = sender.quality.report(0, sender.now);
  assert.deepEqual([report.peerLost, report.peerJitterMs], [7, 20]);
});

test('RoundTrip is the time between a sender report and its answer, less the delay of the peer', () => {
  const trip = new RoundTrip();
  trip.sent(5, 0x1234, 1000);
  trip.answered(5, 0x9999, 0, 1100);
  trip.answered(6, 0x1234, 0, 1100);
  trip.answered(5, 0, 0, 1100);
  assert.equal(trip.ms, 0, 'answers to nothing we sent');
  trip.answered(5, 0x1234, 65_536, 2080);
  assert.equal(trip.ms, 80);
  trip.sent(5, 0x5678, 3000);
  trip.answered(5, 0x5678, 0, 3160);
  assert.equal(trip.ms, 90, 'smoothed');
  trip.answered(5, 0x5678, 0xffffffff, 3160);
  assert.equal(trip.ms, 90, 'a delay longer than the time is a lie');
});

test('TokenBucket lets the rate and a burst pass', () => {
  const bucket = new TokenBucket(1000, 500);
  let passed = 0;
  for (let i = 0; i < 5000; i++) if (bucket.take(1 + i / 5)) passed++;
  assert.ok(passed >= 1490 && passed <= 1510, `${passed} of 5,000 in a second`);
  bucket.resize(100, 500);
  let more = 0;
  for (let i = 0; i < 5000; i++) if (bucket.take(10_000)) more++;
  assert.equal(more, 50);
});
