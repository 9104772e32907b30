// Where the certificate of a tls listener comes from: its own PEM files (or PEM text), else the default of the transport.
import { readFile } from 'node:fs/promises';
import { errorMessage, WeirError } from '../../../shared/errors.ts';
import { checkCredentials } from './tls-policy.ts';
import type { ListenerOptions, TlsCredentials } from './transport-options.ts';

/** Throws WeirError('bad-certificate') when there is none or it cannot be used. */
export async function credentialsOf(listener: ListenerOptions, fallback: TlsCredentials | undefined): Promise<TlsCredentials> {
  const source = `listener ${listener.protocol} ${listener.address}:${listener.port}`;
  const credentials = listener.certificate === undefined ? fallback : await readPair(listener.certificate, listener.key, source);
  if (credentials === undefined) throw new WeirError('bad-certificate', `Cannot use ${source}: it has no certificate`);
  checkCredentials(credentials, source);
  return credentials;
}

async function readPair(certificate: string, key: string | undefined, source: string): Promise<TlsCredentials> {
  try {
    // Without a key file the certificate file holds both.
    return { certificate: await pem(certificate), key: await pem(key ?? certificate) };
  } catch (error) {
    throw new WeirError('bad-certificate', `Cannot read the certificate of ${source}: ${errorMessage(error)}`, error);
  }
}

async function pem(fileOrText: string): Promise<string> {
  return fileOrText.includes('-----BEGIN') ? fileOrText : await readFile(fileOrText, 'utf8');
}
