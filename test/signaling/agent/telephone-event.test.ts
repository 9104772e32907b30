import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeRtp } from '../../../shared/rtp-packet.ts';
import { DigitReceiver, DigitSender } from '../../../signaling/agent/telephone-event.ts';

function dialled(digits: string, lost: (n: number) => boolean = () => false): string {
  let sequence = 0;
  let sent = 0;
  const sender = new DigitSender({ ssrc: 1, payloadType: 101, nextSequenceNumber: () => sequence++ });
  const receiver = new DigitReceiver();
  sender.dial(digits);
  for (let timestamp = 0; !sender.idle; timestamp += 160) {
    assert.ok(timestamp < 160 * 1000, 'never idle');
    for (const bytes of sender.next(timestamp) ?? []) if (!lost(sent++)) receiver.receive(decodeRtp(bytes)!);
  }
  return receiver.digits;
}

test('DigitSender and DigitReceiver agree on every digit, repeated ones too', () => {
  assert.equal(dialled('1123*#abcD'), '1123*#ABCD');
});

test('DigitSender leaves out what is no digit', () => {
  assert.equal(dialled('1-2 x3'), '123');
});

test('DigitReceiver hears each digit once when most packets are lost', () => {
  // Seven packets a digit; one of them gets through.
  assert.equal(
    dialled('8675309', (n) => n % 7 !== 5),
    '8675309',
  );
});
