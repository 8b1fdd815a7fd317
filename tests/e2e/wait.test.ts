// `cliai wait` against a real server, with bridges and with real Claude Code, offline.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fetchAgent, startBridge } from "../support/bridges.ts";
import type { Child } from "../support/child.ts";
import { type RunningServe, startCliai, startServe, untilApplied } from "../support/cliai.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { startModelServer } from "../support/model-server.ts";
import { leastRatio } from "../support/quickest.ts";
import { descendantRunning, slowBash, startHeadless } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

let serve: RunningServe;
beforeAll(async () => {
  serve = await startServe({ env: { CLIAI_HEARTBEAT: "1" } });
});
afterAll(() => serve[Symbol.asyncDispose]());

/** A wait that is under way; it has said nothing yet. */
const startWait = (...args: string[]): Promise<Child> =>
  startCliai(["wait", "--data-dir", serve.dataDir, ...args]);

const away = "the server is away; waiting until it is back (start it: cliai serve)";

describe("cliai wait, with agents that report", () => {
  test("until idle: ends with 0 when the agent says that it rests, and not before", async () => {
    await using ada = await startBridge(serve, "ada");
    await initialize(ada);
    await callTool(ada, 1, "report_status", { status: "working" });
    await using waiting = await startWait("ada", "--until", "idle", "--timeout", "80");
    const early = await serve.run(["wait", "ada", "--until", "idle", "--timeout", "0.5"]);
    expect(early).toMatchObject({ code: 4, stdout: "" });
    expect(early.stderr).toBe("error: ada is working after 0.5 s, not idle\nhint: see why: cliai show ada\n");
    expect(await serve.run(["wait", "ada", "--until", "idle", "--timeout", "0"])).toMatchObject({ code: 4 });
    await callTool(ada, 2, "report_status", { status: "idle" });
    await waitFor(async () => (await fetchAgent(serve, "ada")).status === "idle", { what: "ada is idle" });
    // What is there already is told, however short the time.
    expect(await serve.run(["wait", "ada", "--until", "idle", "--timeout", "0"])).toMatchObject({ code: 0 });
    expect(await waiting.exit()).toMatchObject({ code: 0, stdout: "ada  idle\n", stderr: "" });
  });

  test("until done: a task is waited for from being stored to its end, and a refused one ends with 5", async () => {
    await using bea = await startBridge(serve, "bea");
    await initialize(bea);
    await callTool(bea, 1, "report_status", { status: "idle" });
    expect((await serve.run(["send", "task", "bea", "tidy up", "--id", "t1"])).code).toBe(0);
    await using waiting = await startWait("bea", "--json");
    expect(await serve.run(["wait", "bea", "--timeout", "0.5"])).toMatchObject({ code: 4 });
    await callTool(bea, 2, "check_inbox", {});
    await callTool(bea, 3, "acknowledge", { command_id: "t1", outcome: "refused", note: "not mine" });
    const { code, stdout, stderr } = await waiting.exit();
    expect(code).toBe(5);
    expect(JSON.parse(stdout)).toMatchObject({
      agent_id: "bea",
      outcome: "refused",
      status: "idle",
      said: null,
    });
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: "refused", message: "bea refused: its task was refused: not mine" },
    });
  });

  test("until needs-you: ends when the agent asks", async () => {
    await using cy = await startBridge(serve, "cy");
    await initialize(cy);
    await using waiting = await startWait("cy", "--until", "needs-you", "--json");
    const asking = callTool(cy, 1, "ask_human", { question: "which one?", wait_s: 60 });
    const { code, stdout } = await waiting.exit();
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: "needs-you", reason: "asks: which one?" });
    const [request] = JSON.parse((await serve.run(["inbox", "--json"])).stdout);
    await serve.run(["answer", request.request_id, "the first"]);
    await asking;
  });

  test("a stopped agent ends it with 5 and a line that says how it is started again", async () => {
    await using _ = await startBridge(serve, "dan");
    await using waiting = await startWait("dan", "--until", "idle");
    expect((await serve.run(["send", "stop", "dan"])).code).toBe(0);
    const { code, stderr } = await waiting.exit();
    expect(code).toBe(5);
    expect(stderr).toMatch(
      /^error: dan was stopped: stop by .*\nhint: start its own program again, such as .*\n$/,
    );
  });

  test("an agent that nobody hears any more is lost after three heartbeats, with 1", async () => {
    await using ed = await startBridge(serve, "ed", undefined, undefined, ["--heartbeat", "5"]);
    await using waiting = await startWait("ed", "--until", "idle");
    ed.kill("SIGKILL");
    const { code, stderr } = await waiting.exit();
    expect(code).toBe(1);
    expect(stderr).toContain("error: ed is lost: its connection is gone");
  });

  test("of several, all are waited for, or the first with --any; the worst of them gives the exit code", async () => {
    await using one = await startBridge(serve, "one");
    await using _two = await startBridge(serve, "two");
    await initialize(one);
    await using any = await startWait("one", "two", "--any", "--until", "idle");
    await using all = await startWait("one", "two", "--until", "idle");
    await callTool(one, 1, "report_status", { status: "idle" });
    expect(await any.exit()).toMatchObject({ code: 0, stdout: "one  idle\n" });
    expect((await serve.run(["send", "stop", "two"])).code).toBe(0);
    const { code, stdout, stderr } = await all.exit();
    expect({ code, stdout }).toEqual({ code: 5, stdout: "one  idle\n" });
    expect(stderr).toContain("error: two was stopped");
  });

  test("with --any, the first whose work has ended gives the exit code, and nothing is said of the others or of the server", async () => {
    await using fay = await startBridge(serve, "fay");
    await using _gus = await startBridge(serve, "gus");
    await using _hob = await startBridge(serve, "hob");
    await initialize(fay);
    await callTool(fay, 1, "report_status", { status: "working" });
    expect((await serve.run(["send", "stop", "gus", "hob", ...untilApplied])).code).toBe(0);
    const bothStopped = async () =>
      (await Promise.all(["gus", "hob"].map((id) => fetchAgent(serve, id)))).every(
        ({ status }) => status === "stopped",
      );
    await waitFor(bothStopped, { what: "gus and hob are stopped" });
    for (const others of [["fay"], ["hob"], ["fay", "hob"]]) {
      const { code, stdout, stderr } = await serve.run(["wait", "gus", ...others, "--any"]);
      expect({ code, stdout }).toEqual({ code: 5, stdout: "" });
      expect(stderr).toMatch(
        /^error: (gus|hob) was stopped: stop by .*\nhint: start its own program again, such as .*\n$/,
      );
    }
  });

  test("what cannot be waited for is refused at once", async () => {
    const unknown = await serve.run(["wait", "nobody"]);
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.stderr).toContain('error: no agent "nobody"');
    const goal = await serve.run(["wait", "ada", "--until", "finished"]);
    expect(goal).toMatchObject({ code: 2 });
    expect(goal.stderr).toContain('--until "finished" is not one of done, idle, needs-you');
    const time = await serve.run(["wait", "ada", "--timeout", "soon"]);
    expect(time.stderr).toContain('--timeout "soon" is not a number of seconds');
  });
});

test("a wait goes on while its server is started again", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await using first = await startServe({ dataDir });
  const [port, natsPort] = [first.url, first.natsUrl].map((url) => Number(new URL(url).port));
  await using ada = await startBridge(first, "ada");
  await using bea = await startBridge(first, "bea");
  for (const [agent, status] of [
    [ada, "working"],
    [bea, "idle"],
  ] as const) {
    await initialize(agent);
    await callTool(agent, 1, "report_status", { status });
  }
  await using waiting = await startCliai(["wait", "ada", "bea", "--until", "idle", "--data-dir", dataDir]);
  await waiting.line("bea  idle");
  await first[Symbol.asyncDispose]();
  await waiting.line(away, { from: "stderr" });
  await using _second = await startServe({ dataDir, port: port ?? 0, natsPort: natsPort ?? 0 });
  await callTool(ada, 2, "report_status", { status: "idle" });
  const { code, stdout, stderr } = await waiting.exit();
  expect({ code, stdout }).toEqual({ code: 0, stdout: "bea  idle\nada  idle\n" });
  const [said, ...others] = stderr.trimEnd().split("\n");
  expect(said).toBe(away);
  expect(others).toEqual([expect.stringMatching(/^the server is back after \d+ s$/)]);
});

test("the time counts from the start, also where the first looks at a server that stands still take long", async () => {
  await using own = await startServe();
  await using ada = await startBridge(own, "ada");
  await initialize(ada);
  own.child.kill("SIGSTOP");
  const most = 1.6;
  const ratio = await leastRatio(most, async () => {
    const startedMs = performance.now();
    const ended = await own.run(["wait", "ada", "--timeout", "8"]);
    expect(ended.code).toBe(4);
    expect(ended.stderr).toContain("the server is away after 8 s");
    return (performance.now() - startedMs) / 8_000;
  });
  own.child.kill("SIGCONT");
  expect(ratio).toBeLessThanOrEqual(most);
});

test("time that is up while the server is away ends it with 4, and an agent that nobody listens to is not lost", async () => {
  await using dead = await startServe({ env: { CLIAI_HEARTBEAT: "1" } });
  await using ada = await startBridge(dead, "ada");
  await initialize(ada);
  await callTool(ada, 1, "report_status", { status: "working" });
  const working = async () => (await fetchAgent(dead, "ada")).status === "working";
  await waitFor(working, { what: "ada works" });
  await using child = await startCliai(["wait", "ada", "--timeout", "12", "--data-dir", dead.dataDir]);
  // Its nats-server runs on, and with it the agent's connection and the store.
  dead.child.kill("SIGKILL");
  const { code, stdout, stderr } = await child.exit();
  expect({ code, stdout }).toEqual({ code: 4, stdout: "" });
  expect(stderr.trimEnd().split("\n")).toEqual([
    away,
    expect.stringMatching(/^error: the server is away after 12 s; what it knew last of ada: \w+$/),
    "hint: start it, then wait again: cliai serve",
  ]);
  // Also of a wait that begins while it is away.
  const late = await dead.run(["wait", "ada", "--timeout", "1"]);
  expect(late.code).toBe(4);
  expect(late.stderr).toStartWith(`${away}\nerror: the server is away after 1 s; what it knew last of ada: `);
  await using _ = await startServe({ dataDir: dead.dataDir }); // ends that nats-server
});

describe("cliai wait, with real Claude Code", () => {
  test("done is the end of its launch task, a failed turn ends with 1, and so does a crash", async () => {
    await using model = await startModelServer();
    model.setScript({
      rules: [
        { match: "rest first", once: true, turn: slowBash(2, "rested") },
        { match: "break", turn: { error: { status: 400, message: "no such model" } } },
        { match: "hang", turn: slowBash(600, "late") },
      ],
      fallback: { text: "All is well." },
    });
    const claudeArgs = ["--permission-mode", "default", "--allowedTools", "Bash"];
    await using hal = await startHeadless(serve, {
      id: "hal",
      model,
      claudeArgs,
      args: ["--task", "rest first"],
    });
    const begun = performance.now();
    expect(await serve.run(["wait", "hal"])).toMatchObject({ code: 0, stdout: "hal  done\n" });
    expect(performance.now() - begun).toBeGreaterThan(300);
    expect((await hal.agent()).status).toBe("idle");
    // Its turn is over, and not only for a moment: the model was asked twice.
    expect(model.requests.filter(({ isSide }) => !isSide).length).toBe(2);

    expect((await serve.run(["send", "task", "hal", "now break"])).code).toBe(0);
    const failed = await serve.run(["wait", "hal"]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/^error: hal failed: its turn failed \(other\)/);

    expect((await serve.run(["send", "task", "hal", "now hang"])).code).toBe(0);
    await hal.until("it hangs", ({ status }) => status === "working");
    await using waiting = await startWait("hal");
    process.kill(await descendantRunning(hal.child.pid, "stream-json"), "SIGKILL");
    const { code, stderr } = await waiting.exit();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: hal crashed: .*SIGKILL.*\nhint: start it again: cliai resume hal\n$/);
  });
});
