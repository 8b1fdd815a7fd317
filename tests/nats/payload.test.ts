import { expect, test } from "bun:test";
import { encode, maxPayloadBytes } from "../../src/nats/payload.ts";

/** A text whose JSON has so many bytes. */
const textOf = (bytes: number) => "x".repeat(bytes - 2);

test("encode() takes what just fits, and refuses a byte more, with what to do instead", () => {
  expect(encode("agent.ada.command", textOf(maxPayloadBytes))).toHaveLength(maxPayloadBytes);
  expect(() => encode("agent.ada.command", textOf(maxPayloadBytes + 1))).toThrow("agent.ada.command");
  try {
    encode("agent.ada.command", textOf(maxPayloadBytes + 1));
  } catch (error) {
    expect(error).toMatchObject({ code: "payload_too_large", hint: expect.stringContaining("path") });
  }
});

test("encode() counts bytes, not characters", () => {
  expect(() => encode("s", "é".repeat(maxPayloadBytes / 2))).toThrow("8 MB");
});
