// What TLS we speak (RFC 3261 26.3.1 with the advice of RFC 9325): 1.2 and 1.3, forward secrecy and AEAD only, no renegotiation.
import { constants } from 'node:crypto';
import {
  checkServerIdentity,
  createSecureContext,
  type DetailedPeerCertificate,
  type PeerCertificate,
  type SecureContextOptions,
} from 'node:tls';
import { errorMessage, WeirError } from '../../../shared/errors.ts';
import type { TlsCredentials } from './transport-options.ts';

const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** `authorities`: PEM text; undefined = those built into node. */
export function contextOptions(credentials: TlsCredentials | undefined, authorities: string | undefined): SecureContextOptions {
  return {
    ...(credentials === undefined ? {} : { cert: credentials.certificate, key: credentials.key }),
    ...(authorities === undefined ? {} : { ca: authorities }),
    minVersion: 'TLSv1.2',
    ciphers,
    honorCipherOrder: true,
    // Renegotiation lets a client make us do handshakes for free, and splices identities.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  };
}

/** Throws WeirError('bad-certificate') when certificate and key are no pair or no PEM. */
export function checkCredentials(credentials: TlsCredentials, source: string): void {
  try {
    createSecureContext(contextOptions(credentials, undefined));
  } catch (error) {
    throw new WeirError('bad-certificate', `Cannot use the TLS certificate of ${source}: ${errorMessage(error)}`, error);
  }
}

/** RFC 5922 7.1: a SIP URI among the alternative names counts as much as a DNS name. undefined = the peer is `host`. */
export function checkPeerName(host: string, certificate: PeerCertificate | DetailedPeerCertificate): Error | undefined {
  const error = checkServerIdentity(host, certificate);
  const names = certificate.subjectaltname ?? '';
  // node quotes names with commas in them; a certificate with such names is not worth a parser that could be fooled.
  const bySipUri = !names.includes('"') && names.split(', ').includes(`URI:sip:${host}`);
  return bySipUri ? undefined : error;
}
