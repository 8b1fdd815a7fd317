// Clean-up on real repositories: whatever was done in a worktree, nothing of it is lost.
import { describe, expect, test } from "bun:test";
import { existsSync, lstatSync, readFileSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { lookAt } from "../../src/worktrees/look.ts";
import { readRecords } from "../../src/worktrees/records.ts";
import { createRepository, type TestRepository } from "../support/repository.ts";
import { tempDir } from "../support/temp-dir.ts";
import { clean, worktreeOf } from "../support/worktree.ts";

const ignoredFiles = [".env", "local.conf", "deploy/.env"];

interface Kind {
  /** Whether it has the submodule `lib`. */
  readonly hasSubmodule?: boolean;
  /** Whether it has the remote `origin`. */
  readonly hasRemote?: boolean;
  /** Whether its project is on no branch. */
  readonly isDetached?: boolean;
}

/** A repository with two files and a list of ignored files. */
function prepare(home: string, { hasSubmodule, hasRemote, isDetached }: Kind = {}): TestRepository {
  const repository = createRepository(home);
  if (hasSubmodule === true) {
    const library = createRepository(home, "library");
    library.write("l.txt", "library\n");
    library.commit("of the library");
    repository.git(["submodule", "--quiet", "add", library.dir, "lib"]);
  }
  repository.write("b.txt", "second\n");
  repository.write("a.txt", "first\n");
  repository.write(".gitignore", ".env\nlocal.conf\nbuild/\n");
  repository.commit("first");
  repository.write(".env", "secret of the project\n");
  if (hasRemote === true) {
    repository.git(["clone", "--quiet", "--bare", repository.dir, join(home, "origin.git")]);
    repository.git(["remote", "add", "origin", join(home, "origin.git")]);
    repository.git(["fetch", "--quiet", "origin"]);
    repository.git(["remote", "set-head", "origin", "main"]);
  }
  if (isDetached === true) repository.git(["checkout", "--quiet", "--detach"]);
  return repository;
}

/** What may happen in a worktree. Each runs where it can; where git refuses it, nothing has happened. */
const acts: Readonly<Record<string, (repository: TestRepository, path: string, step: number) => void>> = {
  commit({ write, commit }, path, step) {
    write(`work-${step}.txt`, `work ${step}\n`, path);
    commit(`work ${step}`, path);
  },
  amend({ git, write }, path, step) {
    write("a.txt", `amended ${step}\n`, path);
    git(["commit", "--quiet", "--all", "--amend", "-m", `amended ${step}`], path);
  },
  reset: ({ git }, path) => git(["reset", "--quiet", "--hard", "HEAD~1"], path),
  edit: ({ write }, path, step) => write("a.txt", `edited ${step}\n`, path),
  stage({ git, write }, path, step) {
    write("a.txt", `staged ${step}\n`, path);
    git(["add", "a.txt"], path);
    write("a.txt", `on top of it ${step}\n`, path);
  },
  untracked: ({ write }, path, step) => write(`notes/new ${step}.md`, `notes ${step}\n`, path),
  ignored: ({ write }, path, step) => write("local.conf", `ignored ${step}\n`, path),
  carried: ({ write }, path, step) => write(".env", `changed by the agent ${step}\n`, path),
  build: ({ write }, path, step) => write(`build/out-${step}`, "made again at any time\n", path),
  hide({ git, write }, path, step) {
    git(["update-index", "--assume-unchanged", "a.txt"], path);
    write("a.txt", `hidden ${step}\n`, path);
  },
  stash({ git, write }, path, step) {
    write("a.txt", `stashed ${step}\n`, path);
    git(["stash", "push", "--quiet", "--message", `stash ${step}`], path);
  },
  detach: ({ git }, path) => git(["checkout", "--quiet", "--detach"], path),
  branch: ({ git }, path, step) => git(["checkout", "--quiet", "-b", `other-${step}`], path),
  orphan: ({ git }, path, step) => git(["checkout", "--quiet", "--orphan", `orphan-${step}`], path),
  merge: ({ git }, path) => git(["merge", "--quiet", "--no-edit", git(["rev-parse", "HEAD"], path)]),
  base({ commit }, _path, step) {
    commit(`on main ${step}`);
  },
  push: ({ git }, path) => git(["push", "--quiet", "origin", "HEAD:main"], path),
  pushBranch: ({ git }, path, step) =>
    git(["push", "--quiet", "origin", `HEAD:refs/heads/pushed-${step}`], path),
  tag: ({ git }, path, step) => git(["tag", `tag-${step}`], path),
  nested: ({ write }, path, step) => write("deploy/.env", `ignored in a new directory ${step}\n`, path),
  rebase({ git, write, commit }, path, step) {
    for (const root of [path, undefined]) {
      write("a.txt", `rebased ${root === undefined ? "onto" : ""} ${step}\n`, root);
      commit(`in the way ${step}`, root);
    }
    write("b.txt", `put aside ${step}\n`, path);
    git(["rebase", "--autostash", "main"], path); // stops at the conflict
  },
  link({ dir }, path) {
    rmSync(join(path, "conf"), { recursive: true });
    symlinkSync(join(dir, "../outside"), join(path, "conf"));
  },
  fill: ({ git }, path) => git(["submodule", "--quiet", "update", "--init"], path),
  inside({ commit, git, write }, path, step) {
    git(["submodule", "--quiet", "update", "--init"], path);
    write("l.txt", `in the library ${step}\n`, join(path, "lib"));
    commit(`in the library ${step}`, join(path, "lib"));
  },
  note({ write }, path, step) {
    if (existsSync(join(path, "lib/.git"))) write("note.md", `in the library ${step}\n`, join(path, "lib"));
  },
  empty: ({ git }, path) => git(["submodule", "--quiet", "deinit", "--force", "lib"], path),
};

const lines = (text: string) => text.split("\n").filter(Boolean);

/** All that would be missed: commits, by whether a name leads to them; stashes; files. */
function worthOf({ git }: TestRepository, path: string) {
  const ask = (args: string[], cwd?: string) => {
    try {
      return lines(git(args, cwd));
    } catch {
      return []; // a branch without a commit
    }
  };
  const refs = ask(["for-each-ref", "--format=%(objectname)"]);
  const head = ask(["rev-parse", "--quiet", "--verify", "HEAD"], path);
  const aside = join(git(["rev-parse", "--absolute-git-dir"], path), "rebase-merge/autostash");
  const reflog = [
    ...ask(["reflog", "show", "--format=%H", "HEAD"], path),
    ...(existsSync(aside) ? lines(readFileSync(aside, "utf8")) : []),
  ];
  const unlisted = ask(["ls-files", "--others", "--exclude-standard"], path);
  const changed = ask(["diff", "--name-only"], path);
  const files = [...unlisted, ...changed, "a.txt", "b.txt", ...ignoredFiles].filter(
    (file) => lstatSync(join(path, file), { throwIfNoEntry: false })?.isFile() === true,
  );
  return {
    named: lines(git(["rev-list", ...refs, ...head, "--"])),
    reflog: reflog.length === 0 ? [] : lines(git(["rev-list", ...reflog, "--"])),
    stashes: git(["stash", "list"]),
    library: worthOfLibrary({ git }, path),
    contents: new Map(files.map((file) => [file, readFileSync(join(path, file), "utf8")])),
  };
}

/** The commits of the submodule, and the files in it that are in no commit. */
function worthOfLibrary({ git }: Pick<TestRepository, "git">, path: string): string[] {
  const lib = join(path, "lib");
  const gitDir = join(git(["rev-parse", "--absolute-git-dir"], path), "modules/lib");
  if (!existsSync(gitDir)) return [];
  const all = [`--git-dir=${gitDir}`, `--work-tree=${gitDir}`, "rev-list", "--all", "--reflog"];
  const others = existsSync(join(lib, ".git")) ? git(["ls-files", "--others"], lib) : "";
  return [...lines(git(all)), ...lines(others)];
}

function fetchBundle({ git }: TestRepository, bundle: string | undefined): void {
  if (bundle !== undefined) git(["fetch", "--quiet", bundle, "refs/cliai/kept/*:refs/restored/*"]);
}

describe("removeWorktree()", () => {
  test(
    "loses no commit, stash or file without --discard, and with it all is in the bundle, whatever was done before",
    async () => {
      const names = fc.array(fc.constantFrom(...Object.keys(acts)), { maxLength: 7 });
      const [hasSubmodule, hasRemote, isDetached] = [fc.boolean(), fc.boolean(), fc.boolean()];
      const carries = fc.subarray([".env", "conf/.env"]);
      const kind = fc.record({ hasSubmodule, hasRemote, isDetached, carries });
      await fc.assert(
        fc.asyncProperty(kind, names, async ({ carries, ...each }, steps) => {
          await using home = await tempDir();
          const repository = prepare(home.path, each);
          for (const root of ["conf", "../outside"])
            repository.write(`${root}/.env`, "secret of the project\n");
          const dataDir = home.join("data");
          const files = carries.map((path) => ({ path, as: "copy" as const }));
          const record = await worktreeOf(repository, dataDir, files);
          const { path } = record;
          for (const [step, name] of steps.entries()) {
            try {
              acts[name]?.(repository, path, step);
            } catch {
              // git has refused it, such as a merge with changes in the way
            }
          }
          const before = worthOf(repository, path);
          const first = await clean(record, repository, dataDir);
          const all = () => new Set(lines(repository.git(["rev-list", "--all"])));
          expect(repository.git(["stash", "list"])).toBe(before.stashes);
          const ofLibrary = each.hasSubmodule
            ? repository.git(["rev-list", "--all"], home.join("library"))
            : "";
          if (first.removed === undefined) {
            expect(worthOf(repository, path)).toEqual(before);
            const second = await clean(record, repository, dataDir, true);
            expect(readFileSync(home.join("outside/.env"), "utf8")).toBe("secret of the project\n");
            if (second.removed === undefined) {
              expect(worthOf(repository, path)).toEqual(before);
              expect(before.library.filter((each) => !ofLibrary.includes(each))).not.toEqual([]);
              return;
            }
            fetchBundle(repository, second.removed?.bundle);
            const has = all();
            expect([...before.named, ...before.reflog].filter((commit) => !has.has(commit))).toEqual([]);
            for (const [file, text] of before.contents) expect(textIn(repository, file)).toContain(text);
          } else {
            expect(readFileSync(home.join("outside/.env"), "utf8")).toBe("secret of the project\n");
            const has = all();
            expect(before.named.filter((commit) => !has.has(commit))).toEqual([]);
            fetchBundle(repository, first.removed.bundle);
            const restored = all();
            expect(before.reflog.filter((commit) => !restored.has(commit))).toEqual([]);
            for (const [file, text] of before.contents) expect(textIn(repository, file)).toContain(text);
          }
          expect(before.library.filter((each) => !ofLibrary.includes(each))).toEqual([]);
          expect(repository.git(["stash", "list"])).toBe(before.stashes);
          expect(existsSync(path)).toBe(false);
          expect(await readRecords(dataDir)).toEqual([]);
          expect(repository.git(["for-each-ref", "refs/cliai"])).toBe("");
        }),
        { numRuns: 12 },
      );
    },
    { timeout: 240_000 },
  );
});

/** The texts that the file has in all that is reachable, and in the project itself. */
function textIn({ git, dir }: TestRepository, file: string): string[] {
  const texts: string[] = existsSync(join(dir, file)) ? [readFileSync(join(dir, file), "utf8")] : [];
  for (const commit of lines(git(["rev-list", "--all"]))) {
    try {
      texts.push(`${git(["cat-file", "blob", `${commit}:${file}`])}\n`);
    } catch {
      // that commit does not have it
    }
  }
  return texts;
}

describe("lookAt()", () => {
  const cases: [string, string[], string][] = [
    ["an untracked file", ["untracked"], "untracked files: notes/new 0.md"],
    ["a changed copy of a listed file", ["carried"], "ignored files that are only here: .env"],
    ["a commit", ["commit"], "1 commit that is not in main"],
    ["a commit on a detached head", ["detach", "commit"], "1 commit that is not in main"],
    ["a hidden change", ["hide"], "files whose changes git was told not to look at: a.txt"],
  ];
  test.each(cases)("keeps a worktree with %s", async (_what, steps, text) => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const record = await worktreeOf(repository, home.join("data"), [{ path: ".env", as: "copy" }]);
    for (const [step, name] of steps.entries()) acts[name]?.(repository, record.path, step);
    const { reasons } = await lookAt(record, { env: repository.env, isHeld: false });
    expect(reasons.map((each) => each.text)).toEqual([text]);
  });

  test("keeps one that runs, is locked, was moved, or has a repository with work inside", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const record = await worktreeOf(repository, home.join("data"));
    const look = async (isHeld = false) =>
      (await lookAt(record, { env: repository.env, isHeld })).reasons.map(({ what }) => what);
    expect(await look(true)).toEqual(["runs"]);
    repository.git(["worktree", "lock", "--reason", "mine", record.path]);
    expect(await look()).toEqual(["locked"]);
    repository.git(["worktree", "unlock", record.path]);
    const inner = createRepository(record.path, "build/clone");
    inner.write("x", "x");
    inner.commit("x");
    rmSync(join(record.path, ".gitconfig"));
    expect(await look()).toEqual(["repositories"]);
    rmSync(record.path, { recursive: true });
    expect(await look()).toEqual(["missing"]);
    repository.git(["worktree", "prune"]);
    expect((await lookAt(record, { env: repository.env, isHeld: false })).state).toBe("gone");
  });

  test("takes no repository around it for its own, if its .git is removed", async () => {
    await using home = await tempDir();
    createRepository(home.path, ".");
    const repository = prepare(home.path);
    const record = await worktreeOf(repository, home.join("data"));
    rmSync(join(record.path, ".git"));
    expect((await lookAt(record, { env: repository.env, isHeld: false })).state).toBe("missing");
  });
});

describe("clean-up", () => {
  test("removes a worktree with filled submodules, unless something in one is nowhere else", async () => {
    await using home = await tempDir();
    const library = createRepository(home.path, "library");
    library.commit("of the library");
    const repository = prepare(home.path);
    repository.git(["submodule", "--quiet", "add", library.dir, "lib"]);
    repository.commit("with a library");
    const fill = ["submodule", "--quiet", "update", "--init"];
    const first = await worktreeOf(repository, home.join("data"));
    expect(existsSync(join(first.path, "lib", ".git"))).toBe(false);
    repository.git(fill, first.path);
    expect((await clean(first, repository, home.join("data"))).removed?.branchDeleted).toBe(true);
    const second = await worktreeOf(repository, home.join("data"));
    repository.git(fill, second.path);
    repository.commit("in the library", join(second.path, "lib"));
    repository.git(["checkout", "--quiet", "HEAD~1"], join(second.path, "lib"));
    const { reasons } = await clean(second, repository, home.join("data"), true);
    expect(reasons.map(({ what, paths }) => ({ what, paths }))).toEqual([
      { what: "repositories", paths: ["lib"] },
    ]);
    expect(existsSync(second.path)).toBe(true);
  });

  test("deletes the branch that it made, and leaves one that was there before", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const own = await worktreeOf(repository, home.join("data"));
    expect((await clean(own, repository, home.join("data"))).removed).toEqual({
      branchDeleted: true,
      bundle: undefined,
    });
    expect(repository.git(["branch", "--format=%(refname:short)"])).toBe("main");
    repository.git(["branch", "cliai/ada"]);
    const found = await worktreeOf(repository, home.join("data"));
    expect(found.made_branch).toBe(false);
    expect((await clean(found, repository, home.join("data"))).removed?.branchDeleted).toBe(false);
    expect(repository.git(["branch", "--format=%(refname:short)"])).toBe("cliai/ada\nmain");
  });

  test("names a rebase, ignored directories and commits of the reflog, too, and keeps what the rebase has put aside", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const record = await worktreeOf(repository, home.join("data"));
    acts.commit?.(repository, record.path, 0);
    acts.reset?.(repository, record.path, 1);
    acts.build?.(repository, record.path, 2);
    expect(() => acts.rebase?.(repository, record.path, 3)).toThrow();
    const { named = [], removed } = await clean(record, repository, home.join("data"), true);
    expect(named).toContain("git is in the middle of a rebase");
    expect(named).toContain("ignored directory build/ (in no bundle)");
    expect(
      named
        .filter((line) => /^commit [0-9a-f]+ /.test(line))
        .map((line) => line.split(" ").slice(2).join(" ")),
    ).toEqual(expect.arrayContaining(["work 0", "in the way 3", expect.stringContaining("autostash")]));
    fetchBundle(repository, removed?.bundle);
    expect(textIn(repository, "b.txt")).toContain("put aside 3\n");
  });

  test("keeps a change of the second in which git wrote its index, which has the size of the text before", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const { path, ...record } = await worktreeOf(repository, home.join("data"));
    const [file, index] = [join(path, "b.txt"), join(repository.dir, ".git/worktrees/ada/index")];
    // The time at which the file was changed in the directory cannot be set, so git does not look at it here.
    repository.git(["config", "core.trustctime", "false"]);
    const writtenS = Math.floor(Date.now() / 1_000) - 60;
    repository.write("b.txt", "put aside 1\n", path);
    utimesSync(file, writtenS, writtenS);
    repository.commit("put aside", path);
    repository.write("b.txt", "put aside 4\n", path);
    for (const each of [file, index]) utimesSync(each, writtenS, writtenS);
    const { removed } = await clean({ path, ...record }, repository, home.join("data"), true);
    fetchBundle(repository, removed?.bundle);
    expect(textIn(repository, "b.txt")).toContain("put aside 4\n");
  });

  test("keeps what a merge has put aside", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const record = await worktreeOf(repository, home.join("data"));
    for (const root of [record.path, undefined]) {
      repository.write("a.txt", `merged ${root}\n`, root);
      repository.commit("in the way", root);
    }
    repository.write("b.txt", "put aside\n", record.path);
    expect(() => repository.git(["merge", "--autostash", "main"], record.path)).toThrow();
    const { removed } = await clean(record, repository, home.join("data"), true);
    fetchBundle(repository, removed?.bundle);
    expect(textIn(repository, "b.txt")).toContain("put aside\n");
  });

  test("names each lost commit and file before they are discarded", async () => {
    await using home = await tempDir();
    const repository = prepare(home.path);
    const record = await worktreeOf(repository, home.join("data"));
    acts.commit?.(repository, record.path, 0);
    acts.untracked?.(repository, record.path, 1);
    const { named = [] } = await clean(record, repository, home.join("data"), true);
    expect(named).toEqual(["untracked notes/new 1.md", expect.stringMatching(/^commit [0-9a-f]+ work 0$/)]);
  });
});
