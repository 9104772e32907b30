// What was heard: the power spectrum of 8 kHz audio, averaged over windows of half a second, and the tones that stand
// out of it. A radix-2 FFT under a Hann window; neighbouring bins of a peak are counted as one tone.
import { sampleRate } from './tone.ts';

export interface HeardTone {
  readonly hz: number;
  /** Part of all power heard, 0-1. */
  readonly share: number;
}

const size = 4096;
/** A Hann window spreads a pure tone over 4 bins; G.711 and a lost packet widen it a little. */
const reach = 4;
const dcBins = 8;
const leastShare = 0.02;
/** Mean square just above G.711's smallest step (8 squared): below it a line is silent, and its spectrum is the codec's. */
const silence = 100;

export class Spectrum {
  readonly #frame = new Float64Array(size);
  readonly #power = new Float64Array(size / 2);
  #used = 0;
  #reach = reach;
  #samples = 0;
  #squares = 0;

  add(samples: Int16Array): void {
    for (const sample of samples) {
      this.#frame[this.#used++] = sample;
      this.#squares += sample * sample;
      if (this.#used === size) this.#flush();
    }
    this.#samples += samples.length;
  }

  /** The tones heard so far, strongest first, at most `count`; none when the line was silent. */
  tones(count: number): readonly HeardTone[] {
    if (this.#used > size / 8) this.#flush();
    if (this.#samples === 0 || this.#squares / this.#samples < silence) return [];
    const power = this.#power.slice();
    power.fill(0, 0, dcBins);
    const total = power.reduce((sum, value) => sum + value, 0);
    const tones: HeardTone[] = [];
    while (tones.length < count) {
      const tone = takePeak(power, total, this.#reach);
      if (tone.share < leastShare) break;
      tones.push(tone);
    }
    return tones;
  }

  #flush(): void {
    // Half a window of audio spreads a tone over twice the bins.
    this.#reach = Math.max(this.#reach, Math.ceil((reach * size) / this.#used));
    const real = new Float64Array(size);
    const imaginary = new Float64Array(size);
    for (let i = 0; i < this.#used; i++) {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / this.#used);
      real[i] = (this.#frame[i] ?? 0) * hann;
    }
    transform(real, imaginary);
    for (let i = 0; i < size / 2; i++) this.#power[i] = (this.#power[i] ?? 0) + (real[i] ?? 0) ** 2 + (imaginary[i] ?? 0) ** 2;
    this.#used = 0;
  }
}

/** The strongest peak with its neighbours; they are cleared in `power`. The frequency is their centre of mass. */
function takePeak(power: Float64Array, total: number, reach: number): HeardTone {
  let peak = 0;
  for (let i = 1; i < power.length; i++) if ((power[i] ?? 0) > (power[peak] ?? 0)) peak = i;
  let sum = 0;
  let moment = 0;
  for (let i = Math.max(0, peak - reach); i <= Math.min(power.length - 1, peak + reach); i++) {
    sum += power[i] ?? 0;
    moment += (power[i] ?? 0) * i;
    power[i] = 0;
  }
  if (sum === 0 || total === 0) return { hz: 0, share: 0 };
  return { hz: ((moment / sum) * sampleRate) / size, share: sum / total };
}

/** In-place radix-2 FFT (Cooley-Tukey); the length is a power of two. */
function transform(real: Float64Array, imaginary: Float64Array): void {
  const length = real.length;
  reorder(real, length);
  for (let span = 2; span <= length; span *= 2) {
    for (let k = 0; k < span / 2; k++) {
      const angle = (-2 * Math.PI * k) / span;
      const cosine = Math.cos(angle);
      const sine = Math.sin(angle);
      for (let a = k; a < length; a += span) {
        const b = a + span / 2;
        const re = (real[b] ?? 0) * cosine - (imaginary[b] ?? 0) * sine;
        const im = (real[b] ?? 0) * sine + (imaginary[b] ?? 0) * cosine;
        real[b] = (real[a] ?? 0) - re;
        imaginary[b] = (imaginary[a] ?? 0) - im;
        real[a] = (real[a] ?? 0) + re;
        imaginary[a] = (imaginary[a] ?? 0) + im;
      }
    }
  }
}

/** Bit-reversed order; the imaginary part is all zero here, so only the real part moves. */
function reorder(real: Float64Array, length: number): void {
  for (let i = 1, j = 0; i < length; i++) {
    let bit = length >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      const kept = real[i] ?? 0;
      real[i] = real[j] ?? 0;
      real[j] = kept;
    }
  }
}
