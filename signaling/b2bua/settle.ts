// After Weir itself was killed: what the records of its calls say is brought to an end. Answered calls get a BYE on both
// sides, ringing callees a CANCEL, waiting callers a final response. Nobody is left hanging.
import { isIP } from 'node:net';
import { z } from 'zod';
import { errorMessage } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import { createDialog, nextRequest } from '../sip/dialog/dialog.ts';
import { Headers } from '../sip/message/headers.ts';
import { parseNameAddr } from '../sip/message/name-addr.ts';
import { SipRequest } from '../sip/message/request.ts';
import { hostAddress, parseUri } from '../sip/message/uri.ts';
import { parseVia } from '../sip/message/via.ts';
import type { Flow } from '../sip/transport/flow.ts';
import { noBody } from './body.ts';
import { type CallRecord, type LegRecord, type PendingInvite, recordVersion, type WaitingCaller } from './call-record.ts';
import { reply } from './carry.ts';
import { reasonHeader } from './close-reason.ts';
import type { B2buaContext } from './context.ts';

/** In-dialog requests were sent after the record was written: CSeq may skip, never step back (RFC 3261 section 12.2.1.1). */
const sequenceGap = 10_000;

const flowSchema = z.object({ protocol: z.enum(['udp', 'tcp', 'tls', 'ws', 'wss']), address: z.string(), port: z.number() });
const headersSchema = z.array(z.tuple([z.string(), z.string()]));
const recordSchema = z.object({
  version: z.literal(recordVersion),
  id: z.string(),
  startedAt: z.number(),
  caller: z.object({ zone: z.string(), headers: headersSchema, tag: z.string(), flow: flowSchema }).optional(),
  pending: z.array(z.object({ zone: z.string(), uri: z.string(), headers: headersSchema, flow: flowSchema })),
  legs: z.array(
    z.object({
      role: z.enum(['caller', 'callee']),
      zone: z.string(),
      callId: z.string(),
      localTag: z.string(),
      remoteTag: z.string(),
      localUri: z.string(),
      remoteUri: z.string(),
      remoteTarget: z.string(),
      routeSet: z.array(z.string()),
      localSequence: z.number(),
      flow: flowSchema,
    }),
  ),
});

/** Sends what ends the call; `done` is called once every BYE has its answer or its timeout. */
export function settleCall(context: B2buaContext, record: CallRecord, sendRaw: RawSender, done: () => void): void {
  try {
    settle(context, record, sendRaw, done);
  } catch (thrown) {
    context.log.error({ id: record.id, error: errorMessage(thrown) }, 'call-settle-failed');
    done();
  }
}

function settle(context: B2buaContext, record: CallRecord, sendRaw: RawSender, done: () => void): void {
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
  const flow = flowTo(context, leg.zone, listeningAt(leg.flow, leg.routeSet[0] ?? leg.remoteTarget));
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
  const invite = new SipRequest({ method: 'INVITE', uri: 'sip:restart.invalid', headers: headersOf(caller.headers), body: noBody });
  // RFC 3261 section 18.2.2: the connection is gone, so to the port of the Via.
  const via = parseVia(invite.headers.list('via')[0] ?? '');
  const flow = flowTo(context, caller.zone, listeningAt(caller.flow, `sip:${via?.host}:${via?.port ?? defaultPort(caller.flow)}`));
  if (flow === undefined) return;
  const response = reply(invite, 500, caller.tag);
  response.headers.append('retry-after', '5');
  sendRaw(flow, response);
}

function headersOf(fields: readonly (readonly [string, string])[]): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) headers.append(name, value);
  return headers;
}

/**
 * A connection that the party had opened died with the old process, and the port it came from with it: the party listens at the
 * port of `hop`, its Contact, Route or Via. Only the port is taken on its word, and only for the address it was seen at.
 */
function listeningAt(flow: LegRecord['flow'], hop: string): LegRecord['flow'] {
  if (flow.protocol === 'udp') return flow;
  const uri = parseUri(parseNameAddr(hop)?.uri ?? hop);
  if (uri === undefined || hostAddress(uri) !== flow.address) return flow;
  return { ...flow, port: uri.port ?? defaultPort(flow) };
}

function defaultPort(flow: LegRecord['flow']): number {
  return flow.protocol === 'tls' ? 5061 : 5060;
}

/** A connection that died with the old process is opened anew towards the same address, as far as the peer listens there. */
function flowTo(context: B2buaContext, zone: string, flow: LegRecord['flow']): Flow | undefined {
  return isIP(flow.address) === 0 ? undefined : context.flows.route(zone, flow);
}

/** A stored record, if it is one of ours; records of other versions and damaged ones are logged and dropped. */
export function readRecord(json: string, log: Log): CallRecord | undefined {
  try {
    const record = recordSchema.safeParse(JSON.parse(json));
    if (record.success) return { ...record.data, caller: record.data.caller };
    log.warn({}, 'record-of-other-version');
  } catch {
    log.warn({}, 'record-damaged');
  }
  return undefined;
}
