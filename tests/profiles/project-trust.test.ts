// A project's files count only as long as they are as a person has trusted them.
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { trustOf, trustProject } from "../../src/profiles/project-trust.ts";
import { tempDir } from "../support/temp-dir.ts";

const path = "/p/.cliai/profiles.json";
const files = (contents: Record<string, string>) =>
  new Map(Object.entries(contents).map(([name, text]) => [name, new TextEncoder().encode(text)]));
const before = { [path]: '{"a": {}}', "/p/.cliai/words.txt": "dig" };

describe("trustOf()", () => {
  test("trusts the files as they were trusted, in any order, and those of no other project", async () => {
    await using dir = await tempDir();
    expect(await trustOf(dir.path, path, files(before))).toBe("never");
    await trustProject(dir.path, path, files(before));
    const reversed = new Map([...files(before)].reverse());
    expect([await trustOf(dir.path, path, files(before)), await trustOf(dir.path, path, reversed)]).toEqual([
      "trusted",
      "trusted",
    ]);
    expect(await trustOf(dir.path, "/q/.cliai/profiles.json", files(before))).toBe("never");
  });

  test.each([
    ["a changed file", { ...before, [path]: '{"a": {} }' }],
    ["changed instructions", { ...before, "/p/.cliai/words.txt": "rm" }],
    ["one file more", { ...before, "/p/.cliai/more.txt": "" }],
    ["one file less", { [path]: before[path] ?? "" }],
    ["the same words in another file", { [path]: before[path] ?? "", "/p/.cliai/other.txt": "dig" }],
  ])("trusts no longer what has %s", async (_, after) => {
    await using dir = await tempDir();
    await trustProject(dir.path, path, files(before));
    expect(await trustOf(dir.path, path, files(after))).toBe("changed");
  });

  test("trusts nothing if what was trusted cannot be read", async () => {
    await using dir = await tempDir();
    await mkdir(dir.join("trust"));
    await writeFile(dir.join("trust", "profiles.json"), "{");
    await expect(trustOf(dir.path, path, files(before))).rejects.toMatchObject({
      ...{ code: "config_invalid" },
      hint: "remove it, and trust the projects again: cliai profiles trust DIR",
    });
  });
});

describe("trustProject()", () => {
  test("keeps the other projects, and takes the place of what was trusted of this one", async () => {
    await using dir = await tempDir();
    const other = "/q/.cliai/profiles.json";
    await trustProject(dir.path, path, files(before));
    await trustProject(dir.path, other, files({ [other]: "{}" }));
    await trustProject(dir.path, path, files({ [path]: "{}" }));
    expect(await trustOf(dir.path, other, files({ [other]: "{}" }))).toBe("trusted");
    expect(await trustOf(dir.path, path, files({ [path]: "{}" }))).toBe("trusted");
    expect(await trustOf(dir.path, path, files(before))).toBe("changed");
  });

  test("stores the sums of the files and none of their words, for this user alone", async () => {
    await using dir = await tempDir();
    const sums = await trustProject(dir.path, path, files(before));
    expect(Object.keys(sums)).toEqual(Object.keys(before));
    expect(sums["/p/.cliai/words.txt"]).toBe(createHash("sha256").update("dig").digest("hex"));
    const stored = dir.join("trust", "profiles.json");
    expect(JSON.parse(await readFile(stored, "utf8"))).toEqual({ projects: { [path]: sums } });
    expect(((await stat(stored)).mode & 0o777).toString(8)).toBe("600");
  });
});
