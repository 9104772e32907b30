// The OpenSSL that is inside the node binary, called through node:ffi, and the one piece of memory it works on. All addresses are
// computed beforehand and bounds are checked here: no number of a peer ever becomes a pointer.
//
// Every argument is declared a pointer, lengths too: a signature of pointers only takes node's fast path (10 ns a call), any other type
// in it the slow one (60 ns and more). The calling conventions of x86-64 and arm64 pass both in the same registers.
import { errorMessage, WeirError } from '../../shared/errors.ts';
import { memoryBytes, spareAt } from '../srtp/crypto.ts';

const P = 'pointer';

const declarations = {
  EVP_aes_128_ctr: { return: P, arguments: [] },
  EVP_aes_192_ctr: { return: P, arguments: [] },
  EVP_aes_256_ctr: { return: P, arguments: [] },
  EVP_aes_128_ecb: { return: P, arguments: [] },
  EVP_aes_192_ecb: { return: P, arguments: [] },
  EVP_aes_256_ecb: { return: P, arguments: [] },
  EVP_aes_128_gcm: { return: P, arguments: [] },
  EVP_aes_192_gcm: { return: P, arguments: [] },
  EVP_aes_256_gcm: { return: P, arguments: [] },
  EVP_sha1: { return: P, arguments: [] },
  EVP_CIPHER_CTX_new: { return: P, arguments: [] },
  EVP_CIPHER_CTX_free: { return: 'void', arguments: [P] },
  EVP_CIPHER_CTX_ctrl: { return: 'i32', arguments: [P, P, P, P] },
  EVP_CIPHER_CTX_set_padding: { return: 'i32', arguments: [P, P] },
  EVP_EncryptInit_ex: { return: 'i32', arguments: [P, P, P, P, P] },
  EVP_EncryptUpdate: { return: 'i32', arguments: [P, P, P, P, P] },
  EVP_EncryptFinal_ex: { return: 'i32', arguments: [P, P, P] },
  EVP_DecryptInit_ex: { return: 'i32', arguments: [P, P, P, P, P] },
  EVP_DecryptUpdate: { return: 'i32', arguments: [P, P, P, P, P] },
  EVP_DecryptFinal_ex: { return: 'i32', arguments: [P, P, P] },
  HMAC_CTX_new: { return: P, arguments: [] },
  HMAC_CTX_free: { return: 'void', arguments: [P] },
  HMAC_Init_ex: { return: 'i32', arguments: [P, P, P, P, P] },
  HMAC_Update: { return: 'i32', arguments: [P, P, P] },
  HMAC_Final: { return: 'i32', arguments: [P, P, P] },
} as const;

type Ffi = typeof import('node:ffi');
export type OpensslFunctions = ReturnType<typeof bind>;

export type LibraryResult =
  | { readonly kind: 'library'; readonly library: OpensslLibrary }
  | { readonly kind: 'unavailable'; readonly reason: string };

export const noAddress = 0n;
/** Where the library says how much it wrote, which nobody reads. */
const writtenAt = spareAt;
const keyAt = spareAt + 16;

/** Says why not where node:ffi is missing, switched off or denied, or node comes without these functions. */
export function loadLibrary(): LibraryResult {
  if (process.arch !== 'x64' && process.arch !== 'arm64') return { kind: 'unavailable', reason: `the CPU is ${process.arch}` };
  // A static import would not even load under --no-experimental-ffi.
  const ffi = process.getBuiltinModule('node:ffi');
  if (ffi === undefined) return { kind: 'unavailable', reason: 'node:ffi is switched off or missing in this node' };
  try {
    return { kind: 'library', library: new OpensslLibrary(ffi) };
  } catch (thrown) {
    return { kind: 'unavailable', reason: `node:ffi failed: ${errorMessage(thrown)}` };
  }
}

function bind(ffi: Ffi) {
  return ffi.dlopen(null, declarations).functions;
}

export class OpensslLibrary {
  readonly functions: OpensslFunctions;
  /** Of its own, outside the JavaScript heap: it never moves. */
  readonly memory = Buffer.allocUnsafeSlow(memoryBytes).fill(0);
  readonly written: bigint;
  /** The address of every fourth byte. */
  readonly #addresses: readonly bigint[];
  readonly #sizes: readonly bigint[];

  constructor(ffi: Ffi) {
    this.functions = bind(ffi);
    const base = ffi.getRawPointer(this.memory);
    this.#addresses = Array.from({ length: memoryBytes / 4 }, (_, index) => base + BigInt(index * 4));
    this.#sizes = Array.from({ length: memoryBytes + 1 }, (_, index) => BigInt(index));
    this.written = this.address(writtenAt, 8);
  }

  /** Where memory[offset] is; so many bytes from there are used. */
  address(offset: number, length: number): bigint {
    const address = this.#addresses[offset >>> 2];
    if (address === undefined || (offset & 3) !== 0 || !(length >= 0 && offset + length <= memoryBytes))
      throw new WeirError('openssl-misuse', `Cannot work on ${length} bytes at ${offset}: the memory has ${memoryBytes}`);
    return address;
  }

  size(length: number): bigint {
    const size = this.#sizes[length];
    if (size === undefined) throw new WeirError('openssl-misuse', `Cannot work on ${length} bytes`);
    return size;
  }

  /** Hands the address of the key to `use`, and wipes it afterwards. */
  withKey(key: Uint8Array, use: (address: bigint) => number): void {
    this.memory.set(key, keyAt);
    const result = use(this.address(keyAt, key.length));
    this.memory.fill(0, keyAt, keyAt + key.length);
    checked(result);
  }
}

/** OpenSSL says 1 for done. Nothing a packet holds can make these calls fail. */
export function checked(result: number): void {
  if (result !== 1) throw new WeirError('openssl-failed', `OpenSSL failed: ${result}`);
}
