// `weir call`: the operator's probe on the command line. Reads the options, places the call (signaling/probe), prints the
// report. Exit codes: 0 answered and heard, 1 call failed, 2 audio failed, 3 usage.
import { type Command, InvalidArgumentError } from 'commander';
import { errorMessage } from '../../shared/errors.ts';
import type { G711 } from '../agent/g711.ts';
import type { CallOptions } from '../probe/call-options.ts';
import type { CallReport } from '../probe/call-report.ts';
import { formatReport } from '../probe/format-report.ts';
import { placeCall } from '../probe/place-call.ts';

interface Flags {
  readonly tone: number;
  readonly seconds: number;
  readonly codec?: G711;
  readonly from?: string;
  readonly dtmf?: string;
  readonly expectTone?: number;
  readonly json?: boolean;
  readonly insecure?: boolean;
  readonly localAddress?: string;
  readonly timeout: number;
}

const exitCodes: Readonly<Record<CallReport['result'], number>> = { ok: 0, 'call-failed': 1, 'audio-failed': 2 };
const usageExit = 3;

export function addCallCommand(program: Command): void {
  program
    .command('call')
    .description('place a call, send a tone, tell what came back')
    .argument('<uri>', 'sip:user@host[:port][;transport=udp|tcp|tls]')
    .option('--tone <hz>', 'tone to send; 0 sends silence', number(0, 3900), 1000)
    .option('--seconds <s>', 'how long the call stands once answered', number(0.1, 86_400), 5)
    .option('--codec <name>', 'offer only pcmu or pcma', codec)
    .option('--from <uri>', "the caller's URI")
    .option('--dtmf <digits>', 'digits to send once answered', digits)
    .option('--expect-tone <hz>', 'fail (2) unless this tone comes back', number(20, 3900))
    .option('--json', 'print the report as JSON')
    .option('--insecure', 'TLS without checking the certificate')
    .option('--local-address <ip>', 'address of ours to call from')
    .option('--timeout <s>', 'give up when not answered by then', number(0.1, 3600), 15)
    .addHelpText('after', '\nExit codes: 0 answered and heard, 1 call failed, 2 audio failed, 3 usage.')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : usageExit))
    .action(async (uri: string, flags: Flags) => {
      process.exitCode = await run(uri, flags);
    });
}

async function run(uri: string, flags: Flags): Promise<number> {
  let report: CallReport;
  try {
    report = await placeCall(callOptions(uri, flags));
  } catch (thrown) {
    process.stderr.write(`${errorMessage(thrown)}\n`);
    return usageExit;
  }
  process.stdout.write(flags.json === true ? `${JSON.stringify(report)}\n` : formatReport(report));
  return exitCodes[report.result];
}

function callOptions(uri: string, flags: Flags): CallOptions {
  const { codec: name, from, dtmf, expectTone, localAddress } = flags;
  return {
    uri,
    toneHz: flags.tone,
    seconds: flags.seconds,
    timeoutMs: flags.timeout * 1000,
    trust: flags.insecure === true ? 'anyone' : 'verified',
    ...(name === undefined ? {} : { codec: name }),
    ...(from === undefined ? {} : { from }),
    ...(dtmf === undefined ? {} : { digits: dtmf }),
    ...(expectTone === undefined ? {} : { expectToneHz: expectTone }),
    ...(localAddress === undefined ? {} : { localAddress }),
  };
}

function number(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= min && value <= max)) throw new InvalidArgumentError(`must be a number from ${min} to ${max}.`);
    return value;
  };
}

function codec(text: string): G711 {
  const name = text.toUpperCase();
  if (name !== 'PCMU' && name !== 'PCMA') throw new InvalidArgumentError('must be pcmu or pcma.');
  return name;
}

function digits(text: string): string {
  if (!/^[0-9*#A-Da-d]{1,64}$/.test(text)) throw new InvalidArgumentError('must be 1-64 of 0-9, *, #, A-D.');
  return text;
}
