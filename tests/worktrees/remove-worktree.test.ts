// Clean-up on real repositories: whatever was done in a worktree, nothing of it is lost.
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { mayDiscard } from "../../src/domain/worktrees/keep-reasons.ts";
import type { WorktreeRecord } from "../../src/domain/worktrees/worktree-record.ts";
import type { WantedFile } from "../../src/worktrees/carry-files.ts";
import { lookAt } from "../../src/worktrees/look.ts";
import { makeWorktree, planWorktree } from "../../src/worktrees/make-worktree.ts";
import { readRepository } from "../../src/worktrees/read-repository.ts";
import { readRecords } from "../../src/worktrees/records.ts";
import { nameLost, removeWorktree } from "../../src/worktrees/remove-worktree.ts";
import { createRepository, type TestRepository } from "../support/repository.ts";
import { tempDir } from "../support/temp-dir.ts";

const id = parseAgentId("ada");
const now = () => new Date("2026-05-04T03:02:01Z");

async function worktreeOf(repository: TestRepository, dataDir: string, files: WantedFile[] = []) {
  const { dir, env } = repository;
  const wish = {
    ...{
      id,
      project: dir,
      dataDir,
      files,
      branch: true as const,
      isNamed: false,
      dir: undefined,
      hasSetup: false,
    },
    repository: await readRepository(dir, { base: undefined, env }),
  };
  return await makeWorktree(wish, await planWorktree(wish), { now, note: () => undefined });
}

async function clean(record: WorktreeRecord, { env }: TestRepository, dataDir: string, discards = false) {
  const look = await lookAt(record, { env, isHeld: false });
  if (look.reasons.length > 0 && !(discards && mayDiscard(look.reasons))) return { reasons: look.reasons };
  const named = await nameLost(look, env);
  return { reasons: look.reasons, named, removed: await removeWorktree(look, { dataDir, env, now: now() }) };
}

const ignoredFiles = [".env", "local.conf"];

/** A repository with a file, a list of ignored files, and a remote that has its first commit. */
function prepare(home: string): TestRepository {
  const repository = createRepository(home);
  repository.write("a.txt", "first\n");
  repository.write(".gitignore", ".env\nlocal.conf\nbuild/\n");
  repository.commit("first");
  repository.write(".env", "secret of the project\n");
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
  tag: ({ git }, path, step) => git(["tag", `tag-${step}`], path),
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
  const reflog = ask(["reflog", "show", "--format=%H", "HEAD"], path);
  const unlisted = ask(["ls-files", "--others", "--exclude-standard"], path);
  const changed = ask(["diff", "--name-only"], path);
  const files = [...unlisted, ...changed, "a.txt", ...ignoredFiles].filter((file) =>
    existsSync(join(path, file)),
  );
  return {
    named: lines(git(["rev-list", ...refs, ...head, "--"])),
    reflog: reflog.length === 0 ? [] : lines(git(["rev-list", ...reflog, "--"])),
    stashes: git(["stash", "list"]),
    contents: new Map(files.map((file) => [file, readFileSync(join(path, file), "utf8")])),
  };
}

function fetchBundle({ git }: TestRepository, bundle: string | undefined): void {
  if (bundle !== undefined) git(["fetch", "--quiet", bundle, "refs/cliai/kept/*:refs/restored/*"]);
}

describe("removeWorktree()", () => {
  test(
    "loses no commit, stash or file without --discard, and with it all is in the bundle, whatever was done before",
    async () => {
      const names = fc.array(fc.constantFrom(...Object.keys(acts)), { maxLength: 7 });
      await fc.assert(
        fc.asyncProperty(names, async (steps) => {
          await using home = await tempDir();
          const repository = prepare(home.path);
          const dataDir = home.join("data");
          const record = await worktreeOf(repository, dataDir, [{ path: ".env", as: "copy" }]);
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
          if (first.removed === undefined) {
            expect(worthOf(repository, path)).toEqual(before);
            const second = await clean(record, repository, dataDir, true);
            expect(second.removed?.bundle ?? "no bundle").toBeString();
            fetchBundle(repository, second.removed?.bundle);
            const has = all();
            expect([...before.named, ...before.reflog].filter((commit) => !has.has(commit))).toEqual([]);
            for (const [file, text] of before.contents) expect(textIn(repository, file)).toContain(text);
          } else {
            const has = all();
            expect(before.named.filter((commit) => !has.has(commit))).toEqual([]);
            fetchBundle(repository, first.removed.bundle);
            const restored = all();
            expect(before.reflog.filter((commit) => !restored.has(commit))).toEqual([]);
            for (const [file, text] of before.contents) expect(textIn(repository, file)).toContain(text);
          }
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
