// Writes values in DER (ITU-T X.690), as far as a certificate needs them.

const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

type Bytes = Uint8Array;

function tagged(tag: number, ...parts: readonly Bytes[]): Bytes {
  const body = Buffer.concat(parts);
  return Buffer.concat([Uint8Array.of(tag), lengthOf(body.length), body]);
}

function lengthOf(length: number): Bytes {
  if (length < 0x80) return Uint8Array.of(length);
  const digits = length.toString(16);
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), "0"), "hex");
  return Buffer.concat([Uint8Array.of(0x80 | bytes.length), bytes]);
}

export const derSequence = (...parts: readonly Bytes[]): Bytes => tagged(tags.sequence, ...parts);
export const derSet = (...parts: readonly Bytes[]): Bytes => tagged(tags.set, ...parts);
export const derOctets = (value: Bytes): Bytes => tagged(tags.octetString, value);
export const derText = (value: string): Bytes => tagged(tags.utf8String, Buffer.from(value));
export const derTrue = (): Bytes => tagged(tags.boolean, Uint8Array.of(0xff));

/** @param value without a sign, the highest byte first */
export function derInteger(value: Bytes): Bytes {
  const from = value.findIndex((byte) => byte !== 0);
  const bytes = from === -1 ? Uint8Array.of(0) : value.subarray(from);
  // A first bit of 1 would make it negative.
  return (bytes[0] ?? 0) < 0x80 ? tagged(tags.integer, bytes) : tagged(tags.integer, Uint8Array.of(0), bytes);
}

/** @param unused how many bits at the end do not count */
export const derBits = (value: Bytes, unused = 0): Bytes =>
  tagged(tags.bitString, Uint8Array.of(unused), value);

/** @param text such as `1.2.840.10045.4.3.2` */
export function derOid(text: string): Bytes {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [40 * first + second, ...rest].flatMap((arc) => {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift(0x80 | (left % 128));
    return digits;
  });
  return tagged(tags.oid, Uint8Array.from(bytes));
}

/** To the second. RFC 5280, 4.1.2.5, asks for the short form until 2049. */
export function derTime(time: Date): Bytes {
  const text = `${time.toISOString().slice(0, 19).replace(/\D/g, "")}Z`;
  return time.getUTCFullYear() < 2050
    ? tagged(tags.utcTime, Buffer.from(text.slice(2)))
    : tagged(tags.generalizedTime, Buffer.from(text));
}

/** A field of a structure, by its number there. @param kind `whole` if the value stands inside with its own tag, else `bare` */
export function derField(number: number, kind: "whole" | "bare", value: Bytes): Bytes {
  return tagged((kind === "whole" ? 0xa0 : 0x80) | number, value);
}
