// Cuts long strings out of JSON text while it arrives, so that a large value is read in bounded memory. The other fields
// stay, and the text stays JSON. Pure.

/** No field on which a decision depends is this long: a permission for so long an input is refused anyway (`src/host/approvals.ts`). */
const longestStringBytes = 1_024 ** 2;

const quote = 0x22;
const backslash = 0x5c;

/** @returns a function that takes the pieces in order, and returns what is kept of each; of a long string the beginning is kept */
export function createJsonCut(longest = longestStringBytes): (piece: Uint8Array) => Uint8Array {
  let isInString = false;
  let isEscaped = false;
  /** How many hexadecimal digits of a `\u` must still come. */
  let digitsLeft = 0;
  let length = 0;
  let isCutting = false;
  return (piece) => {
    const kept = new Uint8Array(piece.length);
    let size = 0;
    for (const byte of piece) {
      if (!isInString) {
        isInString = byte === quote;
        length = -1; // the quote does not count
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
        // Begin to cut only between two characters: not inside an escape or a UTF-8 sequence.
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
