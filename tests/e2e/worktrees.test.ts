// An agent in a git worktree of its own: launched, started again, listed, removed, cleaned up. Real Claude Code, offline, and real git.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchAgent } from "../support/bridges.ts";
import { claudeEnvironment } from "../support/claude-code.ts";
import { type RunningServe, startServe, untilApplied } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { createRepository, type TestRepository } from "../support/repository.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const rules = [
  { match: "dig", turn: { text: "Dug." } },
  { match: "go on", turn: { text: "On it." } },
];

let serve: RunningServe;
let repository: TestRepository;
let env: Record<string, string>;
let home: string;
const parts = new AsyncDisposableStack();
beforeAll(async () => {
  const dir = parts.use(await tempDir());
  home = dir.path;
  await mkdir(dir.join("home"));
  repository = createRepository(dir.path);
  repository.write(".gitignore", ".env\n");
  repository.commit("first");
  repository.write(".env", "secret");
  const model = parts.use(await startModelServer({ rules }));
  const claude = await claudeEnvironment({
    ...{ home: dir.join("home"), workDirs: [repository.dir], modelServerUrl: model.url },
  });
  env = { ...claude, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: repository.env.GIT_CONFIG_GLOBAL ?? "" };
  await mkdir(dir.join("data"));
  const digger = {
    ...{ worktree: "work-{id}", worktree_files: [".env"] },
    worktree_setup: ["sh", "-c", "echo set up in $PWD; cp .env copied.env; rm copied.env"],
  };
  const broken = { worktree: true, worktree_setup: ["sh", "-c", "echo no network here; exit 3"] };
  await writeFile(dir.join("data", "profiles.json"), JSON.stringify({ digger, broken }));
  serve = parts.use(await startServe({ env, dataDir: dir.join("data") }));
});
afterAll(() => parts.disposeAsync());

const run = (...args: string[]) => serve.run(args, { env, cwd: repository.dir });

test("an agent of a profile with a worktree works there, and goes on there; nobody but clean-up touches it", async () => {
  const path = join(home, "project.worktrees", "ada");
  const spawned = await run("spawn", "digger", "dig", "--wait", "--id", "ada");
  expect(spawned).toMatchObject({ code: 0, stdout: "Dug.\n" });
  expect(spawned.stderr).toContain(`making the worktree ${path} on the new branch work-ada, from main (`);
  const agent = (await fetchAgent(serve, "ada")) as { project_path?: string };
  expect(agent.project_path).toBe(path);
  expect((await run("show", "ada")).stdout).toContain("of its own, made on the branch work-ada");
  expect(readFileSync(join(path, ".env"), "utf8")).toBe("secret");
  const log = /output: (.*)\)/.exec(spawned.stderr)?.[1] ?? "";
  expect(readFileSync(log, "utf8")).toBe(`set up in ${path}\n`);

  // Started again by the server, in its worktree; without a terminal, so until it is stopped.
  await waitFor(async () => (await fetchAgent(serve, "ada")).axes.link.value === "offline", {
    what: "it is gone",
  });
  const resumed = await run("resume", "ada", "--headless");
  expect(resumed.code).toBe(0);
  expect((await run("send", "task", "ada", "go on", ...untilApplied)).code).toBe(0);
  expect(((await fetchAgent(serve, "ada")) as { project_path?: string }).project_path).toBe(path);
  const whileItRuns = await run("worktrees", "clean");
  expect(whileItRuns.stdout).toBe(`ada: kept ${path}: its agent runs\n`);
  expect((await run("send", "stop", "ada", ...untilApplied)).code).toBe(0);

  await writeFile(join(path, "notes.md"), "of the agent");
  // Its process ends a moment after the stop is applied.
  await waitFor(async () => (await run("agents", "remove", "ada")).code === 0, { what: "ada is removed" });
  const listed = JSON.parse((await run("worktrees", "--json")).stdout);
  expect(listed).toMatchObject([
    { agent_id: "ada", path, branch: "work-ada", uncommitted: 1, ahead: 0, unpushed: null },
  ]);
  const kept = await run("worktrees", "clean", "ada");
  expect(kept).toMatchObject({ code: 5, stdout: `ada: kept ${path}: untracked files: notes.md\n` });

  const asked = await run("worktrees", "clean", "ada", "--discard");
  expect(asked.code).toBe(2);
  expect(asked.stderr).toContain("  untracked notes.md\nerror: cannot ask without a terminal");
  const byAgent = await serve.run(["worktrees", "clean", "--discard", "--yes"], {
    env: { ...env, CLIAI_RUN: "x" },
  });
  expect(byAgent).toMatchObject({ code: 5, stderr: expect.stringContaining("only a person can") });
  const discarded = await run("worktrees", "clean", "ada", "--discard", "--yes");
  expect(discarded.code).toBe(0);
  expect(existsSync(path)).toBe(false);
  expect(repository.git(["branch", "--format=%(refname:short)"])).toBe("main");
  const bundle = /git fetch (\S+)/.exec(discarded.stdout)?.[1] ?? "";
  repository.git(["fetch", "--quiet", bundle, "refs/cliai/kept/*:refs/cliai/kept/*"]);
  expect(repository.git(["show", "refs/cliai/kept/ada/files:notes.md"])).toBe("of the agent");
});

test("a set-up that fails keeps the agent from starting, and is run again; a branch elsewhere is refused", async () => {
  for (const what of ["making the worktree", "works in its worktree"]) {
    const { code, stderr } = await run("spawn", "broken", "dig", "--wait", "--id", "bob");
    expect(code).toBe(1);
    expect(stderr).toContain(what);
    expect(stderr).toContain("failed with exit code 3: no network here\nhint: see ");
  }
  const elsewhere = await run("spawn", "demo", "dig", "--wait", "--worktree=main");
  expect(elsewhere.code).toBe(5);
  expect(elsewhere.stderr).toContain(`the branch "main" is checked out in ${repository.dir}`);
  expect((await run("worktrees", "clean", "bob")).stdout).toStartWith("bob: removed ");
});
