import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalName, headerName, headerNameAt, longName } from '../../../../signaling/sip/message/header-name.ts';

test('longName folds case and compact forms onto the long name', () => {
  for (const [spelling, long] of [
    ['Call-ID', 'call-id'],
    ['cAlL-iD', 'call-id'],
    ['i', 'call-id'],
    ['I', 'call-id'],
    ['m', 'contact'],
    ['e', 'content-encoding'],
    ['l', 'content-length'],
    ['c', 'content-type'],
    ['f', 'from'],
    ['s', 'subject'],
    ['k', 'supported'],
    ['t', 'to'],
    ['v', 'via'],
    ['o', 'event'],
    ['r', 'refer-to'],
    ['b', 'referred-by'],
    ['d', 'request-disposition'],
    ['u', 'allow-events'],
    ['x', 'session-expires'],
    ['j', 'reject-contact'],
    ['y', 'identity'],
    ['n', 'identity-info'],
    ['a', 'accept-contact'],
    ['X-Tenant', 'x-tenant'],
    ['z', 'z'],
  ] as const) {
    assert.equal(longName(spelling), long, spelling);
  }
});

test('canonicalName gives the spelling of the RFCs, and capitals to unknown names', () => {
  for (const [name, canonical] of [
    ['call-id', 'Call-ID'],
    ['cseq', 'CSeq'],
    ['www-authenticate', 'WWW-Authenticate'],
    ['rack', 'RAck'],
    ['min-se', 'Min-SE'],
    ['mime-version', 'MIME-Version'],
    ['sip-etag', 'SIP-ETag'],
    ['p-asserted-identity', 'P-Asserted-Identity'],
    ['user-to-user', 'User-to-User'],
    ['x-tenant', 'X-Tenant'],
    ['X-tenant', 'X-tenant'],
  ] as const) {
    assert.equal(canonicalName(name), canonical);
  }
});

test('headerName takes the names of object properties for names', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    assert.deepEqual(headerName(name), { name: name.toLowerCase(), wire: name, bit: 0 });
  }
});

test('headerName leaves letters above ASCII alone', () => {
  // 0xC3 0x89 is "É" in UTF-8: lower-casing 0xC3 as latin1 would break the character.
  assert.equal(headerName('X-\xc3\x89').name, 'x-\xc3\x89');
});

test('headerNameAt finds names in place and nothing in between', () => {
  const text = 'xxCall-ID: 1';
  assert.equal(headerNameAt(text, 2, 9)?.name, 'call-id');
  assert.equal(headerNameAt(text, 2, 8), undefined);
  assert.equal(headerNameAt(text, 1, 9), undefined);
  assert.equal(headerNameAt(text, 2, 2), undefined);
});
