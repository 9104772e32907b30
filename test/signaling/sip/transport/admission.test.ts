import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission } from '../../../../signaling/sip/transport/admission.ts';

test('Admission counts IPv6 by /64 and gives places back', () => {
  const admission = new Admission({ connections: 100, perSource: 2, trusted: [] });
  assert.equal(admission.accept('2001:db8::1'), 'admitted');
  assert.equal(admission.accept('2001:db8::2'), 'admitted');
  assert.equal(admission.accept('2001:db8::3'), 'source');
  assert.equal(admission.accept('2001:db8:0:1::3'), 'admitted');
  admission.closeAccepted('2001:db8::1');
  assert.equal(admission.accept('2001:db8::3'), 'admitted');
  assert.equal(admission.total, 3);
});

test('Admission keeps a tenth for trusted networks, and none when nobody is trusted', () => {
  const admission = new Admission({ connections: 20, perSource: 100, trusted: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1'] });
  for (let i = 0; i < 18; i++) assert.equal(admission.accept('198.51.100.1'), 'admitted');
  assert.equal(admission.accept('198.51.100.1'), 'total');
  assert.equal(admission.accept('10.1.2.3'), 'admitted');
  assert.equal(admission.accept('2001:db8:9::1'), 'admitted');
  assert.equal(admission.accept('192.0.2.1'), 'total');
  assert.equal(admission.open(), 'total');
  admission.closeAccepted('198.51.100.1');
  assert.equal(admission.open(), 'admitted');
  const open = new Admission({ connections: 2, perSource: 100, trusted: [] });
  assert.deepEqual(
    [1, 2, 3].map(() => open.accept('198.51.100.1')),
    ['admitted', 'admitted', 'total'],
  );
});

test('a trusted source has no cap of its own', () => {
  const admission = new Admission({ connections: 20, perSource: 1, trusted: ['10.0.0.0/8'] });
  for (let i = 0; i < 5; i++) assert.equal(admission.accept('10.0.0.1'), 'admitted');
});
