// Dialogs (RFC 3261 section 12): made by either side, their requests, their order and their target.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ackRequest,
  checkSequence,
  createDialog,
  createUacDialog,
  createUasDialog,
  type Dialog,
  dialogKey,
  nextRequest,
  refreshTarget,
} from '../../../../signaling/sip/dialog/dialog.ts';
import type { SipMessage } from '../../../../signaling/sip/message/message.ts';
import { parseMessage } from '../../../../signaling/sip/message/parse-message.ts';
import { SipRequest } from '../../../../signaling/sip/message/request.ts';
import { SipResponse } from '../../../../signaling/sip/message/response.ts';

function message(startLine: string, fields: readonly string[]): SipMessage {
  const head = [startLine, 'Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKx', ...fields, 'Content-Length: 0', '', ''].join('\r\n');
  const result = parseMessage(Buffer.from(head, 'latin1'), 'datagram');
  assert.ok(result.kind === 'message', JSON.stringify(result));
  return result.message;
}

interface Fields {
  readonly method?: string;
  readonly uri?: string;
  readonly to?: string;
  readonly sequence?: number;
  readonly contact?: string | null;
  readonly extra?: readonly string[];
}

function fieldsOf({ method = 'INVITE', to = '<sip:bob@b.example>', sequence = 7, contact, extra = [] }: Fields, ours: string): string[] {
  const contacts = contact === null ? [] : [`Contact: ${contact ?? ours}`];
  const from = 'From: "Alice, A." <sip:alice@a.example>;tag=a-tag';
  return [from, `To: ${to}`, 'Call-ID: call@a.example', `CSeq: ${sequence} ${method}`, 'Max-Forwards: 70', ...contacts, ...extra];
}

function request(fields: Fields = {}): SipRequest {
  const { method = 'INVITE', uri = 'sip:bob@b.example' } = fields;
  const made = message(`${method} ${uri} SIP/2.0`, fieldsOf(fields, '<sip:alice@192.0.2.7:5062;transport=tcp>;+x=1'));
  assert.ok(made instanceof SipRequest);
  return made;
}

function answer(status: number, fields: Fields = {}): SipResponse {
  const made = message(`SIP/2.0 ${status} X`, fieldsOf({ to: '<sip:bob@b.example>;tag=b-tag', ...fields }, '<sip:bob@192.0.2.8>'));
  assert.ok(made instanceof SipResponse);
  return made;
}

const recorded = ['Record-Route: <sip:p1.example;lr>, <sip:p2.example;lr>', 'Record-Route: <sip:p3.example;lr>;x=y'];

function uac(response = answer(200), sent = request()): Dialog {
  const dialog = createUacDialog(sent, response);
  assert.ok(dialog !== undefined);
  return dialog;
}

describe('createUasDialog', () => {
  test('takes its parts from the request (section 12.1.1)', () => {
    assert.deepEqual(createUasDialog(request({ extra: recorded }), 'our-tag'), {
      callId: 'call@a.example',
      localTag: 'our-tag',
      remoteTag: 'a-tag',
      localUri: '<sip:bob@b.example>',
      remoteUri: '"Alice, A." <sip:alice@a.example>',
      remoteTarget: 'sip:alice@192.0.2.7:5062;transport=tcp',
      routeSet: ['<sip:p1.example;lr>', '<sip:p2.example;lr>', '<sip:p3.example;lr>;x=y'],
      localSequence: 0,
      remoteSequence: 7,
      secure: false,
      early: false,
    });
  });

  test('without Contact falls back to the From, with a sips Request-URI is secure', () => {
    const dialog = createUasDialog(request({ contact: null, uri: 'SIPS:bob@b.example' }), 't');
    assert.equal(dialog.remoteTarget, 'sip:alice@a.example');
    assert.equal(dialog.secure, true);
  });

  test('numbers its own requests from 1', () => {
    const dialog = createUasDialog(request(), 'our-tag');
    assert.equal(nextRequest(dialog, 'BYE').headers.get('cseq'), '1 BYE');
    assert.equal(nextRequest(dialog, 'INFO').headers.get('cseq'), '2 INFO');
  });
});

describe('createUacDialog', () => {
  test('takes its parts from request and response (section 12.1.2), the route set reversed', () => {
    assert.deepEqual(uac(answer(200, { extra: recorded })), {
      callId: 'call@a.example',
      localTag: 'a-tag',
      remoteTag: 'b-tag',
      localUri: '"Alice, A." <sip:alice@a.example>',
      remoteUri: '<sip:bob@b.example>',
      remoteTarget: 'sip:bob@192.0.2.8',
      routeSet: ['<sip:p3.example;lr>;x=y', '<sip:p2.example;lr>', '<sip:p1.example;lr>'],
      localSequence: 7,
      remoteSequence: undefined,
      secure: false,
      early: false,
    });
  });

  test('makes none of a 100, a provisional without tag, a rejection', () => {
    for (const response of [answer(100), answer(180, { to: '<sip:bob@b.example>' }), answer(300), answer(486)]) {
      assert.equal(createUacDialog(request(), response), undefined);
    }
  });

  test('makes one of a 2xx without tag, for RFC 2543 peers', () => {
    const dialog = uac(answer(200, { to: '<sip:bob@b.example>' }));
    assert.equal(dialog.remoteTag, '');
    assert.equal(nextRequest(dialog, 'BYE').headers.get('to'), '<sip:bob@b.example>');
  });

  test('of a provisional without Contact aims at the Request-URI until the 2xx tells better', () => {
    const dialog = uac(answer(180, { contact: null }));
    assert.equal(dialog.early, true);
    assert.equal(dialog.remoteTarget, 'sip:bob@b.example');
    refreshTarget(dialog, answer(200));
    assert.equal(dialog.remoteTarget, 'sip:bob@192.0.2.8');
  });

  test('early: the 2xx to the INVITE rewrites the route set once (section 13.2.2.4)', () => {
    const dialog = uac(answer(180, { extra: ['Record-Route: <sip:early.example;lr>'] }));
    refreshTarget(dialog, answer(200, { method: 'UPDATE', extra: recorded }));
    assert.deepEqual(dialog.routeSet, ['<sip:early.example;lr>']);
    refreshTarget(dialog, answer(200, { extra: ['Record-Route: <sip:late.example;lr>'] }));
    assert.deepEqual(dialog.routeSet, ['<sip:late.example;lr>']);
    refreshTarget(dialog, answer(200, { extra: recorded }));
    assert.deepEqual(dialog.routeSet, ['<sip:late.example;lr>']);
  });
});

describe('nextRequest', () => {
  test('has Request-URI, Max-Forwards, From, To, Call-ID and CSeq of the dialog, and neither Via nor Contact', () => {
    const bye = nextRequest(uac(), 'BYE');
    assert.equal(bye.method, 'BYE');
    assert.equal(bye.uri, 'sip:bob@192.0.2.8');
    assert.deepEqual(
      [...bye.headers.entries()],
      [
        ['max-forwards', '70'],
        ['from', '"Alice, A." <sip:alice@a.example>;tag=a-tag'],
        ['to', '<sip:bob@b.example>;tag=b-tag'],
        ['call-id', 'call@a.example'],
        ['cseq', '8 BYE'],
      ],
    );
    assert.equal(bye.cseq.sequence, 8);
  });

  test('follows loose routers with Route, the target in the Request-URI', () => {
    const bye = nextRequest(uac(answer(200, { extra: recorded })), 'BYE');
    assert.equal(bye.uri, 'sip:bob@192.0.2.8');
    assert.deepEqual(bye.headers.getAll('route'), ['<sip:p3.example;lr>;x=y', '<sip:p2.example;lr>', '<sip:p1.example;lr>']);
  });

  test('follows a strict router with its URI as Request-URI and the target last (section 12.2.1.1)', () => {
    const extra = ['Record-Route: <sip:p1.example;lr>, "Old" <sip:p2.example:5070;method=INVITE;x=1?subject=y>'];
    const bye = nextRequest(uac(answer(200, { extra })), 'BYE');
    assert.equal(bye.uri, 'sip:p2.example:5070;x=1');
    assert.deepEqual(bye.headers.getAll('route'), ['<sip:p1.example;lr>', '<sip:bob@192.0.2.8>']);
  });

  test('keeps the number of the wire within 31 bits', () => {
    const dialog = uac();
    dialog.localSequence = 0x7fff_ffff;
    assert.equal(nextRequest(dialog, 'BYE').cseq.sequence, 0x7fff_ffff);
  });
});

test('ackRequest bears the number of its INVITE and moves nothing on', () => {
  const dialog = uac();
  nextRequest(dialog, 'INFO');
  assert.equal(ackRequest(dialog, 7).headers.get('cseq'), '7 ACK');
  assert.equal(nextRequest(dialog, 'BYE').headers.get('cseq'), '9 BYE');
});

describe('checkSequence', () => {
  const said = (dialog: Dialog, method: string, sequence: number): string => checkSequence(dialog, request({ method, sequence }));

  test('takes the first number, higher and equal ones; refuses lower ones without forgetting the highest', () => {
    const dialog = uac();
    assert.equal(said(dialog, 'INFO', 100), 'ok');
    assert.equal(said(dialog, 'INFO', 100), 'ok');
    assert.equal(said(dialog, 'INFO', 250), 'ok');
    assert.equal(said(dialog, 'BYE', 249), 'out-of-order');
    assert.equal(said(dialog, 'BYE', 250), 'ok');
    assert.equal(dialog.remoteSequence, 250);
  });

  test('does not count ACK and CANCEL', () => {
    const dialog = createUasDialog(request({ sequence: 7 }), 't');
    assert.equal(said(dialog, 'ACK', 3), 'ok');
    assert.equal(said(dialog, 'CANCEL', 900), 'ok');
    assert.equal(dialog.remoteSequence, 7);
  });
});

describe('refreshTarget', () => {
  const moved = (by: SipMessage): boolean => {
    const dialog = uac();
    refreshTarget(dialog, by);
    return dialog.remoteTarget === 'sip:new@192.0.2.9';
  };
  const contact = '<sip:new@192.0.2.9>';

  test('follows requests and 2xx that may move the target', () => {
    for (const method of ['INVITE', 'UPDATE', 'SUBSCRIBE', 'NOTIFY', 'REFER']) {
      assert.ok(moved(request({ method, contact })), method);
      assert.ok(moved(answer(200, { method, contact })), method);
    }
  });

  test('is not moved by other methods, provisionals or rejections, nor by a message without Contact', () => {
    for (const method of ['BYE', 'INFO', 'MESSAGE', 'PRACK', 'OPTIONS']) assert.ok(!moved(request({ method, contact })), method);
    for (const status of [180, 300, 491]) assert.ok(!moved(answer(status, { contact })), String(status));
    const dialog = uac();
    refreshTarget(dialog, request({ contact: null }));
    assert.equal(dialog.remoteTarget, 'sip:bob@192.0.2.8');
  });
});

test('createDialog takes stored data back, with defaults for what a record lacks', () => {
  const { remoteSequence: _, secure: __, early: ___, ...record } = uac();
  assert.deepEqual(createDialog(JSON.parse(JSON.stringify(record))), uac());
});

test('dialogKey differs for each part, and for tags swapped', () => {
  const keys = [
    dialogKey('c', 'a', 'b'),
    dialogKey('c', 'b', 'a'),
    dialogKey('d', 'a', 'b'),
    dialogKey('c', 'ab', ''),
    dialogKey('c', '', 'ab'),
  ];
  assert.equal(new Set(keys).size, keys.length);
});
