import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { ignoresHangup } from "../../../src/cli/process/hangup.ts";
import { tempDir } from "../../support/temp-dir.ts";

test.each([
  ["nohup", "SigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000000\n", true],
  ["nothing", "SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\nSigCgt:\t0000000000000001\n", false],
  ["another system", "State: R\n", undefined],
])("ignoresHangup() reads what a process has inherited of %s", async (_, text, ignores) => {
  await using dir = await tempDir();
  await writeFile(dir.join("status"), text);
  expect(ignoresHangup("linux", dir.join("status"))).toBe(ignores);
});

test("ignoresHangup() does not know it where the system does not tell it, and Windows has no nohup", () => {
  expect(ignoresHangup("darwin", "/nonexistent")).toBeUndefined();
  expect(ignoresHangup("win32", "/nonexistent")).toBe(false);
});
