// Writes pixels as a PNG file (PNG, third edition: RGBA, 8 bits, no interlacing, no row filter).
import { crc32, deflateSync } from "node:zlib";

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const [bitsPerSample, colourRgba] = [8, 6];

/** @param pixels four bytes each (red, green, blue, alpha), row by row; `size` × `size` of them */
export function encodePng(pixels: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([bitsPerSample, colourRgba], 8);
  const rowBytes = size * 4;
  // Each row begins with the number of its filter, 0 for none.
  const rows = Buffer.alloc(size * (rowBytes + 1));
  for (let row = 0; row < size; row += 1)
    rows.set(pixels.subarray(row * rowBytes, (row + 1) * rowBytes), row * (rowBytes + 1) + 1);
  return new Uint8Array(
    Buffer.concat([
      signature,
      chunk("IHDR", header),
      chunk("IDAT", deflateSync(rows)),
      chunk("IEND", new Uint8Array()),
    ]),
  );
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
