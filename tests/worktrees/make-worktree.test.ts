// Making worktrees of real repositories: what works, and what is refused before anything is made.
import { describe, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { wantedWorktree } from "../../src/cli/worktrees/spawn-worktree.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import type { FoundProfile } from "../../src/profiles/profile-set.ts";
import {
  makeWorktree,
  planWorktree,
  requireAgentDir,
  type WorktreeWish,
} from "../../src/worktrees/make-worktree.ts";
import { readRepository } from "../../src/worktrees/read-repository.ts";
import { readRecords } from "../../src/worktrees/records.ts";
import { failureOf } from "../support/error-of.ts";
import { createRepository, type TestRepository } from "../support/repository.ts";
import { tempDir } from "../support/temp-dir.ts";

const id = parseAgentId("ada");
const now = () => new Date("2026-05-04T03:02:01Z");

interface Made extends Partial<WorktreeWish> {
  readonly base?: string;
}

async function make(
  project: string,
  { env }: Pick<TestRepository, "env">,
  dataDir: string,
  { base, ...more }: Made = {},
) {
  const notes: string[] = [];
  const wish: WorktreeWish = {
    ...{ id, project, dataDir, files: [], branch: true, isNamed: false, dir: undefined, hasSetup: false },
    repository: await readRepository(project, { base, env }),
    ...more,
  };
  const record = await makeWorktree(wish, await planWorktree(wish), {
    now,
    note: (line) => notes.push(line),
  });
  return { record, notes, wish };
}

function prepare(home: string): TestRepository {
  const repository = createRepository(home);
  repository.write("a.txt", "a");
  repository.write("packages/web/b.txt", "b");
  repository.commit("first");
  return repository;
}

describe("makeWorktree()", () => {
  test("makes it beside the project, on a new branch at what is checked out there, and takes it up again", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const { record, wish } = await make(repository.dir, repository, home.join("data"));
    expect(record.path).toBe(home.join("project.worktrees", "ada"));
    expect(record).toMatchObject({
      branch: "cliai/ada",
      made_branch: true,
      base_ref: "refs/heads/main",
      inside: "",
    });
    expect(repository.git(["branch", "--show-current"], record.path)).toBe("cliai/ada");
    expect(await readRecords(home.join("data"))).toEqual([record]);
    const again = {
      ...wish,
      repository: await readRepository(repository.dir, { base: undefined, env: repository.env }),
    };
    expect((await planWorktree(again)).existing).toEqual(record);
    const other = planWorktree({ ...again, branch: "other", isNamed: true });
    expect((await failureOf(other)).message).toContain("ada has a worktree already, on the branch cliai/ada");
  });

  test("of a directory below the root, the agent gets the same directory in its worktree", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const { record } = await make(join(repository.dir, "packages/web"), repository, home.join("data"));
    const dir = await requireAgentDir(record, repository.env);
    expect(dir).toBe(home.join("project.worktrees", "ada", "packages", "web"));
    expect(readFileSync(join(dir, "b.txt"), "utf8")).toBe("b");
  });

  test("works from a bare repository, a detached head, a worktree, and where another branch is the base", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const first = repository.git(["rev-parse", "HEAD"]);
    repository.git(["clone", "--quiet", "--bare", repository.dir, home.join("bare.git")]);
    const bare = await make(home.join("bare.git"), repository, home.join("data"));
    expect(bare.record.path).toBe(home.join("bare.worktrees", "ada"));
    expect(existsSync(join(bare.record.path, "a.txt"))).toBe(true);
    repository.git(["branch", "release"]);
    repository.commit("second");
    repository.git(["checkout", "--quiet", "--detach"]);
    const detached = await make(repository.dir, repository, home.join("data"));
    expect(detached.record).not.toHaveProperty("base_ref");
    const bob = { id: parseAgentId("bob"), base: "release" };
    const nested = await make(detached.record.path, repository, home.join("data"), bob);
    expect(nested.record).toMatchObject({
      path: home.join("project.worktrees", "bob"),
      base: first,
      base_ref: "refs/heads/release",
    });
  });

  test("beside the project, also if its repository is elsewhere", async () => {
    await using home = await tempDir();
    const { git, env } = createRepository(home.path, "other");
    const dir = home.join("project");
    mkdirSync(home.join("store"));
    git(["init", "--quiet", `--separate-git-dir=${home.join("store", "of-project")}`, dir]);
    git(["commit", "--quiet", "--allow-empty", "-m", "first"], dir);
    const { record } = await make(dir, { env }, home.join("data"));
    expect(record).toMatchObject({ path: home.join("project.worktrees", "ada"), root: dir });
    expect(git(["branch", "--show-current"], record.path)).toBe("cliai/ada");
  });

  test("says of files in Git LFS that they are pointers, where nobody has run git lfs install", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const read = async () =>
      (await readRepository(repository.dir, { base: undefined, env: repository.env })).keepsPointers;
    expect(await read()).toBe(false);
    repository.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    repository.commit("with large files");
    expect(await read()).toBe(true);
  });

  test("of a sparse checkout it has the same directories", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    repository.git(["sparse-checkout", "set", "packages/web"]);
    repository.git(["sparse-checkout", "reapply"]);
    const { record } = await make(repository.dir, repository, home.join("data"));
    expect(existsSync(join(record.path, "packages/web/b.txt"))).toBe(true);
    expect(repository.git(["status", "--porcelain"], record.path)).toBe("");
  });

  test("copies and links what the profile lists, and says what it leaves out", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    repository.write(".env", "secret");
    repository.write("local/deep/x", "x");
    mkdirSync(home.join("elsewhere"));
    symlinkSync(home.join("elsewhere"), join(repository.dir, "away"));
    repository.git(["add", "away"]);
    repository.git(["commit", "--quiet", "-m", "a link"]);
    repository.write("away/y", "y");
    const copies = [".env", "local", "a.txt", "absent", "away/y"].map((path) => ({
      path,
      as: "copy" as const,
    }));
    const files = [...copies, { path: "node_modules", as: "link" as const }];
    mkdirSync(join(repository.dir, "node_modules"));
    const { record, notes } = await make(repository.dir, repository, home.join("data"), { files });
    expect(readFileSync(join(record.path, ".env"), "utf8")).toBe("secret");
    expect(readFileSync(join(record.path, "local/deep/x"), "utf8")).toBe("x");
    expect(readlinkSync(join(record.path, "node_modules"))).toBe(join(repository.dir, "node_modules"));
    expect(record.files.map(({ path }) => path)).toEqual([".env", "local", "node_modules"]);
    expect(notes).toEqual([
      "worktree_files: the worktree has a.txt already",
      `worktree_files: ${join(repository.dir, "absent")} is not there`,
      "worktree_files: the worktree has away/y already",
    ]);
  });

  test("leaves nothing behind if git fails in the middle, such as by a filter that is missing", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    repository.write(".gitattributes", "*.bin filter=gone\n");
    repository.write("x.bin", "x");
    repository.commit("with a filter");
    repository.git(["config", "filter.gone.smudge", "no-such-program-at-all"]);
    repository.git(["config", "filter.gone.required", "true"]);
    const { code, message } = await failureOf(make(repository.dir, repository, home.join("data")));
    expect({ code, message }).toEqual({
      code: "failed",
      message: expect.stringContaining("git worktree add"),
    });
    expect(existsSync(home.join("project.worktrees"))).toBe(false);
    expect(repository.git(["branch", "--format=%(refname:short)"])).toBe("main");
    expect(await readRecords(home.join("data"))).toEqual([]);
  });
});

test("the profile's base counts unless the launch names another one; a wrong one is named by who named it", async () => {
  await using home = await tempDir();
  const { dir, git, env, ...repository } = prepare(home.path);
  const first = git(["rev-parse", "HEAD"]);
  git(["branch", "release"]);
  const second = repository.commit("second");
  const wanted = async (flag: string | undefined, worktree_base: string) => {
    const found = {
      profile: { worktree: true, worktree_base },
      origins: new Map(),
    } as unknown as FoundProfile;
    const place = { project: dir, dataDir: home.join("data"), env };
    const { repository } =
      (await wantedWorktree({ base: flag, worktree: undefined, id: undefined }, found, place)) ?? {};
    return repository?.base;
  };
  expect(await wanted(undefined, "release")).toBe(first);
  expect(await wanted("main", "release")).toBe(second);
  expect((await failureOf(wanted(undefined, "gone"))).message).toContain('worktree_base "gone" is no commit');
  expect((await failureOf(wanted("gone", "release"))).message).toContain('--base "gone" is no commit');
});

describe("what is refused, in words", () => {
  const refusal = async (
    home: string,
    repository: Pick<TestRepository, "env">,
    project: string,
    made: Made = {},
  ) => {
    const { message, hint } = await failureOf(make(project, repository, join(home, "data"), made));
    expect(hint).toBeTruthy();
    expect(existsSync(join(home, "project.worktrees"))).toBe(false);
    return message;
  };

  test("no repository, no commit, git's own directory, a submodule, a directory that git does not have", async () => {
    await using home = await tempDir();
    const repository = createRepository(home.path);
    const of = async (path: string) => await refusal(home.path, repository, path);
    expect(await of(repository.dir)).toContain("its repository has no commit yet");
    repository.commit("first");
    mkdirSync(home.join("none"));
    expect(await of(home.join("none"))).toBe(
      `${home.join("none")} cannot have a worktree: it is not in a git repository`,
    );
    expect(await of(join(repository.dir, ".git"))).toContain("where git keeps its data");
    mkdirSync(join(repository.dir, "new"));
    expect(await of(join(repository.dir, "new"))).toContain("has no directory new");
    const library = createRepository(home.path, "library");
    library.commit("of the library");
    repository.git(["submodule", "--quiet", "add", library.dir, "lib"]);
    expect(await of(join(repository.dir, "lib"))).toContain(`it is a submodule of ${repository.dir}`);
  });

  test("a branch that is checked out elsewhere, in the way, only at a remote, or no name at all", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const of = async (branch: string) =>
      await refusal(home.path, repository, repository.dir, { branch, isNamed: true });
    expect(await of("main")).toBe(`the branch "main" is checked out in ${repository.dir}`);
    expect(await of("main/x")).toBe('no branch "main/x" can be made beside the branch "main"');
    expect(await of("-x")).toBe('"-x" is not the name of a branch');
    expect(await of("a..b")).toBe('"a..b" is not the name of a branch');
    repository.git(["update-ref", "refs/remotes/origin/theirs", "HEAD"]);
    expect(await of("theirs")).toBe('the branch "theirs" is not here, but there is origin/theirs');
    expect(await refusal(home.path, repository, repository.dir, { base: "nowhere" })).toContain(
      '--base "nowhere"',
    );
  });

  test("a directory beside the keys, in the project without being ignored, or that is there already", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const of = async (dir: string) => await refusal(home.path, repository, repository.dir, { dir });
    expect(await of(home.join("data", "x"))).toContain("it is in cliai's data directory, beside the keys");
    expect(await of(join(repository.dir, ".git", "x"))).toContain("where git keeps the repository's data");
    expect(await of(join(repository.dir, "trees"))).toContain("which does not ignore it");
    mkdirSync(home.join("mine", "ada"), { recursive: true });
    expect(await of(home.join("mine"))).toContain("it is there already");
    repository.write(".gitignore", "trees/\n");
    const { record } = await make(repository.dir, repository, home.join("data"), {
      dir: join(repository.dir, "trees"),
    });
    expect(lstatSync(record.path).isDirectory()).toBe(true);
  });

  test("files in Git LFS without git-lfs, and a machine without git", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    repository.write("packages/.gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    repository.commit("with large files");
    repository.git(["config", "filter.lfs.smudge", "git-lfs smudge -- %f"]);
    // A `git lfs` that is not there, whatever this machine has.
    repository.git(["config", "alias.lfs", "no-such-command"]);
    const bin = home.join("bin");
    mkdirSync(bin);
    symlinkSync(Bun.which("git") ?? "", join(bin, "git"));
    const only = { env: { ...repository.env, PATH: bin } };
    expect(await refusal(home.path, only, repository.dir)).toContain("git-lfs is not installed");
    const { code } = await failureOf(
      make(repository.dir, { env: { ...repository.env, PATH: "/nowhere" } }, home.join("data")),
    );
    expect(code).toBe("cli_missing");
  });
});
