import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { lingerNote } from "../../../src/cli/service/linger.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("lingerNote() tells how services outlive a logout, where they do not", async () => {
  await using dir = await tempDir();
  await writeFile(dir.join("ada"), "");
  expect(lingerNote("linux", { USER: "kim" }, dir.path)).toEndWith("loginctl enable-linger kim");
  expect(lingerNote("linux", { USER: "ada" }, dir.path)).toBeUndefined();
  expect(lingerNote("darwin", { USER: "kim" }, dir.path)).toBeUndefined();
  expect(lingerNote("linux", {}, dir.path)).toBeUndefined();
});
