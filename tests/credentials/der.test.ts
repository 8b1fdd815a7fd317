import { expect, test } from "bun:test";
import { derInteger, derOctets, derOid, derTime } from "../../src/credentials/der.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("derInteger() writes no sign and no needless zero", () => {
  expect(hex(derInteger(Uint8Array.of(0, 0, 0x7f)))).toBe("02017f");
  expect(hex(derInteger(Uint8Array.of(0x80)))).toBe("02020080");
  expect(hex(derInteger(Uint8Array.of(0)))).toBe("020100");
});

test("derOctets() writes long lengths in as many bytes as they need", () => {
  expect(hex(derOctets(new Uint8Array(127))).slice(0, 4)).toBe("047f");
  expect(hex(derOctets(new Uint8Array(128))).slice(0, 6)).toBe("048180");
  expect(hex(derOctets(new Uint8Array(256))).slice(0, 8)).toBe("04820100");
});

test("derOid() writes each number in groups of seven bits", () => {
  expect(hex(derOid("1.2.840.10045.4.3.2"))).toBe("06082a8648ce3d040302");
});

test("derTime() writes two digits of the year until 2049, then four", () => {
  expect(Buffer.from(derTime(new Date("2026-05-03T12:00:00Z"))).toString("latin1")).toBe(
    "\x17\x0d260503120000Z",
  );
  expect(Buffer.from(derTime(new Date("2050-01-01T00:00:00Z"))).toString("latin1")).toBe(
    "\x18\x0f20500101000000Z",
  );
});
