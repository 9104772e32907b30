import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRng } from '../../../shared/rng.ts';
import { decodeG711, encodeG711 } from '../../../signaling/agent/g711.ts';
import { Spectrum } from '../../../signaling/agent/spectrum.ts';
import { ToneSource } from '../../../signaling/agent/tone.ts';

for (const hz of [100, 350, 440, 697, 1000, 1633, 2100, 3400]) {
  test(`Spectrum finds a tone of ${hz} Hz through G.711`, () => {
    const spectrum = new Spectrum();
    const source = new ToneSource({ hz });
    for (let i = 0; i < 60; i++) spectrum.add(decodeG711('PCMU', encodeG711('PCMU', source.next(160))));
    const [tone] = spectrum.tones(3);
    assert.ok(tone);
    assert.ok(Math.abs(tone.hz - hz) < 1, `heard ${tone.hz}`);
    assert.ok(tone.share > 0.98, `share ${tone.share}`);
  });
}

test('Spectrum finds a tone in less than one window', () => {
  const spectrum = new Spectrum();
  spectrum.add(new ToneSource({ hz: 440 }).next(1600));
  const tones = spectrum.tones(3);
  assert.equal(tones.length, 1);
  assert.ok(Math.abs(tones[0]!.hz - 440) < 2);
});

test('Spectrum tells two tones apart and weighs them', () => {
  const spectrum = new Spectrum();
  const low = new ToneSource({ hz: 350, levelDb: -10 });
  const high = new ToneSource({ hz: 440, levelDb: -20 });
  for (let i = 0; i < 100; i++) {
    const other = high.next(160);
    spectrum.add(low.next(160).map((sample, n) => sample + other[n]!));
  }
  const tones = spectrum.tones(3);
  assert.deepEqual(
    tones.map((tone) => Math.round(tone.hz)),
    [350, 440],
  );
  assert.ok(Math.abs(tones[0]!.share - 10 / 11) < 0.02);
});

test('Spectrum still finds the tone when packets are lost', () => {
  const spectrum = new Spectrum();
  const source = new ToneSource({ hz: 1000 });
  for (let i = 0; i < 100; i++) {
    const frame = source.next(160);
    if (i % 20 !== 7) spectrum.add(frame);
  }
  assert.ok(Math.abs(spectrum.tones(1)[0]!.hz - 1000) < 5);
});

test('Spectrum hears no tone in silence and in noise', () => {
  const silent = new Spectrum();
  assert.deepEqual(silent.tones(3), []);
  silent.add(decodeG711('PCMA', new Uint8Array(8000).fill(0xd5)));
  assert.deepEqual(silent.tones(3), []);
  const rng = seededRng(7);
  const noisy = new Spectrum();
  noisy.add(Int16Array.from({ length: 80_000 }, () => rng.int(20_000) - 10_000));
  assert.deepEqual(noisy.tones(3), []);
});
