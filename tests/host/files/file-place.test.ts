import { expect, test } from "bun:test";
import { mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { placeOf } from "../../../src/host/files/file-place.ts";
import { createRepository } from "../../support/repository.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("placeOf() finds a file through symbolic links, relative to the agent's directory, also if it is not there yet, and its checkout", async () => {
  await using dir = await tempDir();
  const home = realpathSync(dir.path);
  const { dir: root, ...repository } = createRepository(home);
  repository.write("src/A.ts", "1");
  repository.commit("one");
  const checkout = { root, repository: join(root, ".git") };
  symlinkSync(join(root, "src"), join(home, "link"));
  expect(placeOf("src/A.ts", root)).toEqual({ path: join(root, "src/A.ts"), ...checkout });
  expect(placeOf("../link/A.ts", root)).toEqual({ path: join(root, "src/A.ts"), ...checkout });
  expect(placeOf(join(home, "link/new/B.ts"), "/")).toEqual({
    path: join(root, "src/new/B.ts"),
    ...checkout,
  });
});

test("placeOf() knows the repository that worktrees have in common; a submodule is one of its own; outside of any there is none", async () => {
  await using dir = await tempDir();
  const home = realpathSync(dir.path);
  const { dir: root, git, ...repository } = createRepository(home);
  repository.commit("one");
  const tree = join(home, "tree");
  git(["worktree", "add", "--quiet", tree]);
  expect(placeOf("a/b.ts", tree)).toEqual({
    path: join(tree, "a/b.ts"),
    root: tree,
    repository: join(root, ".git"),
  });
  const other = createRepository(home, "other");
  other.commit("one");
  git(["submodule", "--quiet", "add", other.dir, "sub"]);
  expect(placeOf("sub/x", root)).toEqual({
    path: join(root, "sub/x"),
    root: join(root, "sub"),
    repository: join(root, ".git/modules/sub"),
  });
  mkdirSync(join(home, "plain"));
  expect(placeOf("x", join(home, "plain"))).toEqual({ path: join(home, "plain/x") });
});
