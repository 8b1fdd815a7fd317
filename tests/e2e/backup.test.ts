// `cliai backup` and `cliai restore`: of a server that runs, and of one that does not.
import { describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchAgent, startBridge } from "../support/bridges.ts";
import { type RunningServe, runCliai, startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/wait-for.ts";

const orders = async (serve: RunningServe, id: string) =>
  (await fetchAgent(serve, id)).commands.map(({ summary, receipts }) => [summary, receipts.at(-1)?.state]);

const recorded = async (serve: RunningServe) =>
  (await serve.run(["audit", "--agent", "ada", "--json"])).stdout
    .split("\n")
    .filter((line) => line.includes('"subject":"agent.ada.command"')).length;

/** The files and folders of a data directory by their paths; without what a backup leaves out, and what the server writes again and again. */
async function filesIn(dir: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(dir.length + 1);
    if (/^(nats|bin|logs|search|serve\.\w+)(\/|$)|\/(held|run\.json)$|\.log$/.test(name)) continue;
    if (name === "fleet.json" || name === "keys/audit-head.json") continue;
    found[name] = entry.isFile() ? await readFile(path, "latin1") : "folder";
  }
  return found;
}

test("a backup of a server that runs, restored elsewhere, has its agents, orders, files and verified history", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  const file = dir.join("backup.tar");
  const other = dir.join("restored", "data");
  let before: Record<string, string>;
  {
    await using serve = await startServe({ dataDir });
    await writeFile(join(dataDir, "profiles.json"), '{"mine":{"cli":"claude"}}');
    await writeFile(join(dataDir, "diary.txt"), "not cliai's");
    await serve.run(["token", "add", "phone", "--scope", "read"]);
    const bridge = await startBridge(serve, "ada");
    await serve.run([
      "send",
      "task",
      "ada",
      "first",
      "--id",
      "one",
      "--wait",
      "delivered",
      "--timeout",
      "80",
    ]);
    await bridge.endInput();
    await until("ada is gone", async () => (await fetchAgent(serve, "ada")).axes.link.value === "offline");
    await serve.run(["send", "task", "ada", "second", "--id", "two", "--wait", "stored"]);
    await until("both are in the history", async () => (await recorded(serve)) === 2);

    const made = await serve.run(["backup", file, "--json"]);
    expect(made).toMatchObject({ code: 0, stderr: "" });
    const told = JSON.parse(made.stdout);
    expect(told).toMatchObject({
      file,
      data_dir: dataDir,
      left: ["diary.txt"],
      bytes: (await stat(file)).size,
    });
    const names = told.streams.map(({ name }: { name: string }) => name);
    expect([names[0], ...names.slice(-2)]).toEqual(["KV_serve", "AUDIT", "COMMANDS"]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    before = await filesIn(dataDir);

    const refused = await runCliai(["restore", file, "--data-dir", dataDir]);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toMatch(/^error: .* is not empty: .*\nhint: .*\n$/);
  }
  await mkdir(other, { recursive: true }); // an empty directory is as good as none
  const restored = await runCliai(["restore", file, "--data-dir", other]);
  expect(restored).toMatchObject({ code: 0 });
  expect(restored.stdout).toContain("the recorded history is verified");
  const { "diary.txt": _, ...kept } = before;
  expect(await filesIn(other)).toEqual(kept);
  for (const name of Object.keys(kept)) {
    const stats = await stat(join(other, name));
    expect(stats.mode & 0o777).toBe(stats.isFile() ? 0o600 : 0o700);
  }
  expect(await readdir(dir.join("restored"))).toEqual(["data"]);

  await using serve = await startServe({ dataDir: other });
  expect(await orders(serve, "ada")).toEqual([
    ["first", "delivered"],
    ["second", "stored"],
  ]);
  const again = await serve.run(["send", "task", "ada", "second", "--id", "two", "--wait", "stored"]);
  expect(again.code).toBe(0);
  await using bridge = await startBridge(serve, "ada");
  await until(
    "the order that waited is delivered",
    async () => (await orders(serve, "ada"))[1]?.[1] === "delivered",
  );
  await serve.run(["send", "task", "ada", "third", "--wait", "delivered", "--timeout", "80"]);
  await until("the third is in the history", async () => (await recorded(serve)) >= 3);
  // What AUDIT has copied of COMMANDS before is not copied again.
  expect(await recorded(serve)).toBe(3);
  expect(await serve.run(["audit", "verify"])).toMatchObject({ code: 0 });
  expect((await serve.run(["token", "list"])).stdout).toContain("phone");
  await bridge.endInput();
});

test("a backup of a server that has ended says nothing to its agents, and keeps the port that they know", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  const file = dir.join("backup.tar");
  {
    await using serve = await startServe({ dataDir, args: ["--insecure"] });
    await startBridge(serve, "ada").then((bridge) => bridge.endInput());
    const sent = await serve.run(["send", "task", "ada", "wait for me", "--wait", "stored"]);
    expect(sent).toMatchObject({ code: 0 });
  }
  const run = await readFile(join(dataDir, "nats", "run.json"), "utf8");
  const made = await runCliai(["backup", file, "--data-dir", dataDir]);
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/ \d+ streams with \d/) });
  expect(await readFile(join(dataDir, "nats", "run.json"), "utf8")).toBe(run);
  const checked = await runCliai(["restore", file, "--check", "--data-dir", dir.join("none"), "--json"]);
  expect(JSON.parse(checked.stdout)).toMatchObject({ file, restored: false });

  const damaged = await readFile(file);
  damaged[damaged.length - 5_000] = (damaged[damaged.length - 5_000] ?? 0) ^ 1;
  await writeFile(dir.join("damaged.tar"), damaged);
  for (const bad of ["damaged.tar", "data/layout.json", "missing.tar"]) {
    const refused = await runCliai(["restore", dir.join(bad), "--data-dir", dir.join("new"), "--json"]);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(JSON.parse(refused.stderr).error.code).toBe("config_invalid");
  }
  expect(await runCliai(["backup", dir.join("data", "layout.json"), "--data-dir", dataDir])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("is there already, and is not a backup"),
  });
  expect((await readdir(dir.path)).sort()).toEqual(["backup.tar", "damaged.tar", "data"]);

  const restored = await runCliai(["restore", file, "--data-dir", dir.join("new")]);
  expect(restored).toMatchObject({ code: 0 });
  await using serve = await startServe({ dataDir: dir.join("new"), args: ["--insecure"] });
  const { commands } = await fetchAgent(serve, "ada");
  expect(commands.map(({ summary, receipts }) => [summary, receipts.at(-1)?.state])).toEqual([
    ["wait for me", "stored"],
  ]);
});

describe("cliai backup", () => {
  test("refuses a directory that is not cliai's, and a restore of nothing", async () => {
    await using dir = await tempDir();
    expect(await runCliai(["backup", dir.join("x.tar"), "--data-dir", dir.path])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is not a data directory of cliai"),
    });
    expect(await runCliai(["restore"])).toMatchObject({ code: 2 });
    expect(await readdir(dir.path)).toEqual([]);
  });
});
