// The index of the search is kept by another SQLite under Deno (`node:sqlite`), and finds the same.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { startChild } from "../support/child.ts";
import { denoPath } from "../support/deno.ts";

const program = join(import.meta.dirname, "search-program.ts");

test.each([
  ["Deno", denoPath(), ["run", "-A"]],
  ["Bun", process.execPath, []],
])("under %s the index finds, forgets, is opened again, and is mended", async (_name, command, args) => {
  await using child = await startChild(command, [...args, program]);
  expect(JSON.parse(await child.line(/^\{.*\}$/))).toEqual({
    phrase: [1],
    beginning: [3],
    ofBob: [2],
    forgotten: 1,
    left: [2],
    position: { seq: 1_500, low: 1, isCut: false },
    mended: 0,
  });
  expect(child.stderr).toBe("");
});
