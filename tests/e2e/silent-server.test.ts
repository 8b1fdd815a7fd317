// A port where something listens and never says a word: a client command says so and ends.
import { expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { runCliai } from "../support/cliai.ts";

test("a client of a NATS that never answers ends with exit 3, and does not hang", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  try {
    const run = await runCliai(["ls", "--url", `nats://127.0.0.1:${port}`]);
    expect(run).toMatchObject({ code: 3, stderr: expect.stringContaining("NATS cannot be reached") });
  } finally {
    silent.close();
  }
});
