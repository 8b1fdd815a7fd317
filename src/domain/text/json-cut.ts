// Cuts long strings out of JSON text while it arrives, so that a large value is read in bounded memory. The other fields
// stay, and the text stays JSON. Pure.

/** No field that decides anything is this long. A permission for an input this long is refused (host/approvals.ts). */
const longestStringBytes = 1_024 ** 2;

const quote = 0x22;
const backslash = 0x5c;

/** @returns a function that takes each piece in order and returns what remains of it; of a long string the beginning remains */
export function createJsonCut(longest = longestStringBytes): (piece: Uint8Array) => Uint8Array {
  let isInString = false;
  let isEscaped = false;
  /** Hexadecimal digits of a `\u` that are still to come. */
  let digitsLeft = 0;
  let length = 0;
  let isCutting = false;
  return (piece) => {
    const kept = new Uint8Array(piece.length);
    let size = 0;
    for (const byte of piece) {
      if (!isInString) {
        isInString = byte === quote;
        length = -1; // its quote is none of it
        isCutting = false;
      } else if (isEscaped) {
        isEscaped = false;
        digitsLeft = byte === 0x75 ? 4 : 0;
      } else if (digitsLeft > 0) {
        digitsLeft -= 1;
      } else if (byte === quote) {
        isInString = false;
        isCutting = false;
      } else {
        // Between two characters: neither in an escape nor in a sequence of UTF-8.
        if (length >= longest && (byte & 0xc0) !== 0x80) isCutting = true;
        isEscaped = byte === backslash;
      }
      length += 1;
      if (isCutting) continue;
      kept[size] = byte;
      size += 1;
    }
    return kept.subarray(0, size);
  };
}
