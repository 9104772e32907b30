import 'reflect-metadata';
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { X509CertificateGenerator } from '@peculiar/x509';
import { credentialFindings } from '../../../signaling/config/credential-check.ts';
import { formatPath } from '../../../signaling/config/problem.ts';
import { configSchema } from '../../../signaling/config/schema.ts';

const files = new Map<string, string>();
const start = Date.UTC(2026, 0, 1);
const day = 86_400_000;

before(async () => {
  files.set('/rubbish', 'not a PEM file');
  for (const name of ['one', 'two']) {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const times = { notBefore: new Date(start), notAfter: new Date(start + 90 * day) };
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      keys,
      signingAlgorithm: algorithm,
      ...times,
    });
    const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    files.set(`/${name}.crt`, certificate.toString('pem'));
    files.set(`/${name}.key`, `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`);
  }
});

function findings(certificate: string, key: string, atDay = 1): string[] {
  const listener = { protocol: 'tls', address: '127.0.0.1', port: 5061, certificate, key } as const;
  const config = configSchema.parse({ zones: [{ name: 'a', side: 'outside', listeners: [listener], media: [{ address: '127.0.0.1' }] }] });
  const readFile = (path: string): string => {
    const text = files.get(path);
    if (text === undefined) throw new Error(`no such file ${path}`);
    return text;
  };
  const found = credentialFindings(config, { readFile, wallClock: () => start + atDay * day });
  return found.map(({ severity, path, message }) => `${severity} ${formatPath(path)}: ${message}`);
}

const at = 'zones\\[0\\]\\.listeners\\[0\\]';
const cases: [name: string, certificate: string, key: string, day: number, expected: RegExp[]][] = [
  ['takes a pair that belongs together', '/one.crt', '/one.key', 1, []],
  ['tells a key of another certificate', '/one.crt', '/two.key', 1, [new RegExp(`^error ${at}\\.key: is not the key of`)]],
  ['tells missing files', '/no.crt', '/no.key', 1, [/certificate: cannot use \/no\.crt: no such file/, /key: cannot use \/no\.key/]],
  ['tells files that are no PEM', '/rubbish', '/rubbish', 1, [/^error .*certificate: cannot use/, /^error .*key: cannot use/]],
  ['warns of a certificate of the future', '/one.crt', '/one.key', -1, [/^warning .*certificate: is not valid before 2026-01-01/]],
  ['warns two weeks before a certificate runs out', '/one.crt', '/one.key', 80, [/^warning .*certificate: runs out on 2026-04-01/]],
  ['warns of a certificate that has run out', '/one.crt', '/one.key', 91, [/^warning .*certificate: ran out on 2026-04-01/]],
];
for (const [name, certificate, key, atDay, expected] of cases) {
  test(`credentialFindings ${name}`, () => {
    const found = findings(certificate, key, atDay);
    assert.equal(found.length, expected.length, found.join('\n'));
    for (const [index, pattern] of expected.entries()) assert.match(found[index]!, pattern);
  });
}
