// Looks at the certificate and key files that TLS listeners name: there, readable, PEM, belonging together, not run out.
// A listener that fails on them at three in the morning is worse than a check that fails now.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { errorMessage } from '../../shared/errors.ts';
import type { Finding } from './finding.ts';
import { type KeyPath, printable } from './problem.ts';
import type { Config } from './schema.ts';

export interface CredentialReader {
  /** Throws when the file cannot be read. */
  readFile(path: string): string;
  /** Milliseconds since 1970. */
  wallClock(): number;
}

const soonMs = 14 * 86_400_000;

export function credentialFindings(config: Config, reader: CredentialReader): readonly Finding[] {
  return config.zones.flatMap((zone, index) =>
    zone.listeners.flatMap(({ certificate, key }, at) => {
      if (certificate === undefined || key === undefined) return [];
      return pairFindings(certificate, key, reader, ['zones', index, 'listeners', at]);
    }),
  );
}

function pairFindings(certificateFile: string, keyFile: string, reader: CredentialReader, path: KeyPath): readonly Finding[] {
  const findings: Finding[] = [];
  const attempt = <T>(name: string, file: string, parse: (pem: string) => T): T | undefined => {
    try {
      return parse(reader.readFile(file));
    } catch (error) {
      // The text of a key file is never part of OpenSSL's or the file system's messages.
      const message = `cannot use ${printable(file)}: ${printable(errorMessage(error))}, allowed: a readable PEM file`;
      findings.push({ severity: 'error', path: [...path, name], message });
      return undefined;
    }
  };
  const certificate = attempt('certificate', certificateFile, (pem) => new X509Certificate(pem));
  const key = attempt('key', keyFile, (pem) => createPrivateKey(pem));
  if (certificate === undefined) return findings;
  if (key !== undefined && !certificate.checkPrivateKey(key)) {
    findings.push({
      severity: 'error',
      path: [...path, 'key'],
      message: `is not the key of the certificate ${printable(certificateFile)}`,
    });
  }
  return [...findings, ...validityFindings(certificate, reader.wallClock(), [...path, 'certificate'])];
}

function validityFindings(certificate: X509Certificate, nowMs: number, path: KeyPath): readonly Finding[] {
  const endMs = certificate.validToDate.getTime();
  if (nowMs < certificate.validFromDate.getTime()) {
    return [{ severity: 'warning', path, message: `is not valid before ${certificate.validFromDate.toISOString()}` }];
  }
  if (endMs - nowMs > soonMs) return [];
  const verb = endMs <= nowMs ? 'ran out on' : 'runs out on';
  return [{ severity: 'warning', path, message: `${verb} ${certificate.validToDate.toISOString()}` }];
}
