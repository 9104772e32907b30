// What the test agent does with a call, by the dialled user; the table stands in test-agent.ts. Every step waits for an
// event of the call or for a time the caller asked for, and stops when the call has ended.
import type { Call } from './call.ts';
import type { IncomingInvite, Reply } from './incoming-invite.ts';
import type { UserAgent } from './user-agent.ts';

interface Scene {
  readonly call: Call;
  readonly invite: IncomingInvite;
  readonly agent: UserAgent;
  /** What stands behind the dash in the user: `reject-503`. */
  readonly argument: string;
}

const longestMs = 3_600_000;
const earlyMediaMs = 1000;

const scenes: ReadonlyMap<string, (scene: Scene) => void | Promise<void>> = new Map<string, (scene: Scene) => void | Promise<void>>([
  ['first', answerFirst],
  ['tone', answerTone],
  ['silent', (scene) => answer(scene)],
  ['busy', ({ invite }) => invite.refuse(486, { headers: [['reason', 'Q.850;cause=17;text="USER_BUSY"']] })],
  ['reject', reject],
  ['redirect', redirect],
  ['ring', ({ invite }) => void invite.provisional(180)],
  ['drop', () => {}],
  ['late', late],
  ['prack', prack],
  ['delay', delay],
  ['hangup', hangUp],
  ['offer', answerLateOffer],
  ['hold', hold],
  ['update', update],
  ['refer', refer],
]);

export function behave(user: string, call: Call, invite: IncomingInvite, agent: UserAgent): void {
  const dash = user.indexOf('-');
  const name = dash === -1 ? user : user.slice(0, dash);
  const scene = scenes.get(name) ?? answerEcho;
  void scene({ call, invite, agent, argument: dash === -1 ? '' : user.slice(dash + 1) });
}

/** 180 and 200; resolves when the handshake is over, however it ended. */
async function answer({ invite }: Scene): Promise<void> {
  if (invite.provisional(180)) invite.accept();
  await invite.done;
}

async function answerEcho(scene: Scene): Promise<void> {
  scene.call.media.stream.play({ kind: 'echo' });
  await answer(scene);
}

function answerFirst(scene: Scene): Promise<void> {
  scene.call.media.taste = 'any';
  return answerEcho(scene);
}

function answerTone(scene: Scene): Promise<void> {
  const hz = clamp(scene.argument, 20, 3900) ?? 440;
  scene.call.media.stream.play({ kind: 'tone', hz });
  return answer(scene);
}

function answerLateOffer(scene: Scene): void | Promise<void> {
  if (scene.invite.lateOffer) return answerEcho(scene);
  scene.invite.refuse(488);
}

function reject({ call, invite, argument }: Scene): void {
  const status = clamp(argument, 300, 699) ?? 503;
  if (status < 400) redirectTo(call, invite, status, 'agent');
  else if (status === 503) invite.refuse(503, { reason: 'Maximum Calls In Progress', headers: [['retry-after', '300']] });
  else invite.refuse(status);
}

function redirect({ call, invite, argument }: Scene): void {
  redirectTo(call, invite, 302, argument);
}

function redirectTo(call: Call, invite: IncomingInvite, status: number, user: string): void {
  const reply: Reply = { headers: [['contact', `<${here(call, user)}>`]] };
  invite.refuse(status, reply);
}

async function late(scene: Scene): Promise<void> {
  const { call, invite, argument } = scene;
  call.media.stream.play(argument === 'echo' ? { kind: 'echo' } : { kind: 'tone', hz: 440 });
  if (!invite.provisional(183, { sdp: 'with' })) return;
  if (!(await lasts(scene, earlyMediaMs))) return;
  call.media.stream.play({ kind: 'echo' });
  invite.accept();
}

async function prack(scene: Scene): Promise<void> {
  const { call, invite } = scene;
  if (!invite.takesReliable) {
    invite.refuse(421, { headers: [['require', '100rel']] });
    return;
  }
  call.media.stream.play({ kind: 'echo' });
  await invite.reliable(183, { sdp: 'with' });
  if (invite.open) invite.accept();
}

async function delay(scene: Scene): Promise<void> {
  scene.call.media.stream.play({ kind: 'echo' });
  scene.invite.provisional(180);
  if (await lasts(scene, clamp(scene.argument, 0, longestMs) ?? 0)) scene.invite.accept();
}

async function hangUp(scene: Scene): Promise<void> {
  await answerEcho(scene);
  if (await lasts(scene, clamp(scene.argument, 0, longestMs) ?? 0)) await scene.call.hangUp();
}

async function hold(scene: Scene): Promise<void> {
  await answerEcho(scene);
  const { call } = scene;
  if (call.state === 'confirmed') await call.reinvite('sendonly');
  if (call.state === 'confirmed') await call.reinvite('sendrecv');
}

async function update(scene: Scene): Promise<void> {
  await answerEcho(scene);
  if (scene.call.state === 'confirmed') await scene.call.update('sendrecv');
}

async function refer(scene: Scene): Promise<void> {
  await answerEcho(scene);
  const { call, argument } = scene;
  const target = here(call, argument);
  const response = await call.request('REFER', {
    headers: [
      ['refer-to', `<${target}>`],
      ['referred-by', `<${here(call, 'agent')}>`],
    ],
  });
  if (response === undefined || response.status >= 300) return;
  const over = (): boolean => call.requests.some((request) => (request.headers.get('subscription-state') ?? '').startsWith('terminated'));
  const stop = call.observe(() => {
    if (call.state !== 'ended' && !over()) return;
    stop();
    void call.hangUp();
  });
}

/** False when the call ended before `ms` were over. */
function lasts({ call, agent }: Scene, ms: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = agent.timers.schedule(agent.timers.now() + ms, () => resolve(call.state !== 'ended'));
  void call.ended.then(() => {
    agent.timers.cancel(timer);
    resolve(false);
  });
  return promise;
}

function here(call: Call, user: string): string {
  return `sip:${user}@${call.flow.localHost}:${call.flow.localPort}`;
}

/** undefined when it is no number; a number out of range comes back at its end. */
function clamp(text: string, min: number, max: number): number | undefined {
  return /^\d{1,9}$/.test(text) ? Math.min(Math.max(Number(text), min), max) : undefined;
}
