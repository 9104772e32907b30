// One call of the probe from start to end: find the target, place the call, send a tone, listen, hang up, report. Never
// throws for what a peer or the network does; WeirError('usage') for options that make no sense.
import { errorMessage } from '../../shared/errors.ts';
import { silentLog } from '../../shared/log.ts';
import { type Rng, systemRng } from '../../shared/rng.ts';
import type { Call, CallEnd } from '../agent/call.ts';
import { plainLook } from '../agent/look.ts';
import type { InviteOutcome, OutgoingInvite } from '../agent/outgoing-invite.ts';
import { UserAgent } from '../agent/user-agent.ts';
import { TimerShell } from '../clock/timer-shell.ts';
import { bracketed } from '../sip/transport/address.ts';
import type { Target } from '../sip/transport/flow.ts';
import { type CallOptions, readTarget } from './call-options.ts';
import { audioReport, type CallReport, judgeAudio, unfinished } from './call-report.ts';
import { findTargets, localAddressTowards, watchRefusal } from './reach.ts';

/** Further addresses of a name are tried when one does not answer at all. */
const maxTargets = 4;
/** How long a BYE or a CANCEL may take before the probe goes home. */
const farewellMs = 2000;

export async function placeCall(options: CallOptions): Promise<CallReport> {
  const uri = readTarget(options);
  const timers = new TimerShell();
  const rng = systemRng();
  try {
    const targets = await findTargets({ uri, timers, rng, servers: options.dnsServers ?? [] });
    if (typeof targets === 'string') return unfinished(options.uri, 'call-failed', `cannot find ${uri.host}: ${targets}`);
    let report: CallReport | undefined;
    for (const target of targets.slice(0, maxTargets)) {
      report = await new Attempt({ options, target, rng }).run();
      if (report.status !== 0) break;
    }
    return report ?? unfinished(options.uri, 'call-failed', 'no target');
  } finally {
    timers.close();
  }
}

interface AttemptOptions {
  readonly options: CallOptions;
  readonly target: Target;
  readonly rng: Rng;
}

/** One try at one address. */
class Attempt {
  readonly #options: CallOptions;
  readonly #target: Target;
  readonly #rng: Rng;
  #failure = '';
  #startedAt = 0;

  constructor(options: AttemptOptions) {
    this.#options = options.options;
    this.#target = options.target;
    this.#rng = options.rng;
  }

  async run(): Promise<CallReport> {
    const remote = `${bracketed(this.#target.address)}:${this.#target.port}`;
    let agent: UserAgent;
    try {
      agent = await this.#openAgent();
    } catch (thrown) {
      return unfinished(this.#options.uri, 'call-failed', errorMessage(thrown), { protocol: this.#target.protocol, remote });
    }
    try {
      return { ...(await this.#call(agent)), protocol: this.#target.protocol, remote, local: localOf(agent) };
    } catch (thrown) {
      return unfinished(this.#options.uri, 'call-failed', errorMessage(thrown), { protocol: this.#target.protocol, remote });
    } finally {
      await agent.close();
    }
  }

  async #openAgent(): Promise<UserAgent> {
    const { localAddress, codec, authorities, trust, log = silentLog } = this.#options;
    const address = localAddress ?? (await localAddressTowards(this.#target));
    return UserAgent.start({
      listeners: [{ protocol: protocolOf(this.#target), address, port: 0 }],
      look: plainLook,
      log,
      rng: this.#rng,
      ...(codec === undefined ? {} : { codecs: [codec] }),
      trust:
        trust === 'anyone'
          ? { kind: 'anyone' }
          : authorities === undefined
            ? { kind: 'system' }
            : { kind: 'authorities', pem: authorities },
      // Nobody calls the probe.
      taken: (_call, invite) => invite.refuse(486),
      flowFailed: (reason) => {
        // node's words for operators of node programs.
        this.#failure = reason.replace(/; if the root CA is installed.*$/, ' (--insecure calls all the same)');
      },
    });
  }

  async #call(agent: UserAgent): Promise<CallReport> {
    const options = this.#options;
    this.#startedAt = agent.timers.now();
    const from = options.from ?? `sip:weir-call@${localOf(agent)}`;
    const placed = await agent.place({ target: this.#target, uri: options.uri, from });
    if (placed === undefined)
      return unfinished(options.uri, 'call-failed', `cannot send by ${this.#target.protocol} to ${this.#target.address}`);
    const { call, invite } = placed;
    call.media.stream.play({ kind: 'tone', hz: options.toneHz ?? 1000 });
    const outcome = await this.#answer(call, invite);
    const base = { ...this.#setup(invite, outcome), callId: invite.request.callId };
    if (outcome === undefined || outcome.kind !== 'accepted') return unfinished(options.uri, 'call-failed', this.#why(outcome), base);
    return { ...(await this.#talk(call)), ...base };
  }

  /** undefined: the time for it ran out, the call is cancelled. */
  async #answer(call: Call, invite: OutgoingInvite): Promise<InviteOutcome | undefined> {
    const unheard = Promise.withResolvers<undefined>();
    const refused = (): void => {
      this.#failure = 'connection refused';
      unheard.resolve(undefined);
    };
    const unwatch = this.#target.protocol === 'udp' ? await watchRefusal(this.#target, refused) : () => {};
    const limitMs = this.#options.timeoutMs ?? 15_000;
    const timer = setTimeout(() => unheard.resolve(undefined), limitMs);
    const outcome = await Promise.race([invite.outcome, unheard.promise]);
    clearTimeout(timer);
    unwatch();
    if (outcome !== undefined) return outcome;
    const { heard } = invite;
    if (this.#failure === '') this.#failure = `${heard ? 'not answered' : 'no response'} within ${limitMs / 1000} s`;
    void call.hangUp();
    // A call that was seen ringing is cancelled properly; where nobody ever spoke there is nobody to wait for.
    if (heard) await within(call.ended, farewellMs);
    return undefined;
  }

  async #talk(call: Call): Promise<CallReport> {
    const options = this.#options;
    const { stream } = call.media;
    const answeredAt = performance.now();
    const digitsSent = options.digits ?? '';
    const taken = digitsSent === '' || stream.dial(digitsSent);
    const theirEnd = await within(call.ended, (options.seconds ?? 5) * 1000);
    const afterMs = performance.now() - answeredAt;
    const audio = audioReport(call.media.codec, stream.statistics());
    const bye = theirEnd === undefined ? await within(call.hangUp(), farewellMs) : undefined;
    const problem = taken ? judgeAudio(audio, options.expectToneHz) : 'the other side takes no digits (telephone-event)';
    return {
      ...unfinished(options.uri, problem === '' ? 'ok' : 'audio-failed', problem),
      codec: call.media.codec,
      audio,
      digitsSent,
      end: {
        by: theirEnd === undefined ? 'us' : 'them',
        afterMs: Math.round(afterMs),
        reason: theirEnd === undefined ? (bye === undefined ? 'the BYE was not answered' : '') : endReason(theirEnd),
      },
    };
  }

  #setup(invite: OutgoingInvite, outcome: InviteOutcome | undefined): Partial<CallReport> {
    const first = invite.progress[0];
    const response = outcome === undefined || outcome.kind === 'failed' ? undefined : outcome.response;
    return {
      status: response?.status ?? 0,
      reason: response?.reason ?? '',
      ringingMs: first === undefined ? null : Math.round(first.at - this.#startedAt),
      answeredMs: outcome?.kind === 'accepted' ? Math.round(outcome.at - this.#startedAt) : null,
      earlyMedia: invite.progress.some((progress) => progress.earlyMedia),
    };
  }

  #why(outcome: InviteOutcome | undefined): string {
    const { address, port, protocol } = this.#target;
    const peer = `${bracketed(address)}:${port} (${protocol})`;
    if (outcome?.kind === 'refused') {
      const cause = outcome.response.headers.get('reason') ?? outcome.response.headers.get('warning');
      return `${outcome.response.status} ${outcome.response.reason}${cause === undefined ? '' : ` (${cause})`}`;
    }
    if (outcome?.kind === 'failed' && outcome.cause === 'timeout') return `no response from ${peer}`;
    return `${peer}: ${this.#failure === '' ? 'the connection failed' : this.#failure}`;
  }
}

function protocolOf(target: Target): 'udp' | 'tcp' | 'tls' {
  return target.protocol === 'tls' || target.protocol === 'tcp' ? target.protocol : 'udp';
}

function localOf(agent: UserAgent): string {
  const listener = agent.listeners[0];
  return listener === undefined ? '' : `${bracketed(listener.address)}:${listener.port}`;
}

function endReason(end: CallEnd): string {
  return end.kind === 'bye' ? end.reason : end.kind === 'failed' ? end.cause : '';
}

/** undefined when it takes longer than `ms`. */
function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), ms);
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}
