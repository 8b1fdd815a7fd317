// Under Deno 2.9 a second `kill` of a child sends nothing.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { startChild } from "../support/child.ts";
import { denoPath } from "../support/deno.ts";

test("under Deno a child that does not go when it is asked is killed", async () => {
  const program = join(import.meta.dirname, "kill-program.ts");
  await using child = await startChild(denoPath(), ["run", "-A", program]);
  expect(await child.exit()).toMatchObject({ code: 0, stdout: "it has ended\nover\n" });
});
