// An agent's changes, read from real repositories.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { usualBounds } from "../../src/changes/bounds.ts";
import { readChanges } from "../../src/changes/read-changes.ts";
import type { PlacedAgent } from "../../src/changes/work-dir.ts";
import type { ChangesAsk } from "../../src/domain/changes/changes-report.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { failureOf } from "../support/error-of.ts";
import { createRepository, type TestRepository } from "../support/repository.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { worktreeOf } from "../support/worktree.ts";

let home: TempDir;
let count = 0;
let repository: TestRepository;

beforeAll(async () => {
  home = await tempDir();
});
afterAll(() => home[Symbol.asyncDispose]());
beforeEach(() => {
  repository = createRepository(home.path, `project-${++count}`);
  repository.write("src/a.ts", "const a = 1;\nconst b = 2;\nconst c = 3;\n");
  repository.write("old.txt", "one\ntwo\nthree\nfour\nfive\n");
  repository.commit("first");
});

const agentAt = (dir: string, id = "ada"): PlacedAgent => ({
  ...{ agent_id: parseAgentId(id), project_path: dir, host: hostname() },
});
const read = (ask: Partial<ChangesAsk> = {}, dir = repository.dir, others: PlacedAgent[] = []) =>
  readChanges(
    agentAt(dir),
    { lines: "short", ...ask },
    { dataDir: home.join("data"), env: repository.env, agents: others },
  );
const namesIn = ({ files }: Awaited<ReturnType<typeof read>>) => files.map(({ path }) => path);

describe("readChanges()", () => {
  test("has changed, new, renamed, deleted and binary files, with counts and lines", async () => {
    repository.write("src/a.ts", "const a = 1;\nconst b = 20;\nconst c = 3;\n");
    repository.write("new.txt", "hello\n");
    repository.git(["mv", "old.txt", "renamed.txt"]);
    repository.write("renamed.txt", "one\ntwo\nthree\nfour\nFIVE\n");
    writeFileSync(join(repository.dir, "logo.bin"), Buffer.from([0, 1, 2, 0, 255]));
    const report = await read();
    expect(namesIn(report)).toEqual(["logo.bin", "new.txt", "renamed.txt", "src/a.ts"]);
    const [logo, added, renamed, changed] = report.files;
    expect(logo).toMatchObject({ state: "added", is_binary: true, is_untracked: true });
    expect(logo).not.toHaveProperty("added");
    expect(added).toMatchObject({ state: "added", added: 1, deleted: 0, is_untracked: true });
    expect(renamed).toMatchObject({ state: "renamed", old_path: "old.txt", added: 1, deleted: 1 });
    expect(changed).toMatchObject({ state: "modified", added: 1, deleted: 1 });
    expect(changed?.hunks).toEqual([
      {
        ...{ old_start: 1, new_start: 1, heading: "" },
        lines: [
          { kind: "same", old: 1, new: 1, text: "const a = 1;" },
          { kind: "deleted", old: 2, text: "const b = 2;" },
          { kind: "added", new: 2, text: "const b = 20;" },
          { kind: "same", old: 3, new: 3, text: "const c = 3;" },
        ],
      },
    ]);
    expect(report).toMatchObject({
      ...{ agent_id: "ada", root: repository.dir, directory: repository.dir, branch: "main" },
      base: { name: "HEAD", why: "last_commit", commit: report.head },
      ...{ added: 3, deleted: 2, more_files: 0, shared_with: [] },
    });
  });

  test("leaves the user's index, stash and objects as they are", async () => {
    repository.write("staged.txt", "staged\n");
    repository.git(["add", "staged.txt"]);
    repository.write("staged.txt", "staged, and changed\n");
    repository.write("other.txt", "other\n");
    const state = () => [
      repository.git(["ls-files", "--stage"]),
      repository.git(["count-objects", "-v"]),
      repository.git(["status", "--porcelain"]),
    ];
    const before = state();
    expect(namesIn(await read())).toEqual(["other.txt", "staged.txt"]);
    expect(state()).toEqual(before);
  });

  test("sees a change of the same length in the moment in which the index was written", async () => {
    // As if the clock stood still: the file has the same times and the same length as in the index.
    const path = join(repository.dir, "old.txt");
    const at = Date.now() / 1_000 + 3_600;
    repository.git(["config", "core.trustctime", "false"]);
    utimesSync(path, at, at);
    repository.git(["add", "old.txt"]);
    repository.write("old.txt", "one\ntwo\nthree\nfour\nFIVE\n");
    utimesSync(path, at, at);
    expect(namesIn(await read())).toEqual(["old.txt"]);
  });

  test("has a file that became a link, one that may be run now, and a directory in place of a file", async () => {
    rmSync(join(repository.dir, "old.txt"));
    mkdirSync(join(repository.dir, "old.txt"));
    repository.write("old.txt/inner", "inner\n");
    chmodSync(join(repository.dir, "src/a.ts"), 0o755);
    const report = await read();
    expect(namesIn(report)).toEqual(["old.txt", "old.txt/inner", "src/a.ts"]);
    expect(report.files.map(({ state }) => state)).toEqual(["deleted", "added", "modified"]);
    expect(report.files[2]).toMatchObject({ executable: true, added: 0, deleted: 0 });
    repository.commit("second");
    rmSync(join(repository.dir, "old.txt"), { recursive: true });
    symlinkSync("src", join(repository.dir, "old.txt"));
    const linked = await read();
    expect(namesIn(linked)).toEqual(["old.txt", "old.txt/inner"]);
    expect(linked.files[0]).toMatchObject({ state: "added", kind: "symlink" });
  });

  test("folds a file of 10,000 lines, and has it whole if it is asked for", async () => {
    const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index}`).join("\n");
    repository.write("long.txt", `${lines}\n`);
    repository.write("short.txt", "short\n");
    const [long, short] = (await read()).files;
    expect(long).toMatchObject({ path: "long.txt", added: 10_000, left_out: "long" });
    expect(long).not.toHaveProperty("hunks");
    expect(short?.hunks).toHaveLength(1);
    const alone = await read({ file: "long.txt" });
    expect(namesIn(alone)).toEqual(["long.txt"]);
    expect(alone.files[0]?.hunks?.[0]?.lines).toHaveLength(10_000);
    // The sums are those of all files.
    expect(alone).toMatchObject({ added: 10_001, more_files: 0 });
    expect((await read({ lines: "none" })).files.some((file) => "hunks" in file)).toBe(false);
  });

  test("does not show lines of many megabytes, and shows the other files", async () => {
    repository.write("a-min.js", `${"x".repeat(5_000_000)}\n`);
    repository.write("b.txt", "b\n");
    writeFileSync(join(repository.dir, "huge.dat"), Buffer.alloc(11 * 1_024 ** 2, "huge "));
    const files = (await read()).files;
    expect(files.map(({ path, left_out }) => [path, left_out])).toEqual([
      ["a-min.js", "cut"],
      ["b.txt", undefined],
      ["huge.dat", undefined],
    ]);
    expect(files[1]?.hunks).toHaveLength(1);
    expect(files[2]).toMatchObject({ state: "added", too_large: 11 * 1_024 ** 2 });
  });

  test("keeps each of its bounds: of a file, of all files, of a patch, of its lines, and of all patches", async () => {
    for (const name of ["a", "b", "c"]) repository.write(`${name}.txt`, `${name.repeat(9)}\n`.repeat(100));
    const within = async (bounds: Partial<typeof usualBounds>) => {
      const options = { dataDir: home.join("data"), env: repository.env, agents: [] };
      const { files } = await readChanges(
        agentAt(repository.dir),
        { lines: "all" },
        { ...options, bounds: { ...usualBounds, ...bounds } },
      );
      return files.map(({ too_large, left_out, hunks }) => left_out ?? too_large ?? hunks?.length);
    };
    expect(await within({})).toEqual([1, 1, 1]);
    expect(await within({ fileBytes: 999 })).toEqual([1_000, 1_000, 1_000]);
    expect(await within({ filesBytes: 2_500 })).toEqual([1, 1, 1_000]);
    // What git has written at once may be beyond it, and is taken.
    expect((await within({ patchBytes: 500 })).at(-1)).toBe("cut");
    expect(await within({ patchLines: 99 })).toEqual(["cut", "cut", "cut"]);
    // A call has one file's patch, and what is beyond the sum is not read.
    expect(await within({ patchBytes: 2_000, patchesBytes: 2_500 })).toEqual([1, 1, "cut"]);
  });

  test("has names with blanks, quotation marks, line feeds and letters of any language", async () => {
    const names = ['a "b"\t.txt', "line\nfeed", "-dash", "über ½ 日本.txt", "b/ b/x"];
    for (const name of names) repository.write(name, "text\n");
    const report = await read();
    expect(namesIn(report)).toEqual(names.toSorted());
    expect(report.files.map(({ hunks }) => hunks?.length)).toEqual([1, 1, 1, 1, 1]);
    expect((await read({ file: "line\nfeed" })).files).toHaveLength(1);
  });

  test("of an agent with a worktree are those since its branch left, also those that it has committed", async () => {
    const dataDir = home.join("data");
    const record = await worktreeOf(repository, dataDir);
    repository.write("committed.txt", "committed\n", record.path);
    repository.commit("work", record.path);
    repository.write("open.txt", "open\n", record.path);
    repository.write("later.txt", "not the agent's\n");
    repository.commit("on main");
    const report = await read({}, record.path);
    expect(namesIn(report)).toEqual(["committed.txt", "open.txt"]);
    expect(report).toMatchObject({
      branch: "cliai/ada",
      base: { name: "main", why: "worktree", commit: record.base },
    });
    // What came to it from the branch that it began at is not its own work either.
    repository.git(["merge", "--quiet", "main"], record.path);
    expect(namesIn(await read({}, record.path))).toEqual(["committed.txt", "open.txt"]);
  });

  test("are compared with another commit if it is named, and a missing one is refused", async () => {
    const first = repository.git(["rev-parse", "HEAD"]);
    repository.write("second.txt", "second\n");
    repository.commit("second");
    expect(namesIn(await read())).toEqual([]);
    expect(namesIn(await read({ base: first }))).toEqual(["second.txt"]);
    expect(await failureOf(read({ base: "nowhere" }))).toMatchObject({
      code: "usage",
      message: `there is no commit "nowhere" in ${repository.dir}`,
      hint: expect.stringContaining("branch --all"),
    });
    expect(await failureOf(read({ base: "--output=/tmp/x" }))).toMatchObject({ code: "usage" });
    expect(await failureOf(read({ file: "../../etc/passwd" }))).toMatchObject({ code: "usage" });
  });

  test("of a detached head have no branch; of a repository without a commit, everything is new", async () => {
    repository.git(["checkout", "--quiet", "--detach"]);
    repository.write("src/a.ts", "");
    const detached = await read();
    expect(detached).not.toHaveProperty("branch");
    expect(namesIn(detached)).toEqual(["src/a.ts"]);
    const fresh = createRepository(home.path, "fresh");
    fresh.write("one.txt", "one\n");
    const report = await read({}, fresh.dir);
    expect(report).toMatchObject({ branch: "main", base: { why: "no_commit" }, added: 1 });
    expect(report).not.toHaveProperty("head");
  });

  test("with conflicts, submodules and repositories inside are named as what they are", async () => {
    repository.git(["checkout", "--quiet", "-b", "other"]);
    repository.write("old.txt", "theirs\n");
    repository.commit("theirs");
    repository.git(["checkout", "--quiet", "main"]);
    repository.write("old.txt", "ours\n");
    repository.commit("ours");
    expect(() => repository.git(["merge", "--quiet", "other"])).toThrow();
    const inner = createRepository(repository.dir, "inner");
    inner.write("x", "x");
    inner.commit("inner");
    const report = await read();
    expect(namesIn(report)).toEqual([".gitconfig", "inner/", "old.txt"]);
    expect(report.files[1]).toMatchObject({ kind: "repository", is_untracked: true });
    expect(report.files[2]).toMatchObject({ is_unmerged: true, state: "modified" });
  });

  test("in a directory without git, on another machine, or that is gone are refused in one line", async () => {
    mkdirSync(home.join("plain"), { recursive: true });
    const none = await failureOf(read({}, home.join("plain")));
    expect(none).toMatchObject({
      code: "refused",
      message: expect.stringContaining("is in no git repository"),
    });
    expect(none).toMatchObject({ hint: expect.stringContaining("init") });
    expect(await failureOf(read({}, home.join("gone")))).toMatchObject({ code: "refused" });
    const options = { dataDir: home.join("data"), env: repository.env, agents: [] };
    const away = { ...agentAt(repository.dir), host: "elsewhere" };
    expect(await failureOf(readChanges(away, { lines: "none" }, options))).toMatchObject({
      code: "refused",
      message: expect.stringContaining("ada works on elsewhere"),
    });
    const noGit = { ...options, env: { ...repository.env, PATH: home.join("plain") } };
    expect(await failureOf(readChanges(agentAt(repository.dir), { lines: "none" }, noGit))).toMatchObject({
      code: "cli_missing",
      message: "git is not on PATH, and changes are read by it",
    });
  });

  test("name the other agents that work in the same files", async () => {
    const others = [
      agentAt(join(repository.dir, "src"), "bob"),
      agentAt(home.path, "cem"),
      agentAt(repository.dir),
    ];
    expect((await read({}, repository.dir, others)).shared_with).toEqual([parseAgentId("bob")]);
  });

  test("run nothing that the repository's own settings or attributes name", async () => {
    const mark = home.join("ran");
    const script = join(home.path, "evil.sh");
    writeFileSync(script, `#!/bin/sh\ntouch '${mark}'\nexec cat\n`);
    chmodSync(script, 0o755);
    repository.write(".gitattributes", "*.ts filter=evil diff=evil\n*.txt filter=evil2 diff=evil\n");
    repository.commit("attributes");
    const hooks = join(repository.dir, ".git/hooks");
    mkdirSync(hooks, { recursive: true });
    for (const name of ["post-index-change", "pre-commit", "reference-transaction"]) {
      writeFileSync(join(hooks, name), `#!/bin/sh\ntouch '${mark}'\n`);
      chmodSync(join(hooks, name), 0o755);
    }
    for (const [key, value] of [
      ["filter.evil.clean", script],
      ["filter.evil2.process", script],
      ["filter.evil2.required", "true"],
      ["diff.evil.textconv", script],
      ["diff.evil.command", script],
      ["diff.external", script],
      ["core.fsmonitor", script],
    ] as const)
      repository.git(["config", key, value]);
    // Written by hand, because the test's own git would run it all.
    writeFileSync(join(repository.dir, "src/a.ts"), "const a = 1;\n");
    writeFileSync(join(repository.dir, "old.txt"), "one\n");
    writeFileSync(join(repository.dir, "new.ts"), "new\n");
    const report = await read();
    expect(namesIn(report)).toEqual(["new.ts", "old.txt", "src/a.ts"]);
    expect(report.files.map(({ hunks }) => hunks?.length)).toEqual([1, 1, 1]);
    expect(existsSync(mark)).toBe(false);
    // Git itself would have run it.
    expect(() => repository.git(["add", "--all"])).toThrow();
    expect(existsSync(mark)).toBe(true);
  });

  test("are not those of a directory to which the repository's settings lead", async () => {
    mkdirSync(home.join("secrets"), { recursive: true });
    writeFileSync(home.join("secrets/key"), "secret\n");
    repository.git(["config", "core.worktree", home.join("secrets")]);
    const moved = `${repository.dir}/src`;
    expect(await failureOf(read({}, moved))).toMatchObject({ code: "refused" });
    // A link as the agent's directory is not followed.
    renameSync(home.join("secrets"), home.join("secrets-2"));
    symlinkSync(home.join("secrets-2"), home.join("secrets"));
    expect(await failureOf(read({}, home.join("secrets")))).toMatchObject({ code: "refused" });
  });

  test("are not those of another repository to which the settings lead, also one around it", async () => {
    const inner = createRepository(repository.dir, "inner");
    inner.write("a.txt", "a\n");
    inner.commit("inner");
    const other = createRepository(home.path, `other-${count}`);
    other.write("key.txt", "secret\n");
    other.commit("other");
    for (const lead of [other.dir, repository.dir]) {
      inner.git(["config", "core.worktree", lead]);
      expect(await failureOf(read({}, inner.dir))).toMatchObject({
        code: "refused",
        message: `the repository at ${inner.dir} names ${lead} for its files, which is not its own`,
      });
    }
    // A submodule has such a setting, too, and leads to itself.
    repository.git(["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", other.dir, "sub"]);
    repository.write("sub/key.txt", "public\n");
    expect(namesIn(await read({}, join(repository.dir, "sub")))).toEqual(["key.txt"]);
  });

  test("are refused, without waiting, where a pipe stands in place of the index", async () => {
    const index = join(repository.dir, ".git/index");
    renameSync(index, join(repository.dir, ".git/kept"));
    execFileSync("mkfifo", [index]);
    expect(await failureOf(read())).toMatchObject({
      code: "refused",
      message: `${index} is not read as git's index: it is no file`,
    });
    // A link to a real one is followed.
    rmSync(index);
    symlinkSync("kept", index);
    repository.write("new.txt", "new\n");
    expect(namesIn(await read())).toEqual(["new.txt"]);
  });
});
