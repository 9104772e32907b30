// From the master key to the transform of its suite. Session keys live only as long as this takes.
import { AeadTransform } from './aead-transform.ts';
import type { SrtpCrypto } from './crypto.ts';
import { HmacTransform } from './hmac-transform.ts';
import { deriveSessionKeys, type MasterKeys, wipe } from './master-keys.ts';
import type { Transform } from './transform.ts';

export function makeTransform(crypto: SrtpCrypto, master: MasterKeys, direction: 'seal' | 'open'): Transform {
  const { suite, mki } = master;
  const srtp = deriveSessionKeys(crypto, master, 'srtp');
  const srtcp = deriveSessionKeys(crypto, master, 'srtcp');
  const options = { crypto, suite, srtp, srtcp, mki, direction };
  const transform = suite.mode === 'gcm' ? new AeadTransform(options) : new HmacTransform(options);
  wipe(srtp);
  wipe(srtcp);
  return transform;
}
