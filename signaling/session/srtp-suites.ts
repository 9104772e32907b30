// Which SRTP suites we agree to and offer: the one place with their order. All authenticate with at least 32 bits per packet; F8 and
// the NULL suites are left out, though the relay can do them.

/** Of those a peer offers, the first of these is taken, whatever the peer's order. */
export const preferredSuites: readonly string[] = [
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
  'AES_256_CM_HMAC_SHA1_80',
  'AES_256_CM_HMAC_SHA1_32',
  'AES_192_CM_HMAC_SHA1_80',
  'AES_192_CM_HMAC_SHA1_32',
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
];

/** Not all, since each costs a line of about 100 bytes; the last two are what every peer has. */
export const offeredSuites: readonly string[] = [
  'AEAD_AES_128_GCM',
  'AEAD_AES_256_GCM',
  'AES_256_CM_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
];
