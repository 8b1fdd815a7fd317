import { describe, expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { requireKnownDataDir, writeLayout } from "../../src/data-dir/layout-file.ts";
import { layoutVersion } from "../../src/domain/layout.ts";
import { tempDir } from "../support/temp-dir.ts";

describe("requireKnownDataDir()", () => {
  test.each([
    ["this one", JSON.stringify({ layout: layoutVersion, written_by: "9.9.9" })],
    ["an older one", JSON.stringify({ layout: 1, written_by: "0.1.0" })],
    [
      "one with a field that this program does not know",
      JSON.stringify({ layout: 1, written_by: "1", more: 7 }),
    ],
  ])("takes the layout of %s", async (_whose, text) => {
    await using dir = await tempDir();
    await writeFile(dir.join("layout.json"), text);
    await requireKnownDataDir(dir.path);
  });

  test("takes a directory without the file, which is new or of cliai 0.1.0", async () => {
    await using dir = await tempDir();
    await requireKnownDataDir(dir.path);
    await requireKnownDataDir(dir.join("not there"));
  });

  test("refuses a newer layout, and names the cliai that has written it", async () => {
    await using dir = await tempDir();
    await writeFile(
      dir.join("layout.json"),
      JSON.stringify({ layout: layoutVersion + 1, written_by: "9.9.9" }),
    );
    await expect(requireKnownDataDir(dir.path)).rejects.toMatchObject({
      code: "config_invalid",
      message: expect.stringContaining("cliai 9.9.9"),
    });
  });

  test.each([
    "",
    "{",
    '{"layout":"2","written_by":"1"}',
    '{"layout":0,"written_by":"1"}',
    '{"layout":1.5,"written_by":"1"}',
    '{"layout":2}',
  ])("refuses a file that names no layout: %p", async (text) => {
    await using dir = await tempDir();
    await writeFile(dir.join("layout.json"), text);
    await expect(requireKnownDataDir(dir.path)).rejects.toMatchObject({
      ...{ code: "config_invalid", message: expect.stringContaining(dir.join("layout.json")) },
      hint: expect.stringContaining(`"layout":${layoutVersion}`),
    });
  });

  test("refuses a file that it cannot read: what it does not know it must not touch", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("layout.json"));
    await expect(requireKnownDataDir(dir.path)).rejects.toMatchObject({ code: "config_invalid" });
  });
});

test("writeLayout() writes what requireKnownDataDir() reads, with the version that wrote it", async () => {
  await using dir = await tempDir();
  await writeFile(dir.join("layout.json"), JSON.stringify({ layout: 1, written_by: "0.1.0" }));
  await writeLayout(dir.path, "1.2.3");
  await requireKnownDataDir(dir.path);
  expect(JSON.parse(await readFile(dir.join("layout.json"), "utf8"))).toEqual({
    layout: layoutVersion,
    written_by: "1.2.3",
  });
});
