// .ci/link.mjs: `cliai` on a user's PATH, and off it.
import { expect, test } from "bun:test";
import { mkdir, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startChild } from "../support/child.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const module = pathToFileURL(join(import.meta.dirname, "..", "..", ".ci", "link.mjs")).href;
const posix = test.if(process.platform !== "win32");

/** Calls a function of link.mjs for `dist/cliai` of this folder's clone, in this folder's home. */
async function call(
  dir: TempDir,
  name: "link" | "unlink" | "isLinked",
  { path = "/usr/bin", clone = "clone" } = {},
) {
  const script = `import * as link from ${JSON.stringify(module)};
    try { const value = link.${name}(${JSON.stringify(dir.join(clone, "dist", "cliai"))}); if (value !== undefined) console.log(value); }
    catch (error) { if (!(error instanceof link.LinkError)) throw error; console.error(error.message); process.exitCode = 1; }`;
  const env = { HOME: dir.join("home"), PATH: path };
  await using child = await startChild(process.execPath, ["-e", script], { env, cwd: dir.path });
  return await child.exit();
}

posix(
  "link() > makes a link in the home, and says what to do where the PATH has not its folder",
  async () => {
    await using dir = await tempDir();
    const linked = await call(dir, "link");
    const bin = dir.join("home", ".local", "bin");
    expect(await readlink(join(bin, "cliai"))).toBe(dir.join("clone", "dist", "cliai"));
    expect(linked.stdout).toContain(`export PATH="${bin}:$PATH"`);
    expect((await call(dir, "isLinked")).stdout).toBe("false\n");

    const path = `/usr/bin:${bin}`;
    expect((await call(dir, "link", { path })).stdout).toBe(
      `${join(bin, "cliai")} leads to ${dir.join("clone", "dist", "cliai")}\n`,
    );
    expect((await call(dir, "isLinked", { path })).stdout).toBe("true\n");
  },
);

posix("link() > takes the place of another clone's link, and of nothing else", async () => {
  await using dir = await tempDir();
  await mkdir(dir.join("home", ".local", "bin"), { recursive: true });
  const place = dir.join("home", ".local", "bin", "cliai");
  await symlink("/gone/dist/cliai", place);
  expect((await call(dir, "link")).code).toBe(0);
  expect(await readlink(place)).toBe(dir.join("clone", "dist", "cliai"));

  await using other = await tempDir();
  await mkdir(other.join("home", ".local", "bin"), { recursive: true });
  await writeFile(other.join("home", ".local", "bin", "cliai"), "a person's own");
  const refused = await call(other, "link");
  expect([refused.code, refused.stderr]).toEqual([
    1,
    `${other.join("home", ".local", "bin", "cliai")} exists already, and is not a link to cliai\nhint: move it away, then run again\n`,
  ]);
});

posix("unlink() > removes this clone's link, and leaves another's", async () => {
  await using dir = await tempDir();
  await call(dir, "link");
  const other = await call(dir, "unlink", { clone: "other" });
  expect(other.stdout).toContain("nothing to remove");
  const place = dir.join("home", ".local", "bin", "cliai");
  expect((await call(dir, "unlink")).stdout).toBe(`removed ${place}\n`);
  expect((await call(dir, "unlink")).stdout).toContain("nothing to remove");
});
