// The TLS certificate Weir makes for itself when the operator gives none (P-256, self-signed): peers get encryption, not proof of
// who we are. Certificate and key lie in one file of the state directory, so they are renewed as a pair and survive restarts.
// The polyfill that @peculiar/x509 asks its users for; it must come first.
import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { errorMessage, WeirError } from '../../../shared/errors.ts';
import type { TlsCredentials } from './transport-options.ts';

export interface OwnCredentialsOptions {
  /** The state directory; made with mode 0700 when it is not there. */
  readonly directory: string;
  /** Wall clock: certificates know no other. */
  readonly now: Date;
  /** Names and addresses in the certificate; default: this machine's name. */
  readonly names?: readonly string[];
}

const fileName = 'sip-tls.pem';
const dayMs = 86_400_000;
/** Long, since renewing it means telling every peer that pinned it. */
const validDays = 3650;
const renewDays = 30;

/** Reads the certificate or makes a new one. Throws WeirError('state-failed') when the directory cannot be used. */
export async function ownCredentials(options: OwnCredentialsOptions): Promise<TlsCredentials> {
  const path = join(options.directory, fileName);
  try {
    const kept = await readCredentials(path);
    if (kept !== undefined && isUsable(kept, options.now)) return kept;
    const made = await makeCredentials(options.names ?? [hostname()], options.now);
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    await writePrivate(path, made.certificate + made.key);
    return made;
  } catch (error) {
    throw new WeirError('state-failed', `Cannot keep the TLS certificate in "${path}": ${errorMessage(error)}`, error);
  }
}

async function makeCredentials(names: readonly string[], now: Date): Promise<TlsCredentials> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      // A positive number (RFC 5280 4.1.2.2): the first bit must be 0.
      serialNumber: `4${randomBytes(16).toString('hex').slice(1)}`,
      // Says nothing about the product: strangers see it.
      name: 'CN=sip',
      // Peers' clocks may be slow.
      notBefore: new Date(now.getTime() - dayMs),
      notAfter: new Date(now.getTime() + validDays * dayMs),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        new SubjectAlternativeNameExtension(names.map((value) => ({ type: /^[0-9.]+$|:/.test(value) ? 'ip' : 'dns', value }))),
      ],
    },
    webcrypto,
  );
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificate: `${certificate.toString('pem')}\n`, key: `${PemConverter.encode(key, 'PRIVATE KEY')}\n` };
}

/** undefined: there is none yet. */
async function readCredentials(path: string): Promise<TlsCredentials | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const keyStart = text.indexOf('-----BEGIN PRIVATE KEY-----');
  return { certificate: text.slice(0, Math.max(keyStart, 0)), key: text.slice(Math.max(keyStart, 0)) };
}

/** A file that was cut short or has run out is made anew. */
function isUsable(credentials: TlsCredentials, now: Date): boolean {
  try {
    const certificate = new X509Certificate(credentials.certificate);
    return (
      certificate.checkPrivateKey(createPrivateKey(credentials.key)) &&
      certificate.validToDate.getTime() - now.getTime() > renewDays * dayMs
    );
  } catch {
    return false;
  }
}

/** Whole or not at all, and never readable by others, not even for a moment. */
async function writePrivate(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
