// How the release before this one is found: in this clone, or at the origin of a shallow one; and what is said if it is nowhere.
import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getReleaseBefore } from "../../.ci/release-before.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const git = (cwd: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", "-C", cwd, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();

/** A repository whose first commit has the tag `v1`, and that has a later commit. */
async function makeOrigin(dir: TempDir) {
  const origin = dir.join("origin");
  await mkdir(join(origin, "src"), { recursive: true });
  git(origin, "init", "--quiet", "--initial-branch=main");
  await writeFile(join(origin, "package.json"), '{"dependencies":{"a":"1.0.0"}}');
  for (const text of ["first", "second"]) {
    await writeFile(join(origin, "src", "main.ts"), text);
    git(origin, "add", "-A");
    git(origin, "commit", "--quiet", "-m", text);
    if (text === "first") git(origin, "tag", "v1");
  }
  return { url: `file://${origin}`, pin: { tag: "v1", commit: git(origin, "rev-parse", "v1") } };
}

async function expectFirst(clone: string, pin: { tag: string; commit: string }): Promise<void> {
  const { tag, dir } = await getReleaseBefore(clone, pin);
  expect(tag).toBe("v1");
  expect(await readFile(join(dir, "src", "main.ts"), "utf8")).toBe("first");
  expect(await readdir(join(clone, ".cache", "release-before"))).toEqual([pin.commit]);
  expect((await getReleaseBefore(clone, pin)).dir).toBe(dir);
}

test("getReleaseBefore() finds it in a whole clone, and fetches it for a shallow one, in which nothing changes", async () => {
  await using dir = await tempDir();
  const { url, pin } = await makeOrigin(dir);
  git(dir.path, "clone", "--quiet", url, dir.join("whole"));
  await expectFirst(dir.join("whole"), pin);
  git(dir.path, "clone", "--quiet", "--depth", "1", "--no-tags", url, dir.join("shallow"));
  await expectFirst(dir.join("shallow"), pin);
  expect(git(dir.join("shallow"), "tag")).toBe("");
  expect(git(dir.join("shallow"), "rev-list", "--count", "HEAD")).toBe("1");
});

test("getReleaseBefore() says in one line that it is nowhere, and leaves nothing half done", async () => {
  await using dir = await tempDir();
  const { url, pin } = await makeOrigin(dir);
  const clone = dir.join("shallow");
  git(dir.path, "clone", "--quiet", "--depth", "1", "--no-tags", url, clone);
  git(dir.join("origin"), "tag", "-d", "v1");
  const other = { tag: "v1", commit: "0".repeat(40) };
  await expect(getReleaseBefore(clone, other)).rejects.toThrow(
    /^v1 is not in this clone, and its origin does not give it \([^\n]+\)$/,
  );
  git(clone, "remote", "remove", "origin");
  await expect(getReleaseBefore(clone, pin)).rejects.toThrow(
    /^v1 is not in this clone, which has no origin to fetch it from$/,
  );
  expect(await readdir(join(clone, ".cache", "release-before"))).toEqual([]);
});
