// The media of one call of an agent: makes offers and answers (RFC 3264) for its one RTP stream and tells the stream what
// was agreed on. Refuses every line but the first audio line it can speak.
import type { Rng } from '../../shared/rng.ts';
import {
  type AudioFormat,
  answerDirection,
  audioFormat,
  type Direction,
  type MediaLine,
  readSdp,
  type SdpLook,
  telephoneEvent,
  type WrittenLine,
  writeSdp,
} from './agent-sdp.ts';
import type { G711 } from './g711.ts';
import { RtpStream } from './rtp-stream.ts';

/** `g711`: what we can speak. `any`: also the offerer's first codec, whatever it is; enough for an echo. */
export type Taste = 'g711' | 'any';

export interface AgentMediaOptions {
  readonly address: string;
  readonly rng: Rng;
  readonly look: SdpLook;
  readonly codecs: readonly G711[];
}

export class AgentMedia {
  readonly stream: RtpStream;
  readonly #options: AgentMediaOptions;
  readonly #sessionId: number;
  #version: number;
  #taste: Taste = 'g711';
  /** What we want to do; the agreed direction may be less. */
  #wish: Direction = 'sendrecv';
  #direction: Direction = 'sendrecv';
  #codec = '';

  private constructor(stream: RtpStream, options: AgentMediaOptions) {
    this.stream = stream;
    this.#options = options;
    this.#sessionId = 1_700_000_000 + options.rng.int(100_000_000);
    this.#version = this.#sessionId;
  }

  static async open(options: AgentMediaOptions): Promise<AgentMedia> {
    return new AgentMedia(await RtpStream.open(options), options);
  }

  /** What we may do by the last agreement. */
  get direction(): Direction {
    return this.#direction;
  }

  /** Encoding name of the last agreement; empty before it. */
  get codec(): string {
    return this.#codec;
  }

  set taste(taste: Taste) {
    this.#taste = taste;
  }

  offer(direction: Direction): Buffer {
    this.#wish = direction;
    const formats = [...this.#options.codecs.map(audioFormat), telephoneEvent];
    return this.#write([{ kind: 'audio', port: this.stream.port, rtcpMux: false, protocol: 'RTP/AVP', direction, formats }]);
  }

  /** undefined: nothing in it that we can speak (488). */
  answer(offer: Uint8Array): Buffer | undefined {
    const lines = readSdp(offer);
    const chosen = lines?.find((line) => line.kind === 'audio' && line.port !== 0 && this.#choose(line) !== undefined);
    const codec = chosen === undefined ? undefined : this.#choose(chosen);
    if (lines === undefined || chosen === undefined || codec === undefined) return undefined;
    const event = eventFormat(chosen);
    const direction = answerDirection(chosen.direction, this.#wish);
    const formats = event === undefined ? [codec] : [codec, event];
    this.#direct(chosen, codec, event, direction);
    return this.#write(
      lines.map((line) =>
        line === chosen ? { ...line, port: this.stream.port, direction, formats } : { ...line, port: 0, rtcpMux: false },
      ),
    );
  }

  /** Takes the answer to our offer; false when the audio line was refused or makes no sense. */
  accept(answer: Uint8Array): boolean {
    const line = readSdp(answer)?.[0];
    const codec = line === undefined || line.port === 0 ? undefined : this.#choose(line);
    if (line === undefined || codec === undefined) return false;
    this.#direct(line, codec, eventFormat(line), answerDirection(line.direction, this.#wish));
    return true;
  }

  close(): void {
    this.stream.close();
  }

  #choose(line: MediaLine): AudioFormat | undefined {
    const spoken = line.formats.filter((format) => format.name !== telephoneEvent.name && format.name !== '');
    if (this.#taste === 'any') return spoken[0];
    return spoken.find((format) => this.#options.codecs.some((codec) => codec === format.name));
  }

  #direct(line: MediaLine, codec: AudioFormat, event: AudioFormat | undefined, direction: Direction): void {
    this.#direction = direction;
    this.#codec = codec.name;
    this.stream.direct({
      address: line.address,
      // An address of zeros is the hold of RFC 2543: nothing is sent there.
      port: line.address === '0.0.0.0' || line.address === '::' ? 0 : line.port,
      rtcpPort: line.rtcpPort,
      codec: codec.name,
      payloadType: codec.payloadType,
      eventPayloadType: event?.payloadType,
      direction,
    });
  }

  #write(lines: readonly WrittenLine[]): Buffer {
    const { address, look } = this.#options;
    this.#version++;
    return writeSdp({ address, sessionId: this.#sessionId, version: this.#version, look, lines });
  }
}

function eventFormat(line: MediaLine): AudioFormat | undefined {
  return line.formats.find((format) => format.name === telephoneEvent.name && format.clockRate === 8000);
}
