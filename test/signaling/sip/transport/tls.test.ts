import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ConnectionOptions, connect as connectTls, createServer, type TLSSocket } from 'node:tls';
import { ownCredentials } from '../../../../signaling/sip/transport/credentials.ts';
import { checkPeerName } from '../../../../signaling/sip/transport/tls-policy.ts';
import type { SipTransportOptions, TlsCredentials } from '../../../../signaling/sip/transport/transport-options.ts';
import { Client, type Rig, requestText, startRig } from './transport-rig.ts';

interface Context {
  after(f: () => unknown): void;
}

const now = new Date('2026-11-01T00:00:00Z');
const names = ['localhost', 'sip.example.com', '127.0.0.1'];

async function directory(t: Context): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'weir-tls-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

async function credentials(t: Context): Promise<TlsCredentials> {
  return await ownCredentials({ directory: await directory(t), now, names });
}

async function tlsRig(t: Context, options: Partial<SipTransportOptions> = {}): Promise<Rig> {
  const rig = await startRig([{ protocol: 'tls', address: '127.0.0.1', port: 0 }], { credentials: await credentials(t), ...options });
  t.after(() => rig.close());
  return rig;
}

async function tlsClient(t: Context, rig: Rig, options: ConnectionOptions = {}): Promise<Client & { readonly socket: TLSSocket }> {
  const socket = connectTls({ host: '127.0.0.1', port: rig.listener('tls').port, rejectUnauthorized: false, ...options });
  t.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  return Object.assign(new Client(socket), { socket });
}

test('ownCredentials makes a P-256 pair for the names, keeps it in a private file and reads it back', async (t) => {
  const path = join(await directory(t), 'state');
  const made = await ownCredentials({ directory: path, now, names });
  const certificate = new X509Certificate(made.certificate);
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  assert.equal(certificate.subjectAltName, 'DNS:localhost, DNS:sip.example.com, IP Address:127.0.0.1');
  assert.equal(certificate.verify(certificate.publicKey), true);
  const files = await readdir(path);
  assert.deepEqual(files, ['sip-tls.pem']);
  assert.equal((await stat(join(path, 'sip-tls.pem'))).mode & 0o777, 0o600);
  assert.equal((await stat(path)).mode & 0o777, 0o700);
  assert.deepEqual(await ownCredentials({ directory: path, now, names }), made);
});

test('ownCredentials makes a new pair when the file is cut short or runs out, and says when it cannot be kept', async (t) => {
  const path = await directory(t);
  const made = await ownCredentials({ directory: path, now, names });
  await writeFile(join(path, 'sip-tls.pem'), made.certificate);
  const second = await ownCredentials({ directory: path, now, names });
  assert.notEqual(second.certificate, made.certificate);
  const third = await ownCredentials({ directory: path, now: new Date('2036-10-20T00:00:00Z'), names });
  assert.notEqual(third.certificate, second.certificate);
  await assert.rejects(ownCredentials({ directory: join(path, 'sip-tls.pem'), now }), { code: 'state-failed' });
});

test('tls carries a request and its response', async (t) => {
  const rig = await tlsRig(t);
  const one = await tlsClient(t, rig);
  one.write(requestText({ via: 'SIP/2.0/TLS client.example.com;branch=z9hG4bK1' }));
  await rig.until(() => rig.messages.length === 1, 'the request');
  const { flow } = rig.messages[0]!;
  assert.equal(flow.protocol, 'tls');
  rig.transport.send(flow, Buffer.from('SIP/2.0 200 OK\r\n\r\n'));
  await one.reads('SIP/2.0 200 OK');
});

test('tls refuses versions before 1.2 and ciphers without forward secrecy', async (t) => {
  const rig = await tlsRig(t);
  const weak: ConnectionOptions[] = [
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' },
  ];
  for (const [index, options] of weak.entries()) {
    await assert.rejects(tlsClient(t, rig, options));
    await rig.until(() => rig.transport.counters.handshakeFailed === index + 1, 'the failed handshake');
    // The second failure is only counted until the second is over.
    rig.advance(1000);
  }
  assert.equal(rig.messages.length, 0);
});

test('tls refuses renegotiation', async (t) => {
  const rig = await tlsRig(t);
  const one = await tlsClient(t, rig, { maxVersion: 'TLSv1.2' });
  await one.ping();
  one.socket.renegotiate({ rejectUnauthorized: false }, () => {});
  const [error] = await once(one.socket, 'error');
  assert.match(String(error), /no renegotiation/i);
});

test('a handshake that does not end is cut in time, also one that never begins', async (t) => {
  const rig = await tlsRig(t);
  const silent = new Client(connect(rig.listener('tls').port, '127.0.0.1'));
  t.after(() => silent.socket.destroy());
  await once(silent.socket, 'connect');
  // Sockets are accepted in order: when a later one is served, the silent one is known.
  const later = await tlsClient(t, rig);
  await later.ping();
  rig.advance(4999);
  await later.ping();
  assert.equal(silent.closed, false);
  rig.advance(1);
  await silent.closes();
  await rig.until(() => rig.lines.some((line) => line.event === 'handshake-failed'), 'the log line');
  assert.equal(rig.lines.find((line) => line.event === 'handshake-failed')?.fields.reason, 'timeout');
  assert.equal(later.closed, false);
  assert.equal(rig.transport.counters.connections, 1);
});

test('bytes that are no TLS end the connection and are counted', async (t) => {
  const rig = await tlsRig(t);
  const plain = new Client(connect(rig.listener('tls').port, '127.0.0.1'));
  plain.write(requestText());
  await plain.closes();
  await rig.until(() => rig.transport.counters.handshakeFailed === 1, 'the failed handshake');
  assert.equal(rig.transport.counters.connections, 0);
});

test('reloadCertificates serves the new certificate and keeps connections; a bad one changes nothing', async (t) => {
  const rig = await tlsRig(t);
  const old = await tlsClient(t, rig);
  const fresh = await credentials(t);
  await rig.transport.reloadCertificates(fresh);
  const after = await tlsClient(t, rig);
  const fingerprint = (one: { socket: TLSSocket }) => one.socket.getPeerX509Certificate()?.fingerprint256;
  assert.equal(fingerprint(after), new X509Certificate(fresh.certificate).fingerprint256);
  assert.notEqual(fingerprint(old), fingerprint(after));
  await old.ping();
  const bad = { certificate: fresh.certificate, key: (await credentials(t)).key };
  await assert.rejects(rig.transport.reloadCertificates(bad), { code: 'bad-certificate' });
  await rig.transport.reloadCertificates();
  assert.equal(fingerprint(await tlsClient(t, rig)), fingerprint(after));
});

test('a tls listener takes PEM files of its own and reads them again', async (t) => {
  const path = await directory(t);
  const files = { certificate: join(path, 'cert.pem'), key: join(path, 'key.pem') };
  const write = async (pair: TlsCredentials) => {
    await writeFile(files.certificate, pair.certificate);
    await writeFile(files.key, pair.key);
  };
  const [first, second] = [await credentials(t), await credentials(t)];
  await write(first);
  const rig = await startRig([{ protocol: 'tls', address: '127.0.0.1', port: 0, ...files }]);
  t.after(() => rig.close());
  const shown = async () => (await tlsClient(t, rig)).socket.getPeerX509Certificate()?.toString().trim();
  assert.equal(await shown(), first.certificate.trim());
  await write(second);
  await rig.transport.reloadCertificates();
  assert.equal(await shown(), second.certificate.trim());
  const missing = startRig([{ protocol: 'tls', address: '127.0.0.1', port: 0, certificate: join(path, 'none.pem') }]);
  await assert.rejects(missing, { code: 'bad-certificate' });
  await assert.rejects(startRig([{ protocol: 'tls', address: '127.0.0.1', port: 0 }]), { code: 'bad-certificate' });
});

test('a listener with clientAuthorities takes only clients with a certificate of theirs', async (t) => {
  const own = await credentials(t);
  const client = await credentials(t);
  const rig = await startRig([{ protocol: 'tls', address: '127.0.0.1', port: 0, clientAuthorities: client.certificate }], {
    credentials: own,
  });
  t.after(() => rig.close());
  const good = await tlsClient(t, rig, { cert: client.certificate, key: client.key });
  await good.ping();
  const without = await tlsClient(t, rig, { maxVersion: 'TLSv1.3' });
  await without.closes();
  assert.equal(rig.transport.counters.connections, 1);
});

test('opened tls connections check the name of the peer before anything is sent', async (t) => {
  const server = await credentials(t);
  const received: string[] = [];
  const foreign = createServer({ cert: server.certificate, key: server.key }, (socket) => {
    socket.on('data', (bytes) => received.push(bytes.toString()));
    socket.on('error', () => {});
  });
  foreign.listen(0, '127.0.0.1');
  await once(foreign, 'listening');
  t.after(() => foreign.close());
  const address = foreign.address();
  assert.ok(address !== null && typeof address === 'object');
  const listeners = [{ protocol: 'tls', address: '127.0.0.1', port: 0 }] as const;
  const rig = await tlsRig(t, { zones: [{ name: 'strict', listeners }], authorities: server.certificate });
  const target = { protocol: 'tls', address: '127.0.0.1', port: address.port } as const;

  const wrong = rig.transport.route('strict', { ...target, serverName: 'sip.example.org' })!;
  rig.transport.send(wrong, Buffer.from('secret'));
  await rig.until(() => rig.failures.length === 1, 'the failure');
  assert.match(rig.failures[0]!.reason, /sip\.example\.org/);
  assert.equal(rig.transport.counters.connectFailed, 1);

  const right = rig.transport.route('strict', { ...target, serverName: 'sip.example.com' })!;
  const byAddress = rig.transport.route('strict', target)!;
  assert.notEqual(right.connection, byAddress.connection, 'a connection that proved one name does not serve another');
  assert.equal(rig.transport.route('strict', { ...target, serverName: 'sip.example.com' }), right);
  rig.transport.send(right, Buffer.from('by name'));
  const [socket] = (await once(foreign, 'secureConnection')) as [TLSSocket];
  if (received.length === 0) await once(socket, 'data');
  assert.deepEqual(received, ['by name']);
});

test('checkPeerName takes a SIP URI among the alternative names', () => {
  const certificate = (subjectaltname: string) => ({ subject: {}, subjectaltname }) as Parameters<typeof checkPeerName>[1];
  assert.equal(checkPeerName('example.com', certificate('URI:sip:example.com')), undefined);
  assert.equal(checkPeerName('example.com', certificate('DNS:example.com')), undefined);
  assert.ok(checkPeerName('example.com', certificate('URI:sip:example.org, DNS:example.net')) instanceof Error);
  assert.ok(checkPeerName('example.com', certificate('DNS:"a, URI:sip:example.com, b"')) instanceof Error);
});
