// A sine tone as 16-bit samples, phase-continuous from frame to frame. What comes back is read in spectrum.ts.

export const sampleRate = 8000;

export class ToneSource {
  readonly #step: number;
  readonly #amplitude: number;
  #phase = 0;

  /** `levelDb` is relative to full scale; 0 Hz is silence. */
  constructor(options: { hz: number; levelDb?: number }) {
    this.#step = (2 * Math.PI * options.hz) / sampleRate;
    this.#amplitude = options.hz === 0 ? 0 : 32_767 * 10 ** ((options.levelDb ?? -10) / 20);
  }

  next(samples: number): Int16Array {
    const frame = new Int16Array(samples);
    for (let i = 0; i < samples; i++) {
      frame[i] = Math.round(this.#amplitude * Math.sin(this.#phase));
      this.#phase = (this.#phase + this.#step) % (2 * Math.PI);
    }
    return frame;
  }
}
