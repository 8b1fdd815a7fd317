// What goes on beside our hooks in a session of the real Claude Code: hooks of the user's, work in the background, turns that are
// broken off. What the fleet says of it, and what becomes of tasks and stops.
import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type RunningServe, startServe, untilApplied } from "../support/cliai.ts";
import { type ModelServer, startModelServer } from "../support/model-server.ts";
import { bash, lifeOf, type Steered, startHeadless, startSteered } from "../support/steered-claude.ts";
import { waitFor } from "../support/wait-for.ts";

const hook = (event: string, command: string) => ({
  hooks: { [event]: [{ hooks: [{ type: "command", command }] }] },
});
const blocksPrompts = hook(
  "UserPromptSubmit",
  "if grep -q forbidden; then echo 'no such words here' >&2; exit 2; fi",
);
/** Keeps the first end of a turn from being one, after a while. */
const goesOnOnce = (afterS: number) =>
  hook(
    "Stop",
    `sleep ${afterS}; grep -q '"stop_hook_active":true' || { echo 'carry on with it' >&2; exit 2; }`,
  );
const background = (command: string) => ({
  toolUses: [{ name: "Bash", input: { command, description: "a build", run_in_background: true } }],
});
const subagent = {
  toolUses: [
    {
      name: "Task",
      input: { subagent_type: "general-purpose", description: "look", prompt: "look closely" },
    },
  ],
};

const startHal = (serve: RunningServe, model: ModelServer, userSettings: object = {}, more: string[] = []) =>
  startHeadless(serve, {
    ...{ id: "hal", model, userSettings },
    claudeArgs: ["--allowedTools", "Bash,Task", ...more],
  });
const startTerminal = (serve: RunningServe, model: ModelServer, userSettings: object = {}) =>
  startSteered(serve, {
    ...{ id: "hal", model, userSettings },
    claudeArgs: ["--permission-mode", "default", "--allowedTools", "Bash,Task"],
  });
const sendTask = (serve: RunningServe, text: string, id: string, wait = "delivered") =>
  serve.run(["send", "task", "hal", text, "--id", id, "--wait", wait, "--timeout", "80"]);
const lastOf = ({ commands }: Awaited<ReturnType<Steered["agent"]>>, id: string) =>
  commands.find(({ command_id }) => command_id === id)?.receipts.at(-1) as
    | { readonly state: string; readonly detail?: string }
    | undefined;
const isQuiet = (hal: Pick<Steered, "until">) => hal.until("it is idle", ({ status }) => status === "idle");
const asked = (model: ModelServer) => model.requests.filter(({ isSide }) => !isSide).length;

test("headless: a prompt that a hook of the user's blocks is not seen and not applied, and leaves the agent idle", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({ fallback: { text: "Fine." } });
  await using hal = await startHal(serve, model, blocksPrompts);
  const blocked = await sendTask(serve, "forbidden words", "t1", "applied");
  expect(blocked.code).toBe(1);
  expect(blocked.stdout + blocked.stderr).toContain("no such words here");
  const agent = await isQuiet(hal);
  expect(lifeOf(agent, "t1")).toEqual(["stored", "delivered", "injected by stream-json", "failed"]);
  expect(agent.axes.attention).toMatchObject({ value: "error" });
  expect(asked(model)).toBe(0);
  expect(await sendTask(serve, "other words", "t2", "applied")).toMatchObject({ code: 0 });
  const applied = await hal.until("t2 is applied", (each) => lifeOf(each, "t2").length === 5);
  expect(lifeOf(applied, "t2").slice(2)).toEqual([
    ...["injected by stream-json", "seen", "applied by result"],
  ]);
  expect((await isQuiet(hal)).axes.attention.value).toBe("none");
});

test("headless: a turn that --max-turns breaks off fails its task in Claude's own words, and is over", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({ turns: [bash("echo hi")] });
  await using hal = await startHal(serve, model, {}, ["--max-turns", "1"]);
  expect((await sendTask(serve, "go", "t1", "applied")).code).toBe(1);
  expect(lastOf(await isQuiet(hal), "t1")).toMatchObject({
    state: "failed",
    detail: expect.stringContaining("Reached maximum number of turns (1)"),
  });
});

test("headless: a turn that a hook of the user's breaks off behind a tool is over, and its task is not applied", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({ turns: [bash("echo hi")] });
  const halts = hook("PostToolUse", `echo '{"continue":false,"stopReason":"halt it"}'`);
  await using hal = await startHal(serve, model, halts);
  expect((await sendTask(serve, "go", "t1", "applied")).code).toBe(1);
  expect(lifeOf(await isQuiet(hal), "t1").slice(3)).toEqual(["seen", "failed by result"]);
});

test("headless: an error of the service fails the task in its words", async () => {
  await using serve = await startServe();
  const error = { status: 400, type: "invalid_request_error", message: "that prompt is odd" };
  await using model = await startModelServer({ fallback: { error } });
  await using hal = await startHal(serve, model);
  expect((await sendTask(serve, "go", "t1", "applied")).code).toBe(1);
  await isQuiet(hal);
  const agent = await hal.until(
    "its task has failed",
    (each) => lifeOf(each, "t1").at(-1) === "failed by result",
  );
  expect(lastOf(agent, "t1")?.detail).toContain("that prompt is odd");
});

test("headless: a task is applied when the shell that it left in the background has ended, and the agent works until then", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({
    rules: [
      {
        match: "build it",
        once: true,
        turn: background("until [ -e done ]; do sleep 0.1; done; echo built"),
      },
      { match: "task-notification", turn: { text: "It is built." } },
    ],
    fallback: { text: "Begun." },
  });
  await using hal = await startHal(serve, model);
  await sendTask(serve, "build it", "t1", "seen");
  const working = await hal.until("it works in the background", ({ axes }) =>
    axes.activity.reason.includes("background"),
  );
  expect(working.status).toBe("working");
  expect(working.axes.activity).toMatchObject({ value: "working", reason: "1 background shell" });
  // Another turn ends meanwhile, and has its own end.
  expect(await sendTask(serve, "say something", "t2", "applied")).toMatchObject({ code: 0 });
  expect(lifeOf(await hal.agent(), "t1").at(-1)).toBe("seen");
  await writeFile(join(hal.cwd, "done"), "");
  const done = await isQuiet(hal);
  expect(lifeOf(done, "t1").at(-1)).toBe("applied by result");
  expect(lastOf(done, "t1")?.detail).toContain("It is built.");
});

for (const way of ["headless", "terminal"] as const) {
  const start = way === "headless" ? startHal : startTerminal;

  test(`${way}: a stop waits for a subagent in the background, until its deadline`, async () => {
    await using serve = await startServe();
    await using model = await startModelServer({
      rules: [
        { match: "delegate", once: true, turn: subagent },
        { match: "look closely", once: true, turn: bash("until [ -e done ]; do sleep 0.1; done") },
      ],
      fallback: { text: "OK then." },
    });
    await using hal = await start(serve, model);
    await sendTask(serve, "delegate it", "t1", "seen");
    await hal.until("its subagent works", ({ axes }) => axes.activity.reason === "1 background subagent");
    const stop = ["send", "stop", "hal", "--id", "s1", ...untilApplied];
    const stopping = serve.run(stop);
    await hal.until("it is to stop", ({ commands }) =>
      commands.some(({ command_id }) => command_id === "s1"),
    );
    await writeFile(join(hal.cwd, "done"), "");
    expect(await stopping).toMatchObject({ code: 0, stdout: expect.stringContaining("its turn had ended") });
  });

  test(`${way}: a hook of the user's that keeps a turn going: the agent works on, and a stop waits for the real end`, async () => {
    await using serve = await startServe();
    await using model = await startModelServer({
      rules: [{ match: "carry on with it", turn: { text: "Carried on.", delayMs: 1_500 } }],
      fallback: { text: "First." },
    });
    await using hal = await start(serve, model, goesOnOnce(2));
    await sendTask(serve, "begin", "t1");
    await waitFor(() => asked(model) === 1, { what: "the first request" });
    const states = new Set<string>();
    await waitFor(
      async () => {
        states.add((await hal.agent()).status);
        return asked(model) === 2;
      },
      { what: "it carries on" },
    );
    expect(states).not.toContain("idle");
    const stop = ["send", "stop", "hal", "--id", "s1", ...untilApplied];
    expect(await serve.run(stop)).toMatchObject({
      ...{ code: 0, stdout: expect.stringContaining("its turn had ended") },
    });
  });
}

test("terminal: a prompt that a hook of the user's blocks is not seen, and leaves the agent idle", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({ fallback: { text: "Fine." } });
  await using hal = await startTerminal(serve, model, blocksPrompts);
  expect((await sendTask(serve, "forbidden words", "t1", "applied")).code).toBe(1);
  const agent = await isQuiet(hal);
  expect(lifeOf(agent, "t1").slice(3)).toEqual(["failed"]);
  expect(lastOf(agent, "t1")?.detail).toContain("no such words here");
  expect(asked(model)).toBe(0);
  expect(await sendTask(serve, "other words", "t2", "seen")).toMatchObject({ code: 0 });
});

test("terminal: an agent whose turn has ended works while its shell in the background runs", async () => {
  await using serve = await startServe();
  await using model = await startModelServer({
    rules: [
      {
        match: "build it",
        once: true,
        turn: background("until [ -e done ]; do sleep 0.1; done; echo built"),
      },
    ],
    fallback: { text: "Begun." },
  });
  await using hal = await startTerminal(serve, model);
  await sendTask(serve, "build it", "t1", "seen");
  const working = await hal.until("it works in the background", ({ axes }) =>
    axes.activity.reason.includes("background"),
  );
  expect(working).toMatchObject({ status: "working", axes: { activity: { reason: "1 background shell" } } });
  await writeFile(join(hal.cwd, "done"), "");
  await isQuiet(hal);
  const stop = await serve.run(["send", "stop", "hal", ...untilApplied]);
  expect(stop.stdout).toContain("no turn ran");
});
