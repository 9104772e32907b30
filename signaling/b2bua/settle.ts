// After Weir itself was killed: what the records of its calls say is brought to an end. Answered calls get a BYE on both
// sides, ringing callees a CANCEL, waiting callers a final response. Nobody is left hanging.
import { isIP } from 'node:net';
import type { Log } from '../../shared/log.ts';
import { createDialog, nextRequest } from '../sip/dialog/dialog.ts';
import { Headers } from '../sip/message/headers.ts';
import { SipRequest } from '../sip/message/request.ts';
import type { Flow } from '../sip/transport/flow.ts';
import { noBody } from './body.ts';
import { type CallRecord, type LegRecord, type PendingInvite, recordVersion, type WaitingCaller } from './call-record.ts';
import { reply } from './carry.ts';
import { reasonHeader } from './close-reason.ts';
import type { B2buaContext } from './context.ts';

/** In-dialog requests were sent after the record was written: CSeq may skip, never step back (RFC 3261 section 12.2.1.1). */
const sequenceGap = 10_000;

export interface SettleTransport {
  send(flow: Flow, bytes: Uint8Array): unknown;
}

/** Sends what ends the call; `done` is called once every BYE has its answer or its timeout. */
export function settleCall(context: B2buaContext, record: CallRecord, sendRaw: RawSender, done: () => void): void {
  let open = record.legs.length;
  const legDone = (): void => {
    open--;
    if (open === 0) done();
  };
  for (const leg of record.legs) sayBye(context, leg, legDone);
  for (const pending of record.pending) cancelInvite(context, pending, sendRaw);
  if (record.caller !== undefined) refuseCaller(context, record.caller, sendRaw);
  if (record.legs.length === 0) done();
}

/** Encodes and sends one message without a transaction. */
export type RawSender = (flow: Flow, message: SipRequest | ReturnType<typeof reply>) => void;

function sayBye(context: B2buaContext, leg: LegRecord, done: () => void): void {
  const flow = flowTo(context, leg.zone, leg.flow);
  if (flow === undefined) return done();
  const dialog = createDialog({ ...leg, localSequence: leg.localSequence + sequenceGap });
  const bye = nextRequest(dialog, 'BYE');
  bye.headers.append('reason', reasonHeader('restart') ?? '');
  context.transactions.send(
    bye,
    flow,
    {
      response(response) {
        if (response.status >= 200) done();
      },
      failed: done,
    },
    context.now(),
  );
}

/** Once and without a transaction: its 200 and the INVITE's 487 find nobody, and the callee has stopped ringing. */
function cancelInvite(context: B2buaContext, pending: PendingInvite, sendRaw: RawSender): void {
  const flow = flowTo(context, pending.zone, pending.flow);
  if (flow === undefined) return;
  const headers = headersOf(pending.headers);
  headers.set('cseq', (headers.get('cseq') ?? '1 INVITE').replace(/INVITE$/, 'CANCEL'));
  headers.append('max-forwards', '70');
  headers.append('reason', reasonHeader('restart') ?? '');
  sendRaw(flow, new SipRequest({ method: 'CANCEL', uri: pending.uri, headers, body: noBody }));
}

function refuseCaller(context: B2buaContext, caller: WaitingCaller, sendRaw: RawSender): void {
  const flow = flowTo(context, caller.zone, caller.flow);
  if (flow === undefined) return;
  const invite = new SipRequest({ method: 'INVITE', uri: 'sip:restart.invalid', headers: headersOf(caller.headers), body: noBody });
  const response = reply(invite, 500, caller.tag);
  response.headers.append('retry-after', '5');
  sendRaw(flow, response);
}

function headersOf(fields: readonly (readonly [string, string])[]): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) headers.append(name, value);
  return headers;
}

/** A connection that died with the old process is opened anew towards the same address, as far as the peer listens there. */
function flowTo(context: B2buaContext, zone: string, flow: LegRecord['flow']): Flow | undefined {
  return isIP(flow.address) === 0 ? undefined : context.flows.route(zone, flow);
}

/** A stored record, if it is one of ours; records of other versions and damaged ones are logged and dropped. */
export function readRecord(json: string, log: Log): CallRecord | undefined {
  try {
    const record: unknown = JSON.parse(json);
    if (isRecord(record)) return record;
    log.warn({}, 'record-of-other-version');
  } catch {
    log.warn({}, 'record-damaged');
  }
  return undefined;
}

function isRecord(value: unknown): value is CallRecord {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === recordVersion;
}
