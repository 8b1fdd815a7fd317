// Work that clean-up could lose, because git does not show it at the first look: each is kept, and said so.
import { describe, expect, test } from "bun:test";
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { lookAt } from "../../src/worktrees/look.ts";
import { readRecords } from "../../src/worktrees/records.ts";
import { removeWorktree } from "../../src/worktrees/remove-worktree.ts";
import { failureOf } from "../support/error-of.ts";
import { createRepository, type TestRepository } from "../support/repository.ts";
import { tempDir } from "../support/temp-dir.ts";
import { clean, now, worktreeOf } from "../support/worktree.ts";

function prepare(home: string, name?: string): TestRepository {
  const repository = createRepository(home, name);
  repository.write("a.txt", "first\n");
  repository.write(".gitignore", ".env\nnode_modules/\n");
  repository.commit("first");
  return repository;
}

/** As `prepare`, with the submodule `lib`. */
function withSubmodule(home: string, name?: string): TestRepository {
  const library = createRepository(home, "library");
  library.write("l.txt", "library\n");
  library.commit("of the library");
  const repository = prepare(home, name);
  repository.git(["submodule", "--quiet", "add", library.dir, "lib"]);
  repository.commit("with a library");
  return repository;
}

const fill = ["submodule", "--quiet", "update", "--init"];

const whatOf = ({ reasons }: Awaited<ReturnType<typeof clean>>) =>
  reasons.map(({ what, paths }) => ({ what, paths }));

describe("clean-up keeps", () => {
  test("an ignored file in a new directory that has only ignored files; what a pattern names, and caches, go", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const record = await worktreeOf(repository, home.join("data"));
    repository.write("node_modules/x/.env", "made again", record.path);
    repository.write(".cache/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n", record.path);
    repository.write(".cache/.gitignore", "*\n", record.path);
    repository.write(".cache/v/x", "made again", record.path);
    const look = await lookAt(record, { env: repository.env, isHeld: false });
    expect(look).toMatchObject({ reasons: [], ignoredDirs: ["node_modules/", ".cache/"] });
    repository.write("deploy/.env", "secret", record.path);
    const kept = await clean(record, repository, home.join("data"));
    expect(whatOf(kept)).toEqual([{ what: "ignored", paths: ["deploy/.env"] }]);
    expect(readFileSync(join(record.path, "deploy/.env"), "utf8")).toBe("secret");
  });

  test.each([
    ["emptied", ["submodule", "--quiet", "deinit", "--force", "lib"]],
    ["removed", ["rm", "--quiet", "--force", "lib"]],
  ])("the commits of a submodule that was %s, and only those", async (_how, args) => {
    await using home = await tempDir();
    const repository = withSubmodule(home.path);
    const record = await worktreeOf(repository, home.join("data"));
    repository.git(fill, record.path);
    repository.commit("in the library", join(record.path, "lib"));
    repository.git(args, record.path);
    repository.git(["reset", "--quiet", "--hard"], record.path);
    const module = join(repository.dir, ".git/worktrees/ada/modules/lib");
    expect(whatOf(await clean(record, repository, home.join("data"), true))).toEqual([
      { what: "repositories", paths: [module] },
    ]);
    expect(existsSync(module)).toBe(true);
    rmSync(module, { recursive: true });
    repository.git(fill, record.path);
    repository.git(["submodule", "--quiet", "deinit", "--force", "lib"], record.path);
    expect((await clean(record, repository, home.join("data"))).removed?.branchDeleted).toBe(true);
  });

  test("a file that is written after the look, also in a project whose path has git's word in it", async () => {
    await using home = await tempDir();
    for (const repository of [prepare(home.path, "submodule8"), withSubmodule(home.path)]) {
      const dataDir = join(home.path, "data");
      const record = await worktreeOf(repository, dataDir);
      const look = async () => await lookAt(record, { env: repository.env, isHeld: false });
      const first = await look();
      repository.write("late.txt", "late", record.path);
      const options = { dataDir, env: repository.env, now: now(), look };
      await failureOf(removeWorktree(first, options));
      expect(readFileSync(join(record.path, "late.txt"), "utf8")).toBe("late");
      expect((await clean(record, repository, dataDir, true)).removed?.bundle).toBeString();
    }
  });

  test("what is untracked or hidden in a submodule, whatever the person's settings are", async () => {
    await using home = await tempDir();
    const repository = withSubmodule(home.path);
    appendFileSync(home.join(".gitconfig"), "[status]\n\tshowUntrackedFiles = no\n");
    const record = await worktreeOf(repository, home.join("data"));
    const lib = join(record.path, "lib");
    repository.git(fill, record.path);
    repository.write("notes.md", "notes", lib);
    const isKept = [{ what: "repositories" as const, paths: ["lib"] }];
    expect(whatOf(await clean(record, repository, home.join("data")))).toEqual(isKept);
    rmSync(join(lib, "notes.md"));
    repository.git(["update-index", "--assume-unchanged", "l.txt"], lib);
    repository.write("l.txt", "hidden", lib);
    expect(whatOf(await clean(record, repository, home.join("data")))).toEqual(isKept);
    expect(readFileSync(join(lib, "l.txt"), "utf8")).toBe("hidden");
  });

  test("the main branch, if the worktree's branch has become a symbolic one for it", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const record = await worktreeOf(repository, home.join("data"));
    const main = repository.git(["rev-parse", "main"]);
    repository.git(["checkout", "--quiet", "--detach"], record.path);
    repository.git(["symbolic-ref", "refs/heads/cliai/ada", "refs/heads/main"]);
    expect((await clean(record, repository, home.join("data"))).removed?.branchDeleted).toBe(true);
    expect(repository.git(["rev-parse", "main"])).toBe(main);
    expect(repository.git(["branch", "--format=%(refname:short)"])).toBe("main");
  });

  test("what is outside, where a directory of a copied file has become a symbolic link", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    repository.write("conf/.env", "secret");
    const record = await worktreeOf(repository, home.join("data"), [{ path: "conf/.env", as: "copy" }]);
    rmSync(join(record.path, "conf"), { recursive: true });
    repository.write("outside/.env", "secret", home.path);
    symlinkSync(home.join("outside"), join(record.path, "conf"));
    appendFileSync(join(repository.dir, ".git/info/exclude"), "conf\n");
    await clean(record, repository, home.join("data"), true);
    expect(existsSync(record.path)).toBe(false);
    expect(readFileSync(home.join("outside/.env"), "utf8")).toBe("secret");
  });

  test("its own commits, and counts only those, where the project has no branch to merge into", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    repository.commit("second");
    repository.git(["checkout", "--quiet", "--detach"]);
    const record = await worktreeOf(repository, home.join("data"));
    repository.commit("of the agent", record.path);
    expect((await clean(record, repository, home.join("data"))).reasons).toMatchObject([
      { what: "unmerged", text: "1 commit that is not in any branch that it could merge into" },
    ]);
    repository.git(["reset", "--quiet", "--hard", "HEAD~2"], record.path);
    expect((await clean(record, repository, home.join("data"))).removed).toMatchObject({
      branchDeleted: true,
    });
  });

  test("a bare repository inside", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const record = await worktreeOf(repository, home.join("data"));
    repository.git(["clone", "--quiet", "--bare", repository.dir, join(record.path, "node_modules/b")]);
    expect(whatOf(await clean(record, repository, home.join("data"), true))).toEqual([
      { what: "repositories", paths: ["node_modules/b"] },
    ]);
  });

  test("an ignored file that only seems to be in the project, too, because a link leads from there to it", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const record = await worktreeOf(repository, home.join("data"));
    repository.write("conf/.env", "secret", record.path);
    symlinkSync(join(record.path, "conf"), join(repository.dir, "conf"));
    expect(whatOf(await clean(record, repository, home.join("data")))).toEqual([
      { what: "ignored", paths: ["conf/.env"] },
    ]);
  });

  test("a worktree whose repository is away, or has forgotten it; what is nowhere at all is forgotten only by --discard", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const [dataDir, away] = [home.join("data"), home.join("away")];
    const record = await worktreeOf(repository, dataDir);
    repository.write("notes.md", "notes", record.path);
    const kept = async () => (await clean(record, repository, dataDir)).reasons.map(({ text }) => text);
    renameSync(repository.dir, away);
    expect(await kept()).toEqual(["its repository is not there: it was moved, or its disk is away"]);
    renameSync(away, repository.dir);
    rmSync(join(repository.dir, ".git/worktrees"), { recursive: true });
    expect(await kept()).toEqual(["its directory is there, but its repository does not know it any more"]);
    expect(readFileSync(join(record.path, "notes.md"), "utf8")).toBe("notes");
    rmSync(repository.dir, { recursive: true });
    rmSync(record.path, { recursive: true });
    expect(await kept()).toHaveLength(1);
    expect(await readRecords(dataDir)).toHaveLength(1);
    expect((await clean(record, repository, dataDir, true)).removed).toBeDefined();
    expect(await readRecords(dataDir)).toEqual([]);
  });
});
