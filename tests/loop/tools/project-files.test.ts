// The tools of the loop stay inside of the project, whatever a path says and wherever a link leads.
import { describe, expect, test } from "bun:test";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathInside, shownPath } from "../../../src/loop/tools/project-files.ts";
import { tempDir } from "../../support/temp-dir.ts";

async function place() {
  const dir = await tempDir();
  await mkdir(dir.join("p", "src"), { recursive: true });
  await mkdir(dir.join("p2"));
  await writeFile(dir.join("secret"), "x");
  await symlink(dir.path, dir.join("p", "up"));
  await symlink(dir.join("secret"), dir.join("p", "link"));
  await symlink(dir.join("gone"), dir.join("p", "dangling"));
  await symlink("src", dir.join("p", "inner"));
  return dir;
}

describe("pathInside()", () => {
  test.each([
    [".", "."],
    ["src/a.ts", "src/a.ts"],
    ["new/deep/a.ts", "new/deep/a.ts"],
    ["src/../b", "b"],
    ["inner/a.ts", "src/a.ts"],
    ["..a", "..a"],
  ])("leads %p to %p", async (path, inside) => {
    await using dir = await place();
    expect(await pathInside(dir.join("p"), path)).toBe(join(dir.join("p"), inside));
    expect(await pathInside(dir.join("p"), dir.join("p", path))).toBe(join(dir.join("p"), inside));
  });

  test.each([
    "..",
    "../secret",
    "../p2/a",
    "src/../../secret",
    "link",
    "up/secret",
    "up/new/a",
    "/etc/hosts",
    "/",
  ])("refuses %p", async (path) => {
    await using dir = await place();
    await expect(pathInside(dir.join("p"), path)).rejects.toMatchObject({
      code: "refused",
      message: `${path} is outside of the project`,
    });
  });

  test("refuses a link to nothing, because a write would follow it out of the project", async () => {
    await using dir = await place();
    await expect(pathInside(dir.join("p"), "dangling")).rejects.toThrow("ENOENT");
  });

  test("takes a project that is itself reached by a link for what it is", async () => {
    await using dir = await place();
    await symlink(dir.join("p"), dir.join("alias"));
    expect(await pathInside(dir.join("alias"), "src/a.ts")).toBe(dir.join("p", "src", "a.ts"));
  });
});

test("shownPath() names a file as a model does", () => {
  expect([shownPath("/p", "/p/src/a.ts"), shownPath("/p", "/p")]).toEqual(["src/a.ts", "."]);
});
