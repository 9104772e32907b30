// How an agent looks from outside: the headers and SDP names that FreeSWITCH 1.10 puts into its messages, so that what an
// SBC hides can be seen to be hidden. Tests plant words and addresses of their own, to find them again where they must not be.
import type { SipRequest } from '../sip/message/request.ts';
import type { SipResponse } from '../sip/message/response.ts';
import type { SdpLook } from './agent-sdp.ts';

export interface Look {
  readonly userAgent: string;
  readonly allow: string;
  readonly supported: string;
  readonly allowEvents: string;
  /** Further headers of every message but 100. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Puts a Remote-Party-ID into answers to INVITE, as FreeSWITCH does. */
  readonly remotePartyHost: string;
  readonly sdp: SdpLook;
}

/** Values that no one but the agent knows. */
export interface Plant {
  readonly word: string;
  /** A literal IPv4 address. */
  readonly address: string;
}

export function freeswitchLook(plant?: Plant): Look {
  const word = plant?.word ?? 'agent';
  const address = plant?.address ?? '192.0.2.2';
  const planted: (readonly [string, string])[] = [
    ['X-FS-Support', 'update_display,send_info'],
    ['X-Node', word],
    ['P-Asserted-Identity', `"${word}" <sip:${word}@${address}>`],
    ['Call-Info', `<sip:${address}>;purpose=x-${word}`],
    ['Organization', word],
    ['Warning', `399 ${address} "${word}"`],
    ['P-Charging-Vector', `icid-value=${word};icid-generated-at=${address}`],
  ];
  return {
    userAgent: `FreeSWITCH-${word}`,
    allow: 'INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE, REGISTER, REFER, PRACK, NOTIFY, PUBLISH, SUBSCRIBE',
    supported: '100rel, timer, path, replaces',
    allowEvents: 'talk, hold, conference, refer',
    headers: plant === undefined ? planted.slice(0, 1) : planted,
    remotePartyHost: address,
    sdp: { name: 'FreeSWITCH', originAddress: address },
  };
}

/** A phone without a past, for the probe. */
export const plainLook: Look = {
  userAgent: 'weir-call',
  allow: 'INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, NOTIFY',
  supported: '100rel',
  allowEvents: '',
  headers: [],
  remotePartyHost: '',
  sdp: { name: '-', originAddress: '' },
};

/** Adds the headers of the look; those that a message already has stay as they are. */
export function dress(message: SipRequest | SipResponse, look: Look): void {
  const { headers } = message;
  const add = (name: string, value: string): void => {
    if (value !== '' && !headers.has(name)) headers.append(name, value);
  };
  add('user-agent', look.userAgent);
  if (message.kind === 'response' && message.status === 100) return;
  add('allow', look.allow);
  add('supported', look.supported);
  add('allow-events', look.allowEvents);
  if (message.cseq.method === 'INVITE' && message.kind === 'response') {
    add('accept', 'application/sdp');
    const user = message.to.uri.match(/^sips?:([^@;>]+)@/)?.[1] ?? 'unknown';
    if (look.remotePartyHost !== '')
      add('remote-party-id', `"${user}" <sip:${user}@${look.remotePartyHost}>;party=calling;privacy=off;screen=no`);
  }
  // FreeSWITCH's refusals carry it, oddly.
  if (message.kind === 'response' && message.status >= 300 && look.remotePartyHost !== '') add('max-forwards', '70');
  for (const [name, value] of look.headers) add(name, value);
}
