// G.711 (ITU-T): one byte is one sample at 8 kHz, mu-law (PCMU) or A-law (PCMA). Linear samples are 16 bits signed.
// For the agent and the probe, which hear and speak; Weir's relay never touches payloads.

export type G711 = 'PCMU' | 'PCMA';

/** Payload types fixed by RFC 3551 section 6. */
export const g711PayloadTypes: ReadonlyMap<G711, number> = new Map<G711, number>([
  ['PCMU', 0],
  ['PCMA', 8],
]);

// Both laws: sign bit, three bits of segment (a power of two), four bits of step within it. Mu-law adds a bias, so that
// segment 0 is like the others, and inverts all bits; A-law inverts every other bit.
const bias = 0x84;
const clip = 32_635;

const decodeTables: Readonly<Record<G711, Int16Array>> = {
  PCMU: Int16Array.from({ length: 256 }, (_, code) => decodeMuLaw(code)),
  PCMA: Int16Array.from({ length: 256 }, (_, code) => decodeALaw(code)),
};

export function decodeG711(codec: G711, bytes: Uint8Array): Int16Array {
  const table = decodeTables[codec];
  return Int16Array.from(bytes, (code) => table[code] ?? 0);
}

export function encodeG711(codec: G711, samples: Int16Array): Uint8Array {
  const encode = codec === 'PCMU' ? encodeMuLaw : encodeALaw;
  return Uint8Array.from(samples, (sample) => encode(sample));
}

function encodeMuLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), clip) + bias;
  const segment = 24 - Math.clz32(magnitude);
  return ~(sign | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)) & 0xff;
}

function decodeMuLaw(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + bias) << ((bits >> 4) & 7)) - bias;
  return (bits & 0x80) !== 0 ? -magnitude : magnitude;
}

function encodeALaw(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  // One's complement of negatives, as ITU-T G.191 does, so that -1 and 0 fall into the two halves of the innermost step.
  const magnitude = Math.min(sample >= 0 ? sample : ~sample, 32_767) >> 4;
  const segment = Math.max(0, 28 - Math.clz32(magnitude));
  const step = segment === 0 ? magnitude : magnitude >> (segment - 1);
  return (sign | (segment << 4) | (step & 0x0f)) ^ 0x55;
}

function decodeALaw(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 7;
  const step = ((bits & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return (bits & 0x80) !== 0 ? magnitude : -magnitude;
}
