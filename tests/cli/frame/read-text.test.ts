// What is read from stdin as the text of an order.
import { expect, test } from "bun:test";
import { Readable } from "node:stream";
import { readText } from "../../../src/cli/frame/read-text.ts";
import { maxPayloadBytes } from "../../../src/nats/payload.ts";

test("readText() joins the pieces, also where a character is cut between two of them", async () => {
  const bytes = Buffer.from("a – ü\n");
  const pieces = [...bytes].map((byte) => Buffer.from([byte]));
  expect(await readText(Readable.from(pieces))).toBe("a – ü\n");
  expect(await readText(Readable.from([]))).toBe("");
});

test("readText() refuses what is no UTF-8 rather than sending other words", async () => {
  await expect(readText(Readable.from([Buffer.from([0x61, 0xff])]))).rejects.toMatchObject({
    code: "usage",
    hint: "convert it to UTF-8",
  });
});

test("readText() ends as soon as the limit is passed, although more would come", async () => {
  let given = 0;
  async function* endless() {
    for (;;) {
      given += 1;
      yield Buffer.alloc(1_024 ** 2, "a");
    }
  }
  await expect(readText(Readable.from(endless()))).rejects.toMatchObject({ code: "payload_too_large" });
  expect(given).toBeLessThan(maxPayloadBytes / 1_024 ** 2 + 20);
  const most = Buffer.alloc(maxPayloadBytes, "a");
  expect(await readText(Readable.from([most]))).toHaveLength(maxPayloadBytes);
});
