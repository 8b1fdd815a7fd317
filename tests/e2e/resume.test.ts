// `cliai resume` with real Claude Code, offline: what is paused, what has ended, what went down with its machine.

import { expect, test } from "bun:test";
import { mkdir, rm } from "node:fs/promises";
import { isAgentHeld } from "../../src/data-dir/agent-lock.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { fetchAgent, type ShownAgent, startBridge } from "../support/bridges.ts";
import { claudeEnvironment } from "../support/claude-code.ts";
import { cliaiCommand, type RunningServe, startCliai, startServe, untilApplied } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { descendantRunning } from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startTmux } from "../support/tmux.ts";
import { waitFor } from "../support/wait-for.ts";

interface Facts extends ShownAgent {
  readonly session_id: string;
  readonly config_name: string;
  readonly project_path: string;
}
const factsOf = async (serve: RunningServe, id: string) => (await fetchAgent(serve, id)) as Facts;

async function prepare() {
  const dir = await tempDir();
  const work = dir.join("work");
  await mkdir(work);
  const model = await startModelServer({
    rules: [
      { match: "remember seven", turn: { text: "Seven it is." } },
      { match: "which number", turn: { text: "It was seven." } },
    ],
  });
  const env = await claudeEnvironment({
    home: dir.join("home"),
    workDirs: [work],
    modelServerUrl: model.url,
  });
  return {
    ...{ dir, work, model, options: { env, cwd: work, dataDir: dir.join("data"), deadlineMs: 90_000 } },
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** A start on a busy machine may take longer than `resume` waits in silence. */
const noneButSlow = /^(starting hal again takes a while; the server waits for it\n)?$/;

/** Whether the model was given the earlier conversation together with these words. */
const goesOn = (requests: readonly { newText: string; body: unknown }[]) =>
  requests.some(
    ({ newText, body }) => newText.includes("which number") && JSON.stringify(body).includes("Seven it is."),
  );

test("a paused agent is let go, one that runs is left alone, and a stopped one goes on in its session, profile and project", async () => {
  await using place = await prepare();
  await using serve = await startServe(place.options);
  const { model, work } = place;
  expect(
    (await serve.run(["spawn", "coder", "remember seven", "--detach", "--wait", "--id", "hal"])).code,
  ).toBe(0);
  const before = await factsOf(serve, "hal");

  expect(await serve.run(["resume", "hal"])).toMatchObject({ code: 0, stdout: "hal: runs already (idle)\n" });
  expect((await serve.run(["send", "pause", "hal", ...untilApplied])).code).toBe(0);
  const letGo = await serve.run(["resume", "hal"]);
  expect(letGo).toMatchObject({ code: 0, stdout: "hal: was paused, and goes on\n" });
  expect((await fetchAgent(serve, "hal")).axes.control.value).toBe("running");

  expect((await serve.run(["send", "stop", "hal", ...untilApplied])).code).toBe(0);
  await waitFor(async () => (await fetchAgent(serve, "hal")).status === "stopped", {
    what: "hal is stopped",
  });
  const again = await serve.run(["resume", "hal", "--json"]);
  expect(again).toMatchObject({ code: 0, stderr: expect.stringMatching(noneButSlow) });
  expect(JSON.parse(again.stdout)).toEqual({
    ...{ agent_id: "hal", did: "started", session_id: before.session_id, is_new_session: false },
  });
  const { config_name, project_path, session_id } = await factsOf(serve, "hal");
  expect([config_name, project_path, session_id]).toEqual(["coder", work, before.session_id]);
  expect((await serve.run(["send", "task", "hal", "which number"])).code).toBe(0);
  expect((await serve.run(["wait", "hal"])).code).toBe(0);
  expect((await serve.run(["log", "hal", "--last"])).stdout).toBe("It was seven.\n");
  expect(goesOn(model.requests)).toBe(true);
  expect((await serve.run(["send", "stop", "hal"])).code).toBe(0);

  await using client = await startBridge(serve, "ext");
  await waitFor(async () => (await fetchAgent(serve, "ext")).axes.link.value === "online", {
    what: "ext is online",
  });
  client.kill("SIGTERM");
  await client.exit();
  const foreign = await serve.run(["resume", "ext"]);
  expect(foreign).toMatchObject({ code: 5, stdout: "" });
  expect(foreign.stderr).toContain(
    "ext was not launched by cliai, so it cannot be started again\nhint: start its own program again",
  );
  // Of several, each is told, and the worst one decides the exit code.
  const both = await serve.run(["resume", "hal", "ext"]);
  expect(both.code).toBe(5);
  expect(both.stdout).toStartWith("hal: ");

  for (const [args, message] of [
    [["resume"], "resume needs the AGENT, or --all"],
    [["resume", "--all", "hal"], '--all takes no AGENT, but "hal" is given'],
    [["resume", "nobody"], 'no agent "nobody"'],
    [["resume", "hal", "--terminal"], "--terminal is given, and there is no terminal here"],
    [["resume", "hal", "--terminal", "--headless"], "--terminal is given with --headless"],
    [["resume", "hal", "bob", "--terminal"], "--terminal is given with several agents"],
  ] as const) {
    const refused = await serve.run(args);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain(`error: ${message}`);
  }
});

test("--all has those again that ran when the machine went down, and no others; with --terminal one goes on on this terminal", async () => {
  await using place = await prepare();
  const { work, model, dir, options } = place;
  let serve = await startServe(options);
  await using parts = new AsyncDisposableStack();
  parts.defer(() => serve[Symbol.asyncDispose]());
  const spawn = (id: string) =>
    startCliai(
      ["spawn", "demo", "remember seven", "--headless", "--quiet", "--id", id, "--data-dir", serve.dataDir],
      options,
    );
  const ran = parts.use(await spawn("ran"));
  parts.use(await spawn("over"));
  for (const id of ["ran", "over"]) {
    const isDone = async () => (await serve.run(["wait", id, "--timeout", "80"])).code === 0;
    await waitFor(isDone, { what: `${id} is done` });
  }
  const before = await factsOf(serve, "ran");
  expect((await serve.run(["send", "stop", "over", ...untilApplied])).code).toBe(0);
  // As a machine does that loses its power.
  ran.kill("SIGKILL");
  serve.child.kill("SIGKILL");
  await serve.child.exit();
  await serve[Symbol.asyncDispose]();

  serve = await startServe(options);
  const all = await serve.run(["resume", "--all"]);
  expect(all.code).toBe(0);
  expect(all.stdout).toMatch(/^ran: .*; started again without a terminal, in its session\n$/);
  expect((await factsOf(serve, "ran")).session_id).toBe(before.session_id);
  expect((await fetchAgent(serve, "over")).status).toBe("stopped");
  const none = await serve.run(["resume", "--all"]);
  expect(none).toMatchObject({ code: 0, stdout: "" });
  expect(none.stderr).toBe("no agent ran when the machine or the server went down\n");
  expect((await serve.run(["send", "stop", "ran"])).code).toBe(0);
  await waitFor(async () => (await fetchAgent(serve, "ran")).status === "stopped", {
    what: "ran is stopped",
  });

  const commandLine = [...cliaiCommand(), "resume", "ran", "--terminal", "--data-dir", serve.dataDir];
  await using terminal = await startTmux({ dir: dir.path, cwd: work, env: options.env, commandLine });
  await terminal.waitFor("❯");
  await waitFor(async () => (await fetchAgent(serve, "ran")).axes.link.value === "online", {
    what: "ran is online",
  });
  await terminal.enter("which number");
  await waitFor(() => goesOn(model.requests), {
    what: "it goes on in its conversation",
    saw: terminal.screen,
  });
});

test("where Claude Code no longer has the session, the agent begins a new one under its id, and that is said", async () => {
  await using place = await prepare();
  const { dir, work, model, options } = place;
  await using serve = await startServe(options);
  for (const id of ["hal", "ivy"]) {
    const spawned = await serve.run(["spawn", "coder", "remember seven", "--detach", "--wait", "--id", id]);
    expect(spawned.code).toBe(0);
  }
  const before = { hal: await factsOf(serve, "hal"), ivy: await factsOf(serve, "ivy") };
  expect((await serve.run(["send", "stop", "hal", "ivy", ...untilApplied])).code).toBe(0);
  await rm(dir.join("home", "claude", "projects"), { recursive: true });

  const gone = before.hal.session_id;
  const resumed = await serve.run(["resume", "hal"]);
  expect(resumed).toMatchObject({ code: 0, stderr: expect.stringMatching(noneButSlow) });
  expect(resumed.stdout).toBe(
    `hal: stopped (stop by operator); started again without a terminal, in a new session, because its CLI no longer has the last one (${gone})\n`,
  );
  expect((await factsOf(serve, "hal")).session_id).not.toBe(gone);
  expect((await serve.run(["send", "task", "hal", "which number"])).code).toBe(0);
  expect((await serve.run(["wait", "hal"])).code).toBe(0);
  expect(goesOn(model.requests)).toBe(false);

  const commandLine = [...cliaiCommand(), "resume", "ivy", "--terminal", "--data-dir", serve.dataDir];
  await using terminal = await startTmux({ dir: dir.path, cwd: work, env: options.env, commandLine });
  const words = `ivy goes on here in a new session: claude no longer has the session ${before.ivy.session_id}`;
  // They stand there until Claude Code has started again.
  await terminal.waitFor((screen) => screen.replaceAll("\n", "").includes(words));
  await waitFor(
    async () => {
      const { axes, session_id } = await factsOf(serve, "ivy");
      return axes.link.value === "online" && session_id !== before.ivy.session_id;
    },
    { what: "ivy is there in a new session", saw: terminal.screen },
  );
  await terminal.waitFor("❯");
});

test("an agent that the server is starting again by itself is left to it: the resume says that it runs", async () => {
  await using place = await prepare();
  let serve = await startServe(place.options);
  await using parts = new AsyncDisposableStack();
  parts.defer(() => serve[Symbol.asyncDispose]());
  expect(
    (await serve.run(["spawn", "coder", "remember seven", "--detach", "--wait", "--id", "hal"])).code,
  ).toBe(0);
  // As a machine does that loses its power.
  process.kill(Number((await fetchAgent(serve, "hal")).pid), "SIGKILL");
  serve.child.kill("SIGKILL");
  await serve.child.exit();
  await serve[Symbol.asyncDispose]();

  serve = await startServe(place.options);
  await waitFor(() => isAgentHeld(serve.dataDir, parseAgentId("hal")), { what: "serve is starting hal" });
  const resumed = await serve.run(["resume", "hal"]);
  expect(resumed).toMatchObject({ code: 0, stderr: expect.stringMatching(noneButSlow) });
  expect(resumed.stdout).toMatch(
    /^hal: (runs already \(|is being started already|.*the server has started it again by itself)/,
  );
});

test("tokens and cost are the sum of all runs, after a stop and after a SIGKILL of Claude Code, which then saves none", async () => {
  await using place = await prepare();
  await using serve = await startServe(place.options);
  const spawned = await serve.run(["spawn", "coder", "remember seven", "--detach", "--wait", "--id", "hal"]);
  expect(spawned.code).toBe(0);
  const usage = async () => (await fetchAgent(serve, "hal")).usage;
  const askAgain = async () => {
    expect((await serve.run(["send", "task", "hal", "which number"])).code).toBe(0);
    expect((await serve.run(["wait", "hal"])).code).toBe(0);
  };
  // The cost comes with the result of a turn, and after its end.
  const first = async () => ((await usage())?.estimated_cost === undefined ? undefined : await usage());
  const { tokens_used: one = 0, estimated_cost: price = 0 } = await waitFor(first, {
    ...{ what: "its figures", saw: usage },
  });
  const isUsed = async (times: number) => {
    const isTold = async () => (await usage())?.tokens_used === times * one;
    await waitFor(isTold, { what: `its figures of ${times} tasks`, saw: usage });
    expect(await usage()).toMatchObject({ estimated_cost: expect.closeTo(times * price, 6) });
  };
  expect(one).toBeGreaterThan(0);
  expect((await serve.run(["send", "stop", "hal", ...untilApplied])).code).toBe(0);
  expect((await serve.run(["resume", "hal"])).code).toBe(0);
  await askAgain();
  await isUsed(2);

  const { pid } = await fetchAgent(serve, "hal");
  process.kill(await descendantRunning(Number(pid), "stream-json"), "SIGKILL");
  const isOffline = async () => (await fetchAgent(serve, "hal")).axes.link.value === "offline";
  await waitFor(isOffline, { what: "hal has crashed" });
  expect((await serve.run(["resume", "hal"])).code).toBe(0);
  await askAgain();
  await isUsed(3);
});
