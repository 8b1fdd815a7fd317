// What `cliai uninstall` lists and removes of a data directory that nobody uses; and whom it does not take it from.
import { describe, expect, test } from "bun:test";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { beginUnfinished, type Unfinished } from "../../src/backup/unfinished.ts";
import { uninstallCommand } from "../../src/cli/uninstall.ts";
import { takeAgentLock } from "../../src/data-dir/agent-lock.ts";
import { takeKernelLock } from "../../src/data-dir/kernel-lock.ts";
import { ada } from "../support/agents.ts";
import { testContext } from "../support/cli-context.ts";
import { tempDir } from "../support/temp-dir.ts";

async function place(...names: string[]) {
  const dir = await tempDir();
  const data = dir.join("data");
  await mkdir(data, { mode: 0o700 });
  for (const name of names) await writeFile(dir.join("data", name), "{}");
  const run = async (...args: string[]) => {
    const json = args.includes("--json");
    const context = testContext({ json });
    await uninstallCommand.run(["--data-dir", data, ...args], context);
    return { ...context, noted: context.noted.filter((line) => !line.startsWith("the program is ")) };
  };
  return { ...dir, data, run, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}
const all = ["layout.json", "fleet.json", "profiles.json", "mine.txt"];

describe("cliai uninstall", () => {
  test("lists what it would remove, and removes nothing without --yes", async () => {
    await using dir = await place(...all);
    const { printed, noted } = await dir.run();
    expect(printed.map((line) => line.trim().split(/ {2,}/)[0])).toEqual([
      `${dir.data}:`,
      "fleet.json",
      "layout.json",
    ]);
    expect(noted).toEqual([
      `left: ${dir.join("data", "mine.txt")} (not cliai's)`,
      `left: ${dir.join("data", "profiles.json")} (your profiles)`,
      "nothing was removed; to remove these: cliai uninstall --yes; and your own files with them: cliai uninstall --yes --all",
    ]);
    expect((await readdir(dir.data)).sort()).toEqual([...all].sort());
  });

  test("removes with --yes what is its own, with --all what a person wrote for it, and never what it does not know", async () => {
    await using dir = await place(...all);
    expect((await dir.run("--yes")).printed).toEqual([`${dir.data}: removed fleet.json, layout.json`]);
    expect((await readdir(dir.data)).sort()).toEqual(["mine.txt", "profiles.json"]);
    await using other = await place(...all);
    await other.run("--yes", "--all");
    expect(await readdir(other.data)).toEqual(["mine.txt"]);
  });

  test("removes nothing of a directory that is not cliai's, although the names are the same", async () => {
    await using dir = await place("fleet.json", "profiles.json");
    await expect(dir.run("--yes", "--all")).rejects.toMatchObject({
      code: "usage",
      message: `${dir.data} is not a data directory of cliai: it has no layout.json`,
    });
    expect(await readdir(dir.data)).toHaveLength(2);
  });

  test("removes the directory of a node, but not while the node runs", async () => {
    await using dir = await place("node.json");
    const lock = await takeKernelLock(join(dir.data, "node.held"));
    await expect(dir.run("--yes")).rejects.toMatchObject({
      ...{ code: "already_running", message: `the node of ${dir.data} still runs` },
      hint: "end it first, then remove: cliai down",
    });
    lock?.release();
    await dir.run("--yes");
    await expect(readdir(dir.data)).rejects.toThrow("ENOENT");
  });

  test("removes nothing while an agent runs, and names it", async () => {
    await using dir = await place(...all);
    const lock = await takeAgentLock(dir.data, ada);
    await expect(dir.run("--yes")).rejects.toMatchObject({
      ...{ code: "already_running", message: `agents of ${dir.data} still run: ada` },
      hint: "end them first, then remove: cliai down --agents",
    });
    expect(await readdir(dir.data)).toContain("fleet.json");
    lock.release();
    await dir.run("--yes");
    expect((await readdir(dir.data)).sort()).toEqual(["mine.txt", "profiles.json"]);
  });

  test("as JSON says whether it has removed what it lists", async () => {
    await using dir = await place("layout.json", "profiles.json");
    const told = async (...args: string[]) => JSON.parse((await dir.run("--json", ...args)).printed[0] ?? "");
    const entries = [{ name: "layout.json", bytes: 2 }];
    const left = [{ name: "profiles.json", bytes: 2 }];
    expect(await told()).toEqual({ data_dir: dir.data, removed: false, entries, left });
    expect(await told("--yes")).toEqual({ data_dir: dir.data, removed: true, entries, left });
  });

  test("lists and removes what a killed restore has left beside the directory, and not what another one is at work on", async () => {
    await using dir = await place();
    const leave = async (work: Promise<Unfinished>) => {
      const { path, end } = await work;
      await end();
      await mkdir(path);
      await writeFile(join(path, "keys"), "secret");
      return basename(path);
    };
    const left = await leave(beginUnfinished(dir.data, "restoring"));
    const others = await leave(beginUnfinished(dir.join("other"), "restoring"));
    const working = await beginUnfinished(dir.data, "restoring");
    await mkdir(working.path);
    const listed = await dir.run();
    expect(listed.printed[1]).toContain(`../${left}  0.0 MB  an unfinished restore, with keys in it`);
    expect(listed.printed).toHaveLength(2);
    const told = JSON.parse((await dir.run("--json")).printed[0] ?? "");
    expect(told.entries).toEqual([{ name: `../${left}`, bytes: 6 }]);
    expect((await dir.run("--yes")).printed).toEqual([`${dir.data}: removed ../${left}`]);
    const names = ["data", others, basename(working.path), `${basename(working.path)}.held`];
    expect((await readdir(dir.path)).sort()).toEqual(names.sort());
    await working.end();
  });

  test("says of an empty directory that it holds nothing", async () => {
    await using dir = await place();
    expect((await dir.run("--yes")).printed).toEqual([`${dir.data} holds nothing of cliai`]);
  });
});
