// Jobs from the shell: `spawn PROFILE "the task"` with --wait, --detach and --json, with real Claude Code, offline.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { fetchAgent } from "../support/bridges.ts";
import { claudeEnvironment } from "../support/claude-code.ts";
import { type RunningServe, startCliai, startServe } from "../support/cliai.ts";
import { type ModelServer, startModelServer } from "../support/model-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const long = `${"word ".repeat(500)}end`;
const rules = [
  { match: "count the files", turn: { text: `There are seven.\n\n  ${long}` } },
  { match: "break", turn: { error: { status: 400, message: "no" } } },
  { match: "think long", turn: { text: "Never said.", delayMs: 60_000 } },
];

let serve: RunningServe;
let model: ModelServer;
let work: string;
let env: Awaited<ReturnType<typeof claudeEnvironment>>;
const parts = new AsyncDisposableStack();
beforeAll(async () => {
  const dir = parts.use(await tempDir());
  work = dir.join("work");
  await mkdir(work);
  model = parts.use(await startModelServer({ rules }));
  env = await claudeEnvironment({ home: dir.join("home"), workDirs: [work], modelServerUrl: model.url });
  serve = parts.use(await startServe({ env, dataDir: dir.join("data") }));
});
afterAll(() => parts.disposeAsync());

const spawn = (...args: string[]) => serve.run(["spawn", "demo", ...args], { env, cwd: work });
const lines = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("spawn --wait", () => {
  test("works on its task without a terminal, prints the last words alone, whole, and ends the agent", async () => {
    const run = await spawn("count the files", "--wait", "--id", "job1");
    expect(run).toMatchObject({ code: 0, stdout: `There are seven.\n\n  ${long}\n` });
    const { status } = await waitFor(
      async () => {
        const agent = await fetchAgent(serve, "job1");
        return agent.axes.link.value === "offline" && agent;
      },
      { what: "it is gone" },
    );
    expect(status).toBe("ended");
    expect((await serve.run(["wait", "job1"])).code).toBe(0);
  });

  test("a failed turn ends with 1, a stop with 5, time with 4; with --json a line at the start and one at the end", async () => {
    const failed = await spawn("break", "--wait", "--json", "--id", "job2");
    expect(failed.code).toBe(1);
    const [start, end] = lines(failed.stdout);
    expect(start).toEqual({ agent_id: "job2", session_id: expect.any(String), pid: expect.any(Number) });
    expect(end).toMatchObject({ agent_id: "job2", outcome: "failed", said: null });

    const late = await spawn("think long", "--wait", "--timeout", "4", "--id", "job3");
    expect(late).toMatchObject({ code: 4, stdout: "" });
    expect(late.stderr).toMatch(/error: job3 is (starting|working) after 4 s, not done\n/);

    const never = await spawn("think long", "--wait", "--timeout", "0", "--id", "job8");
    expect(never).toMatchObject({ code: 4, stdout: "" });
    expect(never.stderr).toMatch(/error: job8 is .+ after 0 s, not done\n/);

    await using stopped = await startCliai(
      ["spawn", "demo", "think long", "--wait", "--id", "job4", "--data-dir", serve.dataDir],
      { env, cwd: work },
    );
    const isAtWork = async () => (await fetchAgent(serve, "job4")).status === "working";
    await waitFor(isAtWork, { what: "job4 works" });
    expect((await serve.run(["send", "stop", "job4", "--force"])).code).toBe(0);
    const { code, stderr } = await stopped.exit();
    expect(code).toBe(5);
    expect(stderr).toContain("error: job4 was stopped: stop by");
  });

  test("what does not fit together is refused before anything is launched", async () => {
    const cases: [string[], string][] = [
      [["--wait"], "--wait is given without a task"],
      [["one", "--task", "two"], 'the task is given twice: "one" and --task "two"'],
      [["one", "--timeout", "4"], "--timeout is given without --wait"],
      [["one", "--detach", "--resume", "s1"], "--resume cannot be used with --detach"],
      [["one", "--detach", "--die-with-terminal"], "--die-with-terminal cannot be used with --detach"],
      [["one", "--detach", "--dry-run"], "--dry-run cannot be used with --detach"],
      [[], "spawn has no terminal here, and no task"],
      [["--resume", "s1"], "spawn has no terminal here, and no task"],
    ];
    for (const [args, message] of cases) {
      const run = await spawn(...args);
      expect(run).toMatchObject({ code: 2, stdout: "" });
      expect(run.stderr).toContain(`error: ${message}`);
    }
    const first = await serve.run(["spawn", "count the files", "--wait"], { env, cwd: work });
    expect(first).toMatchObject({ code: 2, stdout: "" });
    expect(first.stderr).toContain('error: "count the files" is not the name of a profile');
    const hint =
      'hint: give it a task: cliai spawn demo "what to do" --wait; or let it wait for tasks in the background: cliai spawn demo --detach';
    expect((await spawn()).stderr).toEndWith(`${hint}\n`);
    expect((await spawn("-", "--wait")).stderr).toContain("error: the task on stdin is empty");
    const nameless = await serve.run(["spawn", "--detach"], { env, cwd: work });
    expect(nameless.stderr).toContain("error: --detach needs the PROFILE");
  });
});

test("spawn - takes the task from stdin, without the last line's end", async () => {
  const args = ["spawn", "demo", "-", "--wait", "--id", "job9"];
  const run = await serve.run(args, { env, cwd: work, input: "count the files\n" });
  expect(run).toMatchObject({ code: 0, stdout: expect.stringMatching(/^There are seven\./) });
  expect((await fetchAgent(serve, "job9")).current_task).toBe("count the files");
});

describe("spawn --detach", () => {
  test("prints the id of an agent that the server has launched where the person is, and that goes on working", async () => {
    const run = await spawn("count the files", "--detach");
    expect(run).toMatchObject({ code: 0, stderr: "" });
    const id = run.stdout.trim();
    expect(id).toMatch(/^Demo-\d{4}$/);
    expect(await serve.run(["wait", id])).toMatchObject({ code: 0, stdout: `${id}  done\n` });
    expect((await serve.run(["log", id, "--last"])).stdout).toStartWith("There are seven.");
    const shown = (await fetchAgent(serve, id)) as unknown as { project_path: string; status: string };
    expect(shown).toMatchObject({ project_path: work, status: "idle" });
    expect((await serve.run(["send", "stop", id])).code).toBe(0);
  });

  test("with --wait it prints the last words and leaves the agent; with --json a line at the start and one at the end", async () => {
    const run = await spawn("count the files", "--detach", "--wait", "--json", "--id", "job5");
    expect(run.code).toBe(0);
    const [start, end] = lines(run.stdout);
    expect(start).toEqual({ agent_id: "job5", session_id: expect.any(String), pid: expect.any(Number) });
    expect(end).toMatchObject({ outcome: "done", said: expect.stringContaining("There are seven.") });
    expect((await fetchAgent(serve, "job5")).status).toBe("idle");
    const again = await spawn("count the files", "--detach", "--id", "job5");
    expect(again).toMatchObject({ code: 2, stdout: "" });
    expect(again.stderr).toContain('error: the agent "job5" is online already');
    expect((await serve.run(["send", "stop", "job5"])).code).toBe(0);
  });

  test("a profile that there is not is refused, as the server says it", async () => {
    const run = await serve.run(["spawn", "domo", "--detach"], { env, cwd: work });
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain('no profile "domo"');
    expect(run.stderr).toContain("did you mean demo?");
  });
});

test("spawn --headless --json prints one value when the agent is launched, and not what it says", async () => {
  await using child = await startCliai(
    ["spawn", "demo", "count the files", "--headless", "--json", "--id", "job6", "--data-dir", serve.dataDir],
    { env, cwd: work },
  );
  const start = JSON.parse(await child.line(/"agent_id":"job6"/));
  expect(start).toMatchObject({ agent_id: "job6", pid: child.pid });
  const isDone = async () => (await serve.run(["wait", "job6", "--timeout", "80"])).code === 0;
  await waitFor(isDone, { what: "job6 is done" });
  const { session_id } = (await fetchAgent(serve, "job6")) as unknown as { session_id: string };
  expect(start.session_id).toBe(session_id);
  expect(child.stdout.trimEnd().split("\n").length).toBe(1);
});

test("what an agent said is known of one that ends by itself, as captains launch it", async () => {
  const run = await spawn("count the files", "--id", "job7", "--", "-p");
  expect(run.code).toBe(0);
  expect(run.stdout).toStartWith("There are seven.");
  expect((await serve.run(["log", "job7", "--last"])).stdout).toStartWith("There are seven.");
  const waited = await serve.run(["wait", "job7", "--json"]);
  expect(waited.code).toBe(0);
  expect(JSON.parse(waited.stdout)).toMatchObject({
    outcome: "done",
    status: "ended",
    said: expect.stringContaining("There are seven."),
  });
});
