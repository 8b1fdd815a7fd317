// Commits, pushes and pull requests of an agent's changes, on real repositories with a real remote. gh is a script that notes its arguments.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { actOnChanges } from "../../src/changes/git-acts.ts";
import { readGitState } from "../../src/changes/git-state.ts";
import type { PlacedAgent } from "../../src/changes/work-dir.ts";
import { writeWorkDir } from "../../src/data-dir/agent-lock.ts";
import {
  type GitState,
  type GitWish,
  repositoryAt,
  toolFor,
  whyNot,
} from "../../src/domain/changes/git-state.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { failureOf } from "../support/error-of.ts";
import { createRepository, type TestRepository } from "../support/repository.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const id = parseAgentId("ada");
let home: TempDir;
let count = 0;
let repository: TestRepository;
let env: Record<string, string>;
let asked: GitState[] = [];

beforeAll(async () => {
  home = await tempDir();
});
afterAll(() => home[Symbol.asyncDispose]());
beforeEach(async () => {
  asked = [];
  repository = createRepository(home.path, `project-${++count}`);
  repository.write("a.txt", "one\n");
  repository.commit("first");
  mkdirSync(home.join(`data-${count}/agents/ada`), { recursive: true });
  await writeWorkDir(home.join(`data-${count}`), id, repository.dir);
  const bin = home.join(`bin-${count}`);
  mkdirSync(bin);
  env = { ...repository.env, PATH: `${bin}:${repository.env.PATH}` };
});

/** Puts a script in place of gh. */
function installGh(script: string): void {
  const path = home.join(`bin-${count}`, "gh");
  writeFileSync(path, `#!/bin/sh\n[ "$1" = --version ] && exit 0\n${script}\n`);
  chmodSync(path, 0o755);
}

function addRemote(url?: string): string {
  const remote = home.join(`remote-${count}.git`);
  repository.git(["init", "--quiet", "--bare", remote]);
  repository.git(["remote", "add", "origin", url ?? remote]);
  return remote;
}

const agent = (): PlacedAgent => ({ agent_id: id, project_path: "/elsewhere", host: hostname() });
const look = () => readGitState(agent(), { dataDir: home.join(`data-${count}`), env });
const act = (wish: GitWish) =>
  actOnChanges(agent(), wish, {
    ...{ dataDir: home.join(`data-${count}`), env },
    record: async (state) => void asked.push(state),
  });

describe("actOnChanges()", () => {
  test("commits what was looked at, also new files, as the user's own git does", async () => {
    repository.write("a.txt", "two\n");
    repository.write("new.txt", "new\n");
    const { seen, files } = await look();
    expect(files.map(({ path }) => path)).toEqual(["a.txt", "new.txt"]);
    const done = await act({ act: "commit", seen: seen.commit, message: "Say two\n\n--amend" });
    const head = repository.git(["rev-parse", "--short", "HEAD"]);
    expect(done).toEqual({ said: `committed 2 files as ${head} on main` });
    expect(repository.git(["log", "-1", "--format=%B%an"])).toBe("Say two\n\n--amend\nT");
    expect(repository.git(["status", "--porcelain"])).toBe("");
    expect(asked).toHaveLength(1);
    const after = await look();
    expect([after.files, whyNot("commit", after)]).toEqual([[], "everything is committed"]);
  });

  test("commits nothing if anything has changed since, and records nothing", async () => {
    repository.write("a.txt", "two\n");
    const { seen } = await look();
    repository.write("a.txt", "three\n");
    const head = repository.git(["rev-parse", "HEAD"]);
    expect(await failureOf(act({ act: "commit", seen: seen.commit, message: "m" }))).toMatchObject({
      code: "refused",
      message: "nothing was done: ada has changed something since you looked",
    });
    expect(repository.git(["rev-parse", "HEAD"])).toBe(head);
    expect(repository.git(["diff", "--cached", "--name-only"])).toBe("");
    expect(asked).toEqual([]);
  });

  test("does not commit what it has not looked at, or what a filter of the repository makes of it", async () => {
    createRepository(repository.dir, "inner").commit("inner");
    const state = await look();
    expect(whyNot("commit", state)).toBe("inner/ was not looked at, so a commit of all is for you to make");
    repository.write(".git/info/exclude", "inner\n.gitconfig\n");
    repository.write(".git/info/attributes", "*.txt filter=up\n");
    repository.git(["config", "filter.up.clean", "tr a-z A-Z"]);
    repository.write("a.txt", "two\n");
    const { seen } = await look();
    expect(await failureOf(act({ act: "commit", seen: seen.commit, message: "m" }))).toMatchObject({
      code: "refused",
      hint: expect.stringContaining("filters of its own"),
    });
  });

  test("a hook that refuses a commit is heard in its own words", async () => {
    const hook = join(repository.dir, ".git/hooks/pre-commit");
    mkdirSync(join(hook, ".."), { recursive: true });
    writeFileSync(hook, "#!/bin/sh\necho 'error: no tests' >&2\nexit 1\n");
    chmodSync(hook, 0o755);
    repository.write("a.txt", "two\n");
    const { seen } = await look();
    expect(await failureOf(act({ act: "commit", seen: seen.commit, message: "m" }))).toMatchObject({
      code: "failed",
      message: expect.stringContaining("no tests"),
    });
    expect(asked).toHaveLength(1);
  });

  test("pushes the branch to its remote without force, and refuses what is not there any more", async () => {
    const remote = addRemote();
    const before = await look();
    expect(before).toMatchObject({ branch: "main", remote: { name: "origin", urls: [remote] } });
    expect(before.unpushed.map(({ subject }) => subject)).toEqual(["first"]);
    expect(await act({ act: "push", seen: before.seen.push })).toEqual({
      said: `pushed main to origin (${remote})`,
    });
    expect(repository.git(["rev-parse", "--abbrev-ref", "main@{upstream}"])).toBe("origin/main");
    expect(repository.git(["rev-parse", "main"], remote)).toBe(before.head ?? "");
    expect(whyNot("push", await look())).toBe("origin has all commits of main");
    // Somebody else has pushed meanwhile: git refuses, and so do we.
    repository.git(
      [
        "update-ref",
        "refs/heads/main",
        repository.git(["commit-tree", "-m", "other", "HEAD^{tree}"], remote),
      ],
      remote,
    );
    repository.write("b.txt", "b\n");
    repository.commit("second");
    const { seen } = await look();
    expect(await failureOf(act({ act: "push", seen: seen.push }))).toMatchObject({ code: "failed" });
    expect(await failureOf(act({ act: "push", seen: before.seen.push }))).toMatchObject({ code: "refused" });
  });

  test("opens a pull request by the gh that is installed, with the user's login, once the branch is pushed", async () => {
    const notes = home.join(`notes-${count}`);
    installGh(
      `printf '%s\\n' "$@" > '${notes}'; echo "Creating pull request"; echo https://github.com/o/r/pull/7`,
    );
    addRemote();
    repository.git(["checkout", "--quiet", "-b", "work"]);
    const before = await look();
    expect(whyNot("pull_request", before)).toBe("origin does not have all commits of work: push it first");
    await act({ act: "push", seen: before.seen.push });
    expect(whyNot("pull_request", await look())).toBe("the address of origin names no repository at a host");
    repository.git(["remote", "set-url", "origin", "git@github.com:o/r.git"]);
    expect(whyNot("pull_request", await look())).toStartWith("it is not known into which branch");
    repository.git(["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
    const { seen } = await look();
    const wish = {
      ...{ act: "pull_request" as const, seen: seen.pull_request },
      ...{ title: "--title $(touch x)", body: "two\nlines" },
    };
    expect(await act(wish)).toEqual({
      said: "opened a request for work into main of github.com/o/r by gh",
      url: "https://github.com/o/r/pull/7",
    });
    expect(readFileSync(notes, "utf8").trimEnd().split("\n")).toEqual([
      ...[
        "pr",
        "create",
        "--repo",
        "github.com/o/r",
        "--head",
        "work",
        "--base",
        "main",
        "--title",
        "--title $(touch x)",
        "--body",
        "two",
        "lines",
      ],
    ]);
    expect(existsSync(join(repository.dir, "x"))).toBe(false);
    installGh("echo 'To get started with GitHub CLI, please run:  gh auth login' >&2; exit 4");
    expect(await failureOf(act(wish))).toMatchObject({
      code: "failed",
      message: "gh opened no request: To get started with GitHub CLI, please run:  gh auth login",
      hint: expect.stringContaining("gh auth status"),
    });
  });

  test("commits nothing on another branch, or upon another commit, than was seen", async () => {
    repository.write("a.txt", "two\n");
    const { seen } = await look();
    repository.git(["checkout", "--quiet", "-b", "other"]);
    const wish = { act: "commit" as const, seen: seen.commit, message: "m" };
    expect(await failureOf(act(wish))).toMatchObject({ code: "refused" });
    repository.git(["checkout", "--quiet", "main"]);
    repository.git(["commit", "--quiet", "--allow-empty", "-m", "quick"]);
    expect(await failureOf(act(wish))).toMatchObject({ code: "refused" });
    expect([asked, repository.git(["log", "-1", "--format=%s"])]).toEqual([[], "quick"]);
  });

  /** A hook of the repository. */
  function installHook(name: string, script: string): void {
    const hook = join(repository.dir, ".git/hooks", name);
    mkdirSync(join(hook, ".."), { recursive: true });
    writeFileSync(hook, `#!/bin/sh\n${script}\n`);
    chmodSync(hook, 0o755);
  }

  test("says what a hook has changed in a commit after it was seen", async () => {
    installHook("pre-commit", "echo more > more.txt; git add more.txt");
    repository.write("a.txt", "two\n");
    const { seen } = await look();
    const { said } = await act({ act: "commit", seen: seen.commit, message: "m" });
    expect(said).toEndWith("on main; but not as you have seen it: a hook has changed more.txt");
    expect(repository.git(["status", "--porcelain"])).toBe("");
  });

  test("a commit that is refused or fails leaves the index as it is", async () => {
    const index = join(repository.dir, ".git/index");
    repository.write("staged.txt", "staged\n");
    repository.git(["add", "staged.txt"]);
    repository.write("a.txt", "two\n");
    const before = readFileSync(index);
    installHook("pre-commit", "exit 1");
    const { seen } = await look();
    const wish = { act: "commit" as const, seen: seen.commit, message: "m" };
    expect(await failureOf(act(wish))).toMatchObject({ code: "failed" });
    expect(readFileSync(index).equals(before)).toBe(true);
    repository.write(".git/info/attributes", "*.txt filter=up\n");
    repository.git(["config", "filter.up.clean", "tr a-z A-Z"]);
    const filtered = { ...wish, seen: (await look()).seen.commit };
    expect(await failureOf(act(filtered))).toMatchObject({ code: "refused" });
    expect(readFileSync(index).equals(before)).toBe(true);
  });

  test("does not finish a merge, which the page does not name", async () => {
    repository.git(["checkout", "--quiet", "-b", "other"]);
    repository.write("b.txt", "b\n");
    repository.commit("b");
    repository.git(["checkout", "--quiet", "main"]);
    repository.git(["merge", "--quiet", "--no-ff", "--no-commit", "other"]);
    expect(whyNot("commit", await look())).toBe("a merge is under way there: finish it yourself");
  });

  test("pushes to no other branch, address or remote than was seen, and no tag", async () => {
    const remote = addRemote();
    const other = home.join(`other-${count}.git`);
    repository.git(["init", "--quiet", "--bare", other]);
    repository.git(["tag", "-m", "t", "main"]); // `main` alone is ambiguous now
    repository.git(["config", "push.followTags", "true"]);
    const { branch, seen } = await look();
    expect(branch).toBe("main");
    const refused = async () => {
      expect(await failureOf(act({ act: "push", seen: seen.push }))).toMatchObject({ code: "refused" });
    };
    repository.git(["checkout", "--quiet", "-b", "work"]);
    await refused();
    repository.git(["symbolic-ref", "HEAD", "refs/heads/main"]);
    repository.git(["remote", "set-url", "--push", "--add", "origin", remote]);
    repository.git(["remote", "set-url", "--push", "--add", "origin", other]);
    await refused();
    expect((await look()).remote).toEqual({ name: "origin", urls: [remote, other] });
    repository.git(["config", "--unset-all", "remote.origin.pushurl"]);
    repository.git(["config", `url.${other}.pushInsteadOf`, remote]);
    await refused();
    repository.git(["config", "--unset", `url.${other}.pushInsteadOf`]);
    repository.git(["remote", "add", "second", remote]);
    repository.git(["config", "remote.pushDefault", "second"]);
    await refused();
    expect(asked).toEqual([]);
    repository.git(["config", "--unset", "remote.pushDefault"]);
    await act({ act: "push", seen: seen.push });
    expect(repository.git(["for-each-ref", "--format=%(refname)"], remote)).toBe("refs/heads/main");
    expect(repository.git(["for-each-ref", "--format=%(refname)"], other)).toBe("");
  });

  test("pushes the commit that was seen, not one that was made since", async () => {
    const remote = addRemote();
    const { head = "", seen } = await look();
    await actOnChanges(
      agent(),
      { act: "push", seen: seen.push },
      {
        ...{ dataDir: home.join(`data-${count}`), env },
        record: async () => void repository.git(["commit", "--quiet", "--allow-empty", "-m", "quick"]),
      },
    );
    expect(repository.git(["rev-parse", "main"], remote)).toBe(head);
  });

  test("does nothing for an agent that cliai has not launched", async () => {
    const stranger = { ...agent(), agent_id: parseAgentId("bob"), project_path: repository.dir };
    expect(
      await failureOf(readGitState(stranger, { dataDir: home.join(`data-${count}`), env })),
    ).toMatchObject({
      code: "refused",
      message: expect.stringContaining("cliai has not launched bob"),
    });
  });

  test("looking runs nothing that the repository's own settings or attributes name", async () => {
    const mark = home.join(`ran-${count}`);
    const script = home.join(`note-${count}.sh`);
    writeFileSync(script, `#!/bin/sh\ntouch '${mark}'\nexec cat\n`);
    chmodSync(script, 0o755);
    addRemote();
    repository.write(".gitattributes", "*.txt filter=note diff=note\n");
    repository.commit("attributes");
    // A commit with a signature, of which git could ask whether it is good.
    const text = `${repository.git(["cat-file", "commit", "HEAD"])}\n`.replace(
      "\n\n",
      "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n",
    );
    writeFileSync(home.join(`signed-${count}`), text);
    const signed = repository.git(["hash-object", "-t", "commit", "-w", home.join(`signed-${count}`)]);
    repository.git(["update-ref", "HEAD", signed]);
    const hooks = join(repository.dir, ".git/hooks");
    mkdirSync(hooks, { recursive: true });
    for (const name of ["post-index-change", "pre-commit", "reference-transaction"]) {
      writeFileSync(join(hooks, name), `#!/bin/sh\ntouch '${mark}'\n`);
      chmodSync(join(hooks, name), 0o755);
    }
    for (const [key, value] of [
      ["log.showSignature", "true"],
      ["gpg.program", script],
      ["filter.note.clean", script],
      ["diff.note.textconv", script],
      ["diff.note.command", script],
      ["diff.external", script],
      ["core.fsmonitor", script],
      ["core.sshCommand", script],
    ] as const)
      repository.git(["config", key, value]);
    writeFileSync(join(repository.dir, "a.txt"), "two\n");
    const { unpushed, files } = await look();
    expect([unpushed.map(({ commit }) => commit)[0], files.length]).toEqual([signed, 1]);
    expect(existsSync(mark)).toBe(false);
    // Git itself would have run it.
    repository.git(["log", "-1"]);
    expect(existsSync(mark)).toBe(true);
  });

  test("shows no password of a remote's address", async () => {
    addRemote("https://kim:hunter22secret@example.org/r.git");
    expect(JSON.stringify(await look())).not.toContain("hunter22secret");
  });
});

test("toolFor() goes by the host, and by what is installed", () => {
  const both = ["gh", "glab"] as const;
  expect(toolFor("git@github.com:o/r.git", both)).toBe("gh");
  expect(toolFor("https://gitlab.example.org/o/r.git", both)).toBe("glab");
  expect(toolFor("https://gitlab.com/o/r", ["gh"])).toBeUndefined();
  expect(toolFor("https://code.example.org/github/r", ["glab"])).toBe("glab");
  expect(toolFor("https://code.example.org/r", both)).toBeUndefined();
});

test("repositoryAt() reads the addresses of hosts, and no others", () => {
  for (const [url, repository] of [
    ["git@github.com:o/r.git", "github.com/o/r"],
    ["https://kim:x@github.com/o/r", "github.com/o/r"],
    ["ssh://git@git.example.org:2222/group/sub/r.git/", "git.example.org/group/sub/r"],
    ["https://git.example.org:8443/o/r.git", "git.example.org:8443/o/r"],
    ["/srv/git/r.git", undefined],
    ["C:/git/r.git", undefined],
    ["file:///srv/git/r.git", undefined],
    ["ext::https://github.com/o/r", undefined],
    ["git@github.com:o/../r", undefined],
    ["git@github.com:--o/r", undefined],
  ] as const)
    expect([url, repositoryAt(url)]).toEqual([url, repository]);
});
