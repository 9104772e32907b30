// Every living dialog of the box by the identifiers a party would use (RFC 3261 section 12): in-dialog requests find
// their leg here, and Replaces, Refer-To, Target-Dialog, Join and dialog-info find the dialog they name.
import type { DialogName } from '../sip/message/replaces.ts';
import type { ServerTransaction } from '../sip/transaction/transaction.ts';
import type { Leg } from './leg.ts';

export type NamedLeg = {
  readonly leg: Leg;
  /** Whose view the name is: `ours` has our tag as to-tag (the party names its dialog with us), `theirs` the party's. */
  readonly view: 'ours' | 'theirs';
};

export class DialogTable {
  /** By both tags: the forks of one INVITE share ours. Ours is random and unique, so the Call-ID need only be compared. */
  readonly #byTags = new Map<string, Leg>();
  /** Our tags in SUBSCRIBEs under way: a NOTIFY may overtake the 2xx that makes the dialog (RFC 6665 section 4.4.1). */
  readonly #expected = new Map<string, { readonly callId: string; readonly hold: (server: ServerTransaction) => void }>();

  get size(): number {
    return this.#byTags.size;
  }

  add(leg: Leg): void {
    this.#byTags.set(keyOf(leg.dialog), leg);
  }

  remove(leg: Leg): void {
    const key = keyOf(leg.dialog);
    if (this.#byTags.get(key) === leg) this.#byTags.delete(key);
  }

  /** Requests to this tag of ours go to `hold` until `unexpect`. */
  expect(callId: string, localTag: string, hold: (server: ServerTransaction) => void): void {
    this.#expected.set(localTag, { callId, hold });
  }

  unexpect(localTag: string): void {
    this.#expected.delete(localTag);
  }

  /** True when somebody waits for the dialog of this request and has taken it. */
  held(server: ServerTransaction, callId: string, localTag: string): boolean {
    const expected = this.#expected.get(localTag);
    if (expected === undefined || expected.callId !== callId) return false;
    expected.hold(server);
    return true;
  }

  find(callId: string, localTag: string, remoteTag: string): Leg | undefined {
    const leg = this.#byTags.get(keyOf({ localTag, remoteTag }));
    return leg?.dialog.callId === callId ? leg : undefined;
  }

  /** The leg that a Replaces-like name means, seen from either end. A name with tags swapped is not one of ours. */
  named(name: DialogName): NamedLeg | undefined {
    const ours = this.find(name.callId, name.toTag, name.fromTag);
    if (ours !== undefined) return { leg: ours, view: 'ours' };
    const theirs = this.find(name.callId, name.fromTag, name.toTag);
    return theirs === undefined ? undefined : { leg: theirs, view: 'theirs' };
  }
}

/** Tags hold no space (RFC 3261 section 25.1). */
function keyOf({ localTag, remoteTag }: { readonly localTag: string; readonly remoteTag: string }): string {
  return `${localTag} ${remoteTag}`;
}

/** The same dialog as the far end of the call names it; undefined while there is no far end. */
export function translated(named: NamedLeg): DialogName | undefined {
  const peer = named.leg.peer;
  if (peer === undefined) return undefined;
  const { callId, localTag, remoteTag } = peer.dialog;
  return named.view === 'ours' ? { callId, toTag: remoteTag, fromTag: localTag } : { callId, toTag: localTag, fromTag: remoteTag };
}

/** Whom an INVITE with such a Replaces is for, and by what name that party knows the dialog (RFC 3891 section 3). */
export function replacedParty(named: NamedLeg): { readonly leg: Leg; readonly name: DialogName } | undefined {
  const leg = named.view === 'ours' ? named.leg.peer : named.leg;
  if (leg === undefined) return undefined;
  return { leg, name: { callId: leg.dialog.callId, toTag: leg.dialog.remoteTag, fromTag: leg.dialog.localTag } };
}
