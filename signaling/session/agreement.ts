// Moves a call from one agreed state to the next and back: an answer closes the open offer, a rollback drops it, a branch
// goes. Pure changes to CallState; telling the relay is the engine's part.
import { activeBranch, type Branch, type CallState, type Exchange, exchangesOf, findTransport, type Role } from './call-state.ts';
import { agreedEnds } from './session-state.ts';
import { isRtp } from './transport-profile.ts';

/** An answer came: `exchange` takes the place of the open offer, or of the answered one when the answer is another. */
export function agree(call: CallState, branch: Branch, exchange: Exchange): void {
  // A second offer on a living branch announces both ends anew; the first one only what the near side had not said yet.
  const announced = branch.open !== null && branch.agreed !== null;
  if (branch.open !== null) {
    branch.previous = branch.agreed;
    branch.open = null;
  }
  branch.agreed = exchange;
  call.answered = [...call.answered.filter((name) => name !== branch.name), branch.name];
  call.nearLines = agreedEnds(exchange, 'near');
  arm(call, exchange, 'near', announced);
  arm(call, exchange, 'far', announced);
  noteKeying(call, exchange);
  prune(call);
}

/** The offer of that tag came to nothing. Says whether there was one. */
export function withdraw(call: CallState, branch: Branch, tag: string): boolean {
  if (branch.open !== null) {
    if (branch.open.offererTag !== tag) return false;
    branch.open = null;
  } else {
    if (branch.previous === undefined || branch.agreed?.offererTag !== tag) return false;
    branch.agreed = branch.previous;
    branch.previous = undefined;
    if (branch.agreed === null) forgetAnswer(call, branch);
    else noteKeying(call, branch.agreed);
  }
  reconnect(call);
  prune(call);
  return true;
}

export function dropBranch(call: CallState, branch: Branch): void {
  call.branches = call.branches.filter((one) => one !== branch);
  forgetAnswer(call, branch);
  reconnect(call);
  prune(call);
}

function forgetAnswer(call: CallState, branch: Branch): void {
  call.answered = call.answered.filter((name) => name !== branch.name);
}

/**
 * The near side is with the branch that answered last before. Without one its lines stay: it may have been shown our
 * ports, and the next branch must find them (failover behind an early answer).
 */
function reconnect(call: CallState): void {
  const exchange = activeBranch(call)?.agreed;
  if (exchange === null || exchange === undefined) return;
  call.nearLines = agreedEnds(exchange, 'near');
  for (const role of ['near', 'far'] as const) arm(call, exchange, role, false);
  noteKeying(call, exchange);
}

/** What holds on the transports of RTP. A fax in between (T.38 has no keys) does not make the next offer less secure. */
function noteKeying(call: CallState, exchange: Exchange): void {
  for (const { profile, ends } of exchange.lines) {
    if (ends === null || !isRtp(profile)) continue;
    for (const end of [ends.near, ends.far]) {
      const transport = findTransport(call, end.transport);
      if (transport !== undefined && end.keying !== null) transport.keying = end.keying;
    }
  }
}

/** Lets the relay learn the peer's source again where the peer moved or said anew where it is. */
function arm(call: CallState, exchange: Exchange, role: Role, announced: boolean): void {
  for (const end of agreedEnds(exchange, role)) {
    const transport = findTransport(call, end?.transport);
    if (end === null || transport === undefined) continue;
    const { remote } = end.endpoint;
    const place = remote === null ? '' : `${remote.address} ${remote.port}`;
    if (place !== '' && (announced || place !== transport.armedFor)) transport.armed++;
    transport.armedFor = place;
  }
}

/** Transports that no exchange and no shown line needs are closed by the next apply, which does not name them. */
function prune(call: CallState): void {
  const needed = new Set(call.nearLines.map((line) => line?.transport));
  for (const branch of call.branches) {
    for (const exchange of exchangesOf(branch)) {
      for (const { ends } of exchange.lines) needed.add(ends?.near.transport).add(ends?.far.transport);
    }
  }
  call.transports = call.transports.filter((transport) => needed.has(transport.id));
}
