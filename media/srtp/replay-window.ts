// Which packets of one source were there already (RFC 3711 section 3.3.2): the highest index and a bit for each of the 128
// at and below it. An index is a number up to 2^48 and stays exact.
import { replayWindow } from './limits.ts';

export class ReplayWindow {
  /** -1 before the first packet. */
  #highest = -1;
  // Bit k of word n: index highest - (32 n + k) was there.
  #word0 = 0;
  #word1 = 0;
  #word2 = 0;
  #word3 = 0;

  get highest(): number {
    return this.#highest;
  }

  /** Whether it came before, or is too old to know. */
  seen(index: number): boolean {
    const behind = this.#highest - index;
    if (behind < 0) return false;
    if (behind >= replayWindow) return true;
    return ((this.#word(behind >>> 5) >>> (behind & 31)) & 1) !== 0;
  }

  /** Notes an index that was not seen. */
  mark(index: number): void {
    const ahead = index - this.#highest;
    if (ahead > 0) {
      this.#advance(Math.min(ahead, replayWindow));
      this.#highest = index;
      this.#word0 |= 1;
      return;
    }
    const bit = 1 << (-ahead & 31);
    switch (-ahead >>> 5) {
      case 0:
        this.#word0 |= bit;
        return;
      case 1:
        this.#word1 |= bit;
        return;
      case 2:
        this.#word2 |= bit;
        return;
      default:
        this.#word3 |= bit;
    }
  }

  #word(number: number): number {
    if (number === 0) return this.#word0;
    if (number === 1) return this.#word1;
    return number === 2 ? this.#word2 : this.#word3;
  }

  #advance(by: number): void {
    let rest = by;
    for (; rest >= 32; rest -= 32) {
      this.#word3 = this.#word2;
      this.#word2 = this.#word1;
      this.#word1 = this.#word0;
      this.#word0 = 0;
    }
    if (rest === 0) return;
    const carried = 32 - rest;
    this.#word3 = (this.#word3 << rest) | (this.#word2 >>> carried);
    this.#word2 = (this.#word2 << rest) | (this.#word1 >>> carried);
    this.#word1 = (this.#word1 << rest) | (this.#word0 >>> carried);
    this.#word0 <<= rest;
  }
}
