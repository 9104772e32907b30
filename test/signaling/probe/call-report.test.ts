import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StreamStatistics } from '../../../signaling/agent/rtp-stream.ts';
import { audioReport, judgeAudio, unfinished } from '../../../signaling/probe/call-report.ts';
import { formatReport } from '../../../signaling/probe/format-report.ts';

const statistics: StreamStatistics = {
  packetsSent: 250,
  bytesSent: 43_000,
  received: { packets: 245, lost: 5, outOfOrder: 1, duplicates: 0, jitterMs: 1.2345 },
  strangePayloads: 0,
  tones: [
    { hz: 1000.04, share: 0.8765 },
    { hz: 440.3, share: 0.05 },
  ],
  digits: '',
  rtcpReceived: 2,
  roundTripMs: 20.04,
  far: { lost: 2, fractionLost: 0, jitterMs: 0.5 },
  sources: ['127.0.0.1:4000'],
};

test('audioReport computes loss and rounds for people', () => {
  const audio = audioReport('PCMU', statistics);
  assert.deepEqual([audio.lossPercent, audio.jitterMs, audio.roundTripMs], [2, 1.23, 20.04]);
  assert.deepEqual(audio.tones[0], { hz: 1000, share: 0.877 });
  const clean = audioReport('PCMU', { ...statistics, received: { ...statistics.received, lost: 0 } });
  assert.ok(clean.mos > audio.mos && audio.mos > 3);
  assert.equal(audioReport('PCMU', { ...statistics, received: { ...statistics.received, packets: 0 } }).mos, 0);
});

const audio = audioReport('PCMU', statistics);
const judgements = [
  { name: 'good audio', audio, expected: undefined, says: '' },
  { name: 'the expected tone', audio, expected: 1000, says: '' },
  { name: 'a tone a little off', audio, expected: 1008, says: '' },
  { name: 'another tone', audio, expected: 1200, says: 'the tone of 1200 Hz was not heard, but 1000 Hz, 440 Hz' },
  { name: 'a tone too faint', audio, expected: 440, says: 'the tone of 440 Hz was not heard, but 1000 Hz, 440 Hz' },
  { name: 'silence', audio: { ...audio, tones: [] }, expected: 1000, says: 'the tone of 1000 Hz was not heard, but silence' },
  { name: 'nothing received', audio: { ...audio, packetsReceived: 0 }, expected: undefined, says: 'no audio came back' },
  { name: 'nothing sent', audio: { ...audio, packetsSent: 0 }, expected: undefined, says: 'no audio was sent: the other side took none' },
];
for (const { name, audio: heard, expected, says } of judgements) {
  test(`judgeAudio judges ${name}`, () => assert.equal(judgeAudio(heard, expected), says));
}

test('formatReport shows a call that went well', () => {
  const text = formatReport(
    unfinished('sip:a@b', 'ok', '', {
      protocol: 'udp',
      local: '10.0.0.1:5062',
      remote: '10.0.0.2:5060',
      status: 200,
      ringingMs: 12,
      answeredMs: 34,
      codec: 'PCMU',
      audio,
      digitsSent: '12',
      end: { by: 'us', afterMs: 5012, reason: '' },
    }),
  );
  assert.deepEqual(text.split('\n'), [
    '  call      sip:a@b over udp, 10.0.0.1:5062 to 10.0.0.2:5060',
    '  setup     ringing after 12 ms, answered after 34 ms',
    '  codec     PCMU',
    '  sent      250 packets, 2 of them lost as the far end says',
    '  received  245 packets, 5 lost (2 %), 1 out of order, jitter 1.23 ms',
    `  quality   MOS ${audio.mos.toFixed(2)}, round trip 20.04 ms`,
    '  heard     1000 Hz (88 % of the power), 440 Hz (5 % of the power)',
    '  digits    sent 12, heard none',
    '  ended     by us after 5.0 s',
    'OK',
    '',
  ]);
});

test('formatReport shows a call that was refused', () => {
  const text = formatReport(unfinished('sip:a@b', 'call-failed', '486 Busy Here', { protocol: 'tcp', status: 486, reason: 'Busy Here' }));
  assert.deepEqual(text.split('\n'), [
    '  call      sip:a@b over tcp',
    '  setup     486 Busy Here',
    '  ended     before it began',
    'CALL FAILED: 486 Busy Here',
    '',
  ]);
});
