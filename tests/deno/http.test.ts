// What Bun bounds by itself, and Deno does not: how large a request is, and how long it may take.
import { expect, test } from "bun:test";
import { createConnection } from "node:net";
import { join } from "node:path";
import { startChild } from "../support/child.ts";
import { denoPath } from "../support/deno.ts";
import { waitFor } from "../support/wait-for.ts";

test("under Deno a body that is too large, or not whole in time, is not taken", async () => {
  const program = join(import.meta.dirname, "http-program.ts");
  await using child = await startChild(denoPath(), ["run", "-A", program]);
  const port = Number((await child.line(/^port \d+$/)).slice(5));
  const url = `http://127.0.0.1:${port}/`;
  const post = async (body: string) => await (await fetch(url, { method: "POST", body })).text();
  expect(await post("x".repeat(1_000))).toBe("1000 bytes");
  expect(await post("x".repeat(1_001))).toBe("payload_too_large");
  expect(await (await fetch(url)).text()).toBe("0 bytes");

  const slow = createConnection({ host: "127.0.0.1", port });
  let answer = "";
  slow.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  slow.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\nabc");
  await waitFor(() => answer.includes("no_answer"), {
    what: "the slow request is answered",
    saw: () => answer,
  });
  slow.destroy();
  expect(await post("still there")).toBe("11 bytes");
  expect(child.stderr).toBe("");
});
