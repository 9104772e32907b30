// Digits as telephone events (RFC 4733) on a 20 ms clock: the sender yields the packets that take the place of audio, the
// receiver collects the digits heard, each once, whatever was lost or sent three times.
import { decodeTelephoneEvent, type RtpPacket, TelephoneEventWriter } from '../../shared/rtp-packet.ts';

const frameMs = 20;
const digitFrames = 5;
const gapFrames = 5;
/** A peer could send events for ever; nobody dials more. */
const maxDigits = 256;

export class DigitSender {
  readonly #writer: TelephoneEventWriter;
  #queue = '';
  #frame = 0;

  constructor(options: { ssrc: number; payloadType: number; nextSequenceNumber: () => number }) {
    this.#writer = new TelephoneEventWriter({ ...options, clockRate: 8000 });
  }

  /** Characters that are no digits are left out. */
  dial(digits: string): void {
    for (const digit of digits.toUpperCase()) if (TelephoneEventWriter.writes(digit)) this.#queue += digit;
  }

  get idle(): boolean {
    return this.#queue === '';
  }

  /** What goes out in this frame instead of audio; undefined in pauses and when all is sent. */
  next(timestamp: number): readonly Buffer[] | undefined {
    const digit = this.#queue[0];
    if (digit === undefined) return undefined;
    const frame = this.#frame++;
    if (frame === 0) this.#writer.start(digit, timestamp);
    if (frame < digitFrames - 1) return [this.#writer.update(frameMs)];
    if (frame === digitFrames - 1) return this.#writer.end(frameMs);
    if (frame === digitFrames + gapFrames - 1) {
      this.#queue = this.#queue.slice(1);
      this.#frame = 0;
    }
    return undefined;
  }
}

export class DigitReceiver {
  #digits = '';
  #timestamp: number | undefined;

  get digits(): string {
    return this.#digits;
  }

  /** All packets of one event share a timestamp (RFC 4733 section 2.5.1.1); the first that arrives counts. */
  receive(packet: RtpPacket): void {
    const event = decodeTelephoneEvent(packet.payload);
    if (event === undefined || packet.timestamp === this.#timestamp || this.#digits.length >= maxDigits) return;
    this.#timestamp = packet.timestamp;
    this.#digits += event.digit;
  }
}
