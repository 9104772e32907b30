// The crypto suites of SRTP by their SDP names (RFC 4568 section 6.2, RFC 6188, RFC 7714): lengths and modes, no code.
// `F8_128_HMAC_SHA1_32` and the NULL suites are in no standard of SDP; who asks for them by name means them.

export type SuiteMode = 'cm' | 'f8' | 'null' | 'gcm';

export interface Suite {
  readonly name: string;
  readonly mode: SuiteMode;
  /** Master and session encryption key. */
  readonly keyBytes: 16 | 24 | 32;
  /** Master and session salt. */
  readonly saltBytes: 12 | 14;
  readonly srtpTagBytes: 4 | 10 | 16;
  /** RFC 4568 section 6.2: SRTCP keeps 80 bits where SRTP has 32. */
  readonly srtcpTagBytes: 10 | 16;
}

export const authKeyBytes = 20;

const suites: ReadonlyMap<string, Suite> = new Map(
  [
    hmac('AES_CM_128_HMAC_SHA1_80', 'cm', 16, 10),
    hmac('AES_CM_128_HMAC_SHA1_32', 'cm', 16, 4),
    hmac('AES_192_CM_HMAC_SHA1_80', 'cm', 24, 10),
    hmac('AES_192_CM_HMAC_SHA1_32', 'cm', 24, 4),
    hmac('AES_256_CM_HMAC_SHA1_80', 'cm', 32, 10),
    hmac('AES_256_CM_HMAC_SHA1_32', 'cm', 32, 4),
    hmac('F8_128_HMAC_SHA1_80', 'f8', 16, 10),
    hmac('F8_128_HMAC_SHA1_32', 'f8', 16, 4),
    hmac('NULL_HMAC_SHA1_80', 'null', 16, 10),
    hmac('NULL_HMAC_SHA1_32', 'null', 16, 4),
    gcm('AEAD_AES_128_GCM', 16),
    gcm('AEAD_AES_256_GCM', 32),
  ].map((suite) => [suite.name, suite]),
);

export function suiteNamed(name: string): Suite | undefined {
  return suites.get(name);
}

export function suiteNames(): string[] {
  return [...suites.keys()];
}

function hmac(name: string, mode: 'cm' | 'f8' | 'null', keyBytes: 16 | 24 | 32, srtpTagBytes: 4 | 10): Suite {
  return { name, mode, keyBytes, saltBytes: 14, srtpTagBytes, srtcpTagBytes: 10 };
}

function gcm(name: string, keyBytes: 16 | 32): Suite {
  return { name, mode: 'gcm', keyBytes, saltBytes: 12, srtpTagBytes: 16, srtcpTagBytes: 16 };
}
