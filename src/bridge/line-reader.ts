// Splits bytes into lines with a limit on their length. A longer line is cut to its beginning and its end: they contain the id of the
// request, which is needed to answer it.

/** How much of the beginning, and of the end, of a line that is too long is kept. */
const endBytes = 4_096;

export interface LongLine {
  readonly bytes: number;
  readonly head: string;
  readonly tail: string;
}

export interface LineReader {
  push(chunk: Uint8Array): void;
  /** The input has ended. A last line without a newline counts as a line. */
  end(): void;
}

export function createLineReader(
  maxLineBytes: number,
  onLine: (line: string) => void,
  onLongLine: (line: LongLine) => void,
): LineReader {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let tail = Buffer.alloc(0);

  const add = (part: Uint8Array) => {
    const wasLong = bytes > maxLineBytes;
    bytes += part.length;
    if (bytes <= maxLineBytes) {
      parts.push(part);
      return;
    }
    const known = wasLong ? tail : Buffer.concat(parts);
    if (!wasLong) parts = [Buffer.concat([known, part]).subarray(0, endBytes)];
    tail = Buffer.from(
      Buffer.concat([known.subarray(-endBytes), part.subarray(-endBytes)]).subarray(-endBytes),
    );
  };

  const finish = () => {
    const whole = Buffer.concat(parts);
    const length = bytes;
    parts = [];
    bytes = 0;
    if (length > maxLineBytes) {
      onLongLine({ bytes: length, head: whole.toString("utf8"), tail: tail.toString("utf8") });
    } else {
      const line = whole.toString("utf8").trim();
      if (line !== "") onLine(line);
    }
  };

  return {
    push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        add(chunk.subarray(start, end));
        finish();
        start = end + 1;
      }
      if (start < chunk.length) add(chunk.subarray(start));
    },
    end: finish,
  };
}
