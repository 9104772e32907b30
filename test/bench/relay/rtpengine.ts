// Debian's rtpengine in userspace as the peer of the bench: started on one core without its kernel module, calls set up over
// the ng control protocol (bencoded dictionaries over UDP).
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type Bencoded, decodeBencode, encodeBencode } from './bencode.ts';
import type { BenchCall } from './generator.ts';
import { pinned } from './line-process.ts';
import { benchKeySalt, type PeerPorts, type Profile, type RelayUnderTest, srtpSuite } from './load.ts';

const address = '127.0.0.1';
const replyMs = 2000;

/** undefined when it is not installed. */
export function rtpengineVersion(): string | undefined {
  const run = spawnSync('rtpengine', ['--version'], { encoding: 'utf8' });
  return /Version:\s*(\S+)/.exec(`${run.stdout} ${run.stderr}`)?.[1];
}

export async function startRtpengine(core: number, count: number, ports: PeerPorts, profile: Profile): Promise<RelayUnderTest> {
  const control = new NgControl();
  const ngPort = await control.open();
  const options = ['--table=-1', `--interface=${address}`, `--listen-ng=${address}:${ngPort}`, '--port-min=12000', '--port-max=28000'];
  const quiet = ['--foreground', '--log-stderr', '--log-level=2', '--num-threads=1', '--config-file=none'];
  const [command, ...args] = pinned(core, ['rtpengine', ...options, ...quiet]);
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  const stop = async (): Promise<void> => {
    control.close();
    child.kill();
    if (child.exitCode === null) await once(child, 'exit');
  };
  try {
    await control.untilReady();
    const calls: BenchCall[] = [];
    for (let index = 0; index < count; index++) calls.push(await control.call(index, ports, profile));
    return { name: 'rtpengine', pid: child.pid ?? 0, address, calls, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

class NgControl {
  readonly #socket = createSocket('udp4');
  readonly #prefix = randomBytes(4).toString('hex');
  #port = 0;
  #cookie = 0;

  /** A port that is free now, for rtpengine to listen on: benches side by side must not talk to one another's. */
  async open(): Promise<number> {
    this.#socket.bindSync({ address });
    const probe = createSocket('udp4');
    this.#port = probe.bindSync({ address }).port;
    probe.close();
    await once(probe, 'close');
    return this.#port;
  }

  async untilReady(): Promise<void> {
    for (let attempt = 0; attempt < 50; attempt++) {
      if ((await this.#ask({ command: 'ping' }, 100)) !== undefined) return;
    }
    throw new Error('rtpengine does not answer a ping');
  }

  async call(index: number, ports: PeerPorts, profile: Profile): Promise<BenchCall> {
    const common = { 'call-id': `bench-${index}`, 'from-tag': `a${index}`, ICE: 'remove', replace: ['origin'] };
    const send = profile === 'srtp' ? benchKeySalt(index) : undefined;
    const a = sdp(ports.a[index % ports.a.length] ?? 0, send);
    const b = sdp(ports.b[index % ports.b.length] ?? 0, undefined);
    const offer = { command: 'offer', ...common, 'transport-protocol': 'RTP/AVP', sdp: a };
    const offered = await this.#ask(offer, replyMs);
    const answered = await this.#ask({ command: 'answer', ...common, 'to-tag': `b${index}`, sdp: b }, replyMs);
    // What rtpengine tells B is where B sends to, and the other way round.
    const call = { a: audioPort(answered), b: audioPort(offered) };
    if (send === undefined) return call;
    const receive = new RegExp(`a=crypto:\\d+ ${srtpSuite} inline:([\\w+/=]+)`).exec(JSON.stringify(answered))?.[1];
    if (receive === undefined) throw new Error(`rtpengine answered without a key of ${srtpSuite}`);
    return { ...call, keys: { send: { suite: srtpSuite, keySalt: send }, receive: { suite: srtpSuite, keySalt: receive } } };
  }

  close(): void {
    this.#socket.close();
  }

  async #ask(request: { readonly [key: string]: Bencoded }, timeoutMs: number): Promise<Bencoded | undefined> {
    const cookie = `${this.#prefix}-${this.#cookie++}`;
    this.#socket.send(Buffer.from(`${cookie} ${encodeBencode(request)}`, 'latin1'), this.#port, address);
    return new Promise((resolve) => {
      const done = (value: Bencoded | undefined): void => {
        clearTimeout(timer);
        this.#socket.off('message', onMessage);
        resolve(value);
      };
      const timer = setTimeout(() => done(undefined), timeoutMs);
      const onMessage = (message: Buffer): void => {
        const text = message.toString('latin1');
        if (text.startsWith(`${cookie} `)) done(decodeBencode(text.slice(cookie.length + 1)));
      };
      this.#socket.on('message', onMessage);
    });
  }
}

function sdp(port: number, keySalt: string | undefined): string {
  const media = keySalt === undefined ? `m=audio ${port} RTP/AVP 0` : `m=audio ${port} RTP/SAVP 0`;
  const crypto = keySalt === undefined ? '' : `a=crypto:1 ${srtpSuite} inline:${keySalt}\r\n`;
  const session = `v=0\r\no=- 1 1 IN IP4 ${address}\r\ns=-\r\nc=IN IP4 ${address}\r\nt=0 0\r\n`;
  return `${session}${media}\r\n${crypto}a=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n`;
}

function audioPort(reply: Bencoded | undefined): number {
  const text = JSON.stringify(reply);
  const port = /m=audio (\d+)/.exec(text)?.[1];
  if (port === undefined) throw new Error(`rtpengine answered without a media port: ${text}`);
  return Number(port);
}
