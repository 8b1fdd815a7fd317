// What `cliai doctor` finds in the files of a data directory: links, folders that are open, damaged and newer data.
import { expect, test } from "bun:test";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkFiles, checkJsonFiles, checkLayout } from "../../../src/cli/doctor/files.ts";
import { layoutVersion } from "../../../src/domain/layout.ts";
import { tempDir } from "../../support/temp-dir.ts";

const bad = async (dataDir: string) =>
  (await checkFiles({ dataDir, server: undefined, now: new Date(), uid: process.getuid?.() })).filter(
    ({ ok }) => !ok,
  );

test("checkFiles() finds a link in the place of a file, and does not look at what it leads to", async () => {
  await using dir = await tempDir();
  await writeFile(dir.join("open.txt"), "x", { mode: 0o644 });
  await mkdir(dir.join("data", "keys"), { recursive: true, mode: 0o700 });
  await symlink(dir.join("open.txt"), dir.join("data", "keys", "token"));
  const path = dir.join("data", "keys", "token");
  expect(await bad(dir.join("data"))).toEqual([
    {
      ...{ check: "files", ok: false, remedy: `rm ${path}` },
      message: `${path} is a symbolic link, but cliai needs a file of its own there`,
    },
  ]);
});

test("checkFiles() keeps a folder and a program usable when it tells how to make them private", async () => {
  await using dir = await tempDir();
  await mkdir(dir.join("data", "agents", "ada"), { recursive: true, mode: 0o700 });
  await writeFile(dir.join("data", "agents", "ada", "mcp.json"), "{}", { mode: 0o644 });
  await writeFile(dir.join("data", "agents", "run me"), "", { mode: 0o755 });
  await chmod(dir.join("data", "agents", "ada"), 0o755);
  const at = (name: string) => dir.join("data", "agents", name);
  expect((await bad(dir.join("data"))).map(({ remedy }) => remedy)).toEqual([
    `chmod 700 ${at("ada")}`,
    `chmod 600 ${at("ada/mcp.json")}`,
    `chmod 700 '${at("run me")}'`,
  ]);
});

test("checkFiles() leaves the modes below turns to git, but that folder itself keeps others out", async () => {
  await using dir = await tempDir();
  const turns = dir.join("data", "agents", "ada", "turns");
  const objects = join(turns, "2026-11-30", "4b");
  await mkdir(objects, { recursive: true, mode: 0o700 });
  await writeFile(join(objects, "825dc6"), "x", { mode: 0o444 });
  await chmod(objects, 0o755);
  expect(await bad(dir.join("data"))).toEqual([]);
  await chmod(turns, 0o755);
  expect((await bad(dir.join("data"))).map(({ remedy }) => remedy)).toEqual([`chmod 700 ${turns}`]);
});

test("checkJsonFiles() finds a damaged file, which may be removed, and none that is absent", async () => {
  await using dir = await tempDir();
  expect(await checkJsonFiles(dir.path)).toEqual([]);
  await writeFile(dir.join("fleet.json"), "{}");
  await writeFile(dir.join("clis.json"), '{"half');
  const path = dir.join("clis.json");
  expect(await checkJsonFiles(dir.path)).toEqual([
    {
      check: "files",
      ok: false,
      message: expect.stringContaining(`${path} is damaged: `),
      remedy: `rm ${path}`,
    },
  ]);
});

test("checkLayout() finds the data of a newer cliai, and takes a directory without any for a new one", async () => {
  await using dir = await tempDir();
  expect(await checkLayout(dir.path)).toEqual([]);
  await writeFile(
    dir.join("layout.json"),
    JSON.stringify({ layout: layoutVersion + 1, written_by: "cliai 9.0.0" }),
  );
  expect(await checkLayout(dir.path)).toMatchObject([
    { check: "files", ok: false, message: expect.stringContaining(`layout ${layoutVersion + 1}`) },
  ]);
});
