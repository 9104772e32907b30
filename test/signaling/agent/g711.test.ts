import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeG711, encodeG711 } from '../../../signaling/agent/g711.ts';

/** Values of the decoder tables of ITU-T G.711 (as scaled to 16 bits by G.191). */
const known = [
  { codec: 'PCMU', code: 0x00, sample: -32_124 },
  { codec: 'PCMU', code: 0x80, sample: 32_124 },
  { codec: 'PCMU', code: 0xff, sample: 0 },
  { codec: 'PCMU', code: 0xf0, sample: 120 },
  { codec: 'PCMU', code: 0x8f, sample: 16_764 },
  { codec: 'PCMA', code: 0xd5, sample: 8 },
  { codec: 'PCMA', code: 0x55, sample: -8 },
  { codec: 'PCMA', code: 0xaa, sample: 32_256 },
  { codec: 'PCMA', code: 0x2a, sample: -32_256 },
  { codec: 'PCMA', code: 0x80, sample: 5504 },
] as const;

for (const { codec, code, sample } of known) {
  test(`decodeG711 reads ${codec} 0x${code.toString(16)} as ${sample}`, () => {
    assert.deepEqual([...decodeG711(codec, Uint8Array.of(code))], [sample]);
  });
}

for (const codec of ['PCMU', 'PCMA'] as const) {
  test(`encodeG711 gives back every ${codec} code that decodeG711 read`, () => {
    const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
    const back = encodeG711(codec, decodeG711(codec, codes));
    // Mu-law has two zeros; the negative one comes back as the positive one.
    for (const code of codes) if (!(codec === 'PCMU' && code === 0x7f)) assert.equal(back[code], code);
  });

  test(`encodeG711 ${codec} stays within half a step for every sample`, () => {
    const samples = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
    const back = decodeG711(codec, encodeG711(codec, samples));
    samples.forEach((sample, i) => {
      const allowed = Math.max(8, (Math.abs(sample) + 132) / 32) + 1;
      if (Math.abs(sample) > 32_500) return;
      assert.ok(Math.abs(sample - back[i]!) <= allowed, `${sample} came back as ${back[i]}`);
    });
  });
}
