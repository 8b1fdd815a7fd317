// cliai uninstall: after a server and an agent, nothing of cliai's is left; and nothing is removed under one that runs.
import { expect, test } from "bun:test";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { takeKernelLock } from "../../src/data-dir/kernel-lock.ts";
import { runCliai, startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";

test("uninstall names what is there, removes nothing under a server, and all of it afterwards", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  const uninstall = (...args: string[]) => runCliai(["uninstall", "--data-dir", dataDir, ...args]);
  {
    await using serve = await startServe({ dataDir });
    expect((await serve.run(["agents", "add", "ada"])).code).toBe(0);
    expect((await serve.run(["spawn", "--id", "bob", "--dry-run"])).code).toBe(0);
    const refused = await uninstall("--yes");
    expect([refused.code, refused.stderr]).toEqual([
      2,
      `error: a server runs on ${dataDir}\nhint: end it and its agents first: cliai down --agents\n`,
    ]);
  }
  const listed = await uninstall();
  expect(listed.code).toBe(0);
  for (const name of ["agents", "bin", "keys", "nats"])
    expect(listed.stdout).toMatch(new RegExp(`^ {2}${name} .* MB`, "m"));
  expect(listed.stderr).toContain("nothing was removed; to remove these: cliai uninstall --yes");
  expect(await readdir(dataDir)).toContain("keys");

  await writeFile(join(dataDir, "profiles.json"), "{}");
  expect((await uninstall()).stderr).toContain(
    "uninstall --yes; and your own files with them: cliai uninstall --yes --all\n",
  );
  const removed = JSON.parse((await uninstall("--yes", "--json")).stdout);
  expect(removed).toMatchObject({ data_dir: dataDir, removed: true, left: [{ name: "profiles.json" }] });
  expect(await readdir(dataDir)).toEqual(["profiles.json"]);
  expect(await uninstall()).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("it has no layout.json"),
  });
});

test("uninstall removes nothing of a directory that is not cliai's", async () => {
  await using dir = await tempDir();
  await writeFile(dir.join("keys"), "a person's");
  const run = await runCliai(["uninstall", "--yes", "--all", "--data-dir", dir.path]);
  expect(run).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringContaining("is not a data directory of cliai"),
  });
  expect(await readdir(dir.path)).toEqual(["keys"]);
  const none = await runCliai(["uninstall", "--data-dir", dir.join("none")]);
  expect(none).toMatchObject({ code: 0, stdout: `${dir.join("none")} holds nothing of cliai\n` });
});

test("uninstall removes nothing while a command starts a server, and everything after that, its locks included", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  const uninstall = () => runCliai(["uninstall", "--yes", "--data-dir", dataDir]);
  {
    await using _ = await startServe({ dataDir });
  }
  const starting = await takeKernelLock(join(dataDir, "serve.starting"));
  const before = await readdir(dataDir);
  expect(await uninstall()).toMatchObject({
    code: 2,
    stdout: "",
    stderr: `error: another command is starting a server on ${dataDir}\nhint: wait until it runs, and end it: cliai down --agents\n`,
  });
  expect(await readdir(dataDir)).toEqual(before);
  starting?.release();
  expect(await uninstall()).toMatchObject({ code: 0 });
  expect(await readdir(dir.path)).not.toContain("data");
});
