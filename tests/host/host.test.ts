// The host of a session over a real nats-server and a real server, around a CLI that is the test: it sends hooks, and takes or
// swallows what it is given.
import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { agentSubject, streams } from "../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../src/log.ts";
import { startTestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";
import { fakeCli, host, id, outcomes } from "./hosted-session.ts";

const tool = { tool_name: "Bash", tool_input: { command: "ls" }, tool_use_id: "u1" };

test("without a socket a busy session is given a task by the answer of its next hook, and its record is the evidence", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  const transcript_path = ada.dir.join("transcript.jsonl");
  await ada.hook("UserPromptSubmit", { prompt: "begin", transcript_path });
  await ada.hook("PreToolUse", { ...tool, transcript_path });
  const commandId = await ada.send("task");
  await ada.statesOnce("stored", "delivered");
  let answer: unknown = {};
  const isTold = async () => {
    answer = await ada.hook("PostToolUse", { ...tool, tool_response: "ok", transcript_path });
    return JSON.stringify(answer).includes(`[cliai task ${commandId}]`);
  };
  await waitFor(isTold, { what: "the hook's answer carries it" });
  expect(answer).toMatchObject({ hookSpecificOutput: { hookEventName: "PostToolUse" } });
  await ada.statesOnce("stored", "delivered", "injected");
  // What is only queued is no evidence.
  const queued = { type: "queue-operation", operation: "enqueue", content: `[cliai task ${commandId}] dig` };
  await Bun.write(transcript_path, `${JSON.stringify(queued)}\n`);
  await ada.hook("PostToolUse", { ...tool, tool_response: "ok", transcript_path });
  await Bun.sleep(300);
  expect(ada.states()).toEqual(["stored", "delivered", "injected"]);
  const taken = { type: "user", message: { role: "user", content: `[cliai task ${commandId}] dig` } };
  const lines = `${JSON.stringify(queued)}\n${JSON.stringify(taken)}\n`;
  await Bun.write(transcript_path, lines);
  await Bun.sleep(300);
  // Nor is what no answer of the model follows.
  expect(ada.states()).toEqual(["stored", "delivered", "injected"]);
  const answered = { type: "assistant", message: { model: "a-model" } };
  await Bun.write(transcript_path, `${lines}${JSON.stringify(answered)}\n`);
  await ada.statesOnce("stored", "delivered", "injected", "seen");
});

test("a session that swallows what its socket takes has it injected, not seen; and it is not given again", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  const path = ada.dir.join("s.sock");
  let swallowed = "";
  const server = createServer((socket) =>
    socket.on("data", (data) => {
      swallowed += data.toString();
    }),
  );
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    ada.session.bridgeNews({ messaging: { path, token: "t" } });
    await ada.hook("SessionStart");
    const commandId = await ada.send("task");
    await ada.statesOnce("stored", "delivered", "injected");
    await ada.hook("UserPromptSubmit", { prompt: "something else" });
    await ada.hook("Stop");
    expect(ada.states()).toEqual(["stored", "delivered", "injected"]);
    expect(swallowed.split(commandId).length - 1).toBe(2); // the mark, and the words about acknowledge
    expect(swallowed).toStartWith('{"type":"auth","token":"t"}\n');
  } finally {
    server.close();
  }
});

test("neither an input stream nor a terminal that swallows what it is given makes it seen", async () => {
  for (const way of ["stream", "terminal"] as const) {
    await using test = await startTestServer();
    await using ada = await host(test, { routes: ["stream-json", "terminal"] });
    const swallowed: string[] = [];
    ada.session.attach(fakeCli().process);
    ada.session.open(
      way === "stream"
        ? {
            stream: {
              say: async (text) => void swallowed.push(text),
              interrupt: () => Promise.resolve(false),
            },
          }
        : { terminal: { type: async (text) => swallowed.push(text) > 0, noteSent: () => undefined } },
    );
    await ada.hook("SessionStart");
    await ada.send("task");
    await ada.statesOnce("stored", "delivered", "injected");
    await ada.hook("UserPromptSubmit", { prompt: "something else" });
    await ada.hook("Stop");
    expect(swallowed.length).toBe(1);
    expect(ada.states()).toEqual(["stored", "delivered", "injected"]);
    const route = way === "stream" ? "stream-json" : "terminal";
    expect(test.server.fleet.get(id)?.commands.at(-1)?.receipts.at(-1)?.route).toBe(route);
  }
});

test("a dead socket falls back to the hooks", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  ada.session.bridgeNews({ messaging: { path: ada.dir.join("nobody.sock") } });
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  const commandId = await ada.send("task");
  const isTold = async () =>
    JSON.stringify(await ada.hook("PostToolUse", { ...tool, tool_response: "ok" })).includes(commandId);
  await waitFor(isTold, { what: "the hook's answer carries it", deadlineMs: 10_000 });
  await ada.statesOnce("stored", "delivered", "injected");
});

test("an idle session without a socket is given nothing until it has a turn; the end of that turn carries it", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  await ada.hook("SessionStart");
  await ada.send("task");
  await ada.statesOnce("stored", "delivered");
  await ada.hook("UserPromptSubmit", { prompt: "hello" });
  const isHeldBack = async () => JSON.stringify(await ada.hook("Stop")).includes("[cliai task");
  await waitFor(
    async () => {
      if (await isHeldBack()) return true;
      await ada.hook("UserPromptSubmit", { prompt: "again" });
      return false;
    },
    { what: "the end of a turn is held back with it" },
  );
});

test("a pause holds while NATS and the server are away, and a resume after their return lets go", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  await ada.send("pause");
  await ada.statesOnce("stored", "delivered", "injected");
  const held = ada.hook("PreToolUse", tool);
  await ada.statesOnce("stored", "delivered", "injected", "applied");
  test.nats.kill();
  expect(await Promise.race([held, Bun.sleep(500).then(() => "held")])).toBe("held");
  await waitFor(
    async () => {
      try {
        await ada.send("resume");
        return true;
      } catch {
        return false; // the server comes back by itself
      }
    },
    { what: "the resume is stored", deadlineMs: 15_000 },
  );
  expect(await held).toEqual({});
});

test("a pause before the first hook holds the first tool call", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  await ada.send("pause");
  await ada.statesOnce("stored", "delivered");
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  const held = ada.hook("PreToolUse", tool);
  await ada.statesOnce("stored", "delivered", "injected", "applied");
  expect(await Promise.race([held, Bun.sleep(200).then(() => "held")])).toBe("held");
  await ada.send("resume");
  expect(await held).toEqual({});
});

test("once anybody sees that a pause is delivered, no tool call starts any more", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  const onReceipt = Promise.withResolvers<Promise<unknown>>();
  const unsubscribe = (await test.nats.bus()).subscribe(agentSubject(id, "receipt"), ({ data }) => {
    // The first receipt: `delivered`. The host has no answer from nats-server yet.
    unsubscribe();
    expect(JSON.parse(new TextDecoder().decode(data))).toMatchObject({ state: "delivered" });
    onReceipt.resolve(Promise.resolve({ call: ada.hook("PreToolUse", tool) }));
  });
  await ada.send("pause");
  const { call } = (await onReceipt.promise) as { call: Promise<unknown> };
  await ada.statesOnce("stored", "delivered", "injected", "applied");
  expect(await Promise.race([call, Bun.sleep(200).then(() => "held")])).toBe("held");
  await ada.send("resume");
  expect(await call).toEqual({});
});

test("a pause whose receipt cannot be stored holds nothing until it can", async () => {
  await using test = await startTestServer();
  const logged: string[] = [];
  await using ada = await host(test, { log: { ...silentLogger, warn: (line) => void logged.push(line) } });
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  const manager = await (await test.nats.bus()).connection.jetstreamManager();
  const { config } = await manager.streams.info(streams.audit);
  await manager.streams.update(streams.audit, { ...config, max_msg_size: 10 });
  await ada.send("pause");
  await waitFor(() => logged.some((line) => line.includes("is not taken yet")), { what: "the trouble" });
  expect(await ada.hook("PreToolUse", tool)).toEqual({});
  await manager.streams.update(streams.audit, config);
  await ada.statesOnce("stored", "delivered", "injected");
  const held = ada.hook("PreToolUse", tool);
  await ada.statesOnce("stored", "delivered", "injected", "applied");
  await ada.send("resume");
  expect(await held).toEqual({});
});

test("a session that only begins shows no hook that can hold it: a pause stays delivered, and so does its resume", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  await ada.hook("SessionStart", { source: "startup" });
  await waitFor(() => test.server.fleet.get(id)?.session?.session_id === "s1", { what: "it has begun" });
  const paused = await ada.send("pause");
  await ada.statesOnce("stored", "delivered");
  await ada.send("resume");
  await ada.statesOnce("stored", "delivered");
  await Bun.sleep(300);
  expect(outcomes(test)[paused]).toStartWith("delivered");
  await ada.hook("PreToolUse", tool);
  await ada.statesOnce("stored", "delivered", "injected", "applied");
  expect(outcomes(test)[paused]).toBe("applied: let go before a tool call came");
});

test("where the CLI is known to call no hooks, the fleet says that nothing can hold the agent, until a hook comes", async () => {
  await using test = await startTestServer();
  const unheld = "/home/ada/settings.json sets disableAllHooks";
  await using ada = await host(test, { unheld });
  const axes = () => test.server.fleet.get(id)?.axes;
  ada.session.bridgeNews({ status: "connected" });
  ada.session.report({ kind: "usage", usage: { tokens_used: 5 } });
  await waitFor(() => axes()?.control.reason === `nothing can hold this agent: ${unheld}`, {
    ...{ what: "it says so", saw: axes },
  });
  await waitFor(() => test.server.fleet.get(id)?.usage?.tokens_used === 5, { what: "its figures" });
  expect(axes()?.activity).toMatchObject({ value: "unknown", reason: `no hook tells it: ${unheld}` });
  await ada.send("pause");
  await ada.statesOnce("stored", "delivered");
  await waitFor(() => axes()?.control.value === "pause_requested", { what: "it is asked to pause" });
  expect(axes()?.control.reason).toBe(`pause by eve; nothing can hold this agent: ${unheld}`);
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  await ada.statesOnce("stored", "delivered", "injected");
  expect(axes()?.control.reason).toBe("pause by eve");
  expect(axes()?.activity.value).toBe("working");
});

test("a session that asks its model and calls no hook is told as one that nothing can hold", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  await ada.hook("SessionStart", { source: "startup" });
  const value = (stringValue: string) => ({ stringValue });
  const attributes = [
    { key: "event.name", value: value("api_request") },
    { key: "request_id", value: value("r1") },
    { key: "input_tokens", value: { intValue: 7 } },
  ];
  ada.session.telemetry({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes }] }] }] });
  const axes = () => test.server.fleet.get(id)?.axes;
  await waitFor(
    () =>
      axes()?.control.reason.startsWith("nothing can hold this agent: its CLI sends requests to its model"),
    {
      ...{ what: "it says so", saw: axes },
    },
  );
  expect(axes()?.activity.value).not.toBe("idle");
  await ada.hook("PreToolUse", tool);
  await waitFor(() => axes()?.control.reason === "nothing else was asked", {
    what: "a hook has come",
    saw: axes,
  });
});

test("a session whose stream carries the hook before a tool is held by it from the first", async () => {
  await using test = await startTestServer();
  await using ada = await host(test, { hasStream: true });
  await ada.send("pause");
  await ada.statesOnce("stored", "delivered");
  const stream = { say: () => Promise.resolve(), interrupt: () => Promise.resolve(true) };
  ada.session.open({ stream: { ...stream, carriesHooks: true } });
  await ada.statesOnce("stored", "delivered", "injected", "applied");
});

test("a turn that its CLI ends although the end was refused makes no task applied", async () => {
  await using test = await startTestServer();
  await using ada = await host(test, {
    stopApproval: { waitS: 0, unanswered: "go_on" },
    hasStream: true,
  });
  ada.session.open({ stream: { say: () => Promise.resolve(), interrupt: () => Promise.resolve(true) } });
  const taskId = await ada.send("task");
  await ada.statesOnce("stored", "delivered", "injected");
  await ada.hook("UserPromptSubmit", { prompt: `[cliai task ${taskId}] dig` });
  ada.answered(taskId);
  await ada.statesOnce("stored", "delivered", "injected", "seen");
  expect(await ada.hook("Stop", { last_assistant_message: "all done" })).toMatchObject({ decision: "block" });
  ada.session.turnResult({ isError: false, wasAsked: true, text: "all done" });
  await ada.statesOnce("stored", "delivered", "injected", "seen", "failed");
  expect(outcomes(test)[taskId]).toContain("its end was refused");
  await waitFor(() => test.server.fleet.get(id)?.axes.activity.value === "idle", {
    what: "its turn is over",
  });
});

test("an end that the CLI waits for no more ends no turn", async () => {
  await using test = await startTestServer();
  await using ada = await host(test, { stopApproval: { waitS: 1, unanswered: "end" } });
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  const given = new AbortController();
  const late = ada.session.hook({ hook_event_name: "Stop", session_id: "s1" }, given.signal);
  given.abort();
  expect(await late).toEqual({});
  await ada.send("pause");
  // A turn still runs, as far as is known: the pause waits for its next tool.
  await ada.statesOnce("stored", "delivered", "injected");
});

test("a stop shuts the gate for all tools but our own, and its end is written down with the process's own", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  const cli = fakeCli();
  ada.session.attach(cli.process);
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  const commandId = await ada.send("stop", { reason: "lunch" });
  await ada.statesOnce("stored", "delivered", "injected");
  expect(await ada.hook("PreToolUse", tool)).toMatchObject({
    hookSpecificOutput: {
      permissionDecision: "deny",
      permissionDecisionReason: expect.stringContaining("lunch"),
    },
  });
  expect(await ada.hook("PreToolUse", { ...tool, tool_name: "mcp__cliai__report_status" })).toEqual({});
  expect(cli.signals).toEqual([]);
  await ada.hook("Stop");
  await ada.statesOnce("stored", "delivered", "injected", "applied");
  expect(cli.signals).toEqual(["SIGTERM"]);
  const last = test.server.fleet.get(id)?.commands.at(-1);
  expect(last?.command_id).toBe(commandId);
  expect(last?.receipts.at(-1)?.detail).toBe("its turn had ended; ended: exit code 143");
});

test("a stop whose deadline passes ends a session that does not finish", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  ada.session.attach(fakeCli().process);
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  test.bus.publish("agent.ada.shutdown", {
    reason: "time is up",
    approved: true,
    force: false,
    deadline_s: 0.2,
  });
  await ada.statesOnce("stored", "delivered", "injected", "applied");
  expect(test.server.fleet.get(id)?.commands.at(-1)?.receipts.at(-1)?.detail).toContain(
    "it had not finished within 0.2 s",
  );
});

test("an end that is to be approved follows the stated policy when the server is away, and at once", async () => {
  for (const [unanswered, answer] of [
    ["end", {}],
    ["go_on", { decision: "block" }],
  ] as const) {
    await using test = await startTestServer();
    await using ada = await host(test, { stopApproval: { waitS: 3_600, unanswered }, reachWithinMs: 300 });
    await ada.hook("UserPromptSubmit", { prompt: "begin" });
    await test.server.stop();
    expect(await ada.hook("Stop", { last_assistant_message: "all done" })).toMatchObject(answer);
  }
});

test("what became of a task is told when NATS is back, step by step", async () => {
  await using test = await startTestServer();
  const said: string[] = [];
  await using ada = await host(test, { log: { ...silentLogger, debug: (text) => said.push(text) } });
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  await ada.hook("PreToolUse", tool);
  const commandId = await ada.send("task");
  await ada.statesOnce("stored", "delivered");
  await waitFor(() => said.includes(`task ${commandId} waits for a route into the session`), {
    ...{ what: "the host has it in hand", saw: () => said },
  });
  test.nats.kill();
  const answer = await ada.hook("PostToolUse", { ...tool, tool_response: "ok" });
  expect(JSON.stringify(answer)).toContain(commandId);
  ada.answered(commandId);
  await waitFor(() => ada.states().join() === "stored,delivered,injected,seen", {
    ...{ what: "the receipts", saw: ada.states, deadlineMs: 20_000 },
  });
});

test("a second pause while a call is held holds it, too", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  await ada.send("pause");
  await ada.statesOnce("stored", "delivered", "injected");
  const held = ada.hook("PreToolUse", tool);
  await ada.statesOnce("stored", "delivered", "injected", "applied");
  const second = await ada.send("pause");
  await waitFor(() => outcomes(test)[second] === "applied: a tool call is held already", {
    ...{ what: "the second is applied", saw: () => outcomes(test) },
  });
  await ada.send("resume");
  expect(await held).toEqual({});
});

test("the CLI's word that it waits for its user ends a turn that no hook ended", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  await ada.send("pause");
  await ada.statesOnce("stored", "delivered", "injected");
  await ada.hook("Notification", { notification_type: "idle_prompt", message: "waiting" });
  await ada.statesOnce("stored", "delivered", "injected", "applied");
});

test("a forced stop after a graceful one ends the session at once, and both have their end", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  const cli = fakeCli();
  ada.session.attach(cli.process);
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  const graceful = await ada.send("stop", { reason: "lunch" });
  await ada.statesOnce("stored", "delivered", "injected");
  const forced = await ada.send("stop", { force: true });
  await waitFor(() => Object.values(outcomes(test)).every((each) => each.startsWith("applied")), {
    ...{ what: "both are applied", saw: () => outcomes(test) },
  });
  const how = "applied: forced; ended: exit code 143";
  expect(outcomes(test)).toEqual({ [graceful]: how, [forced]: how });
  expect(cli.signals).toEqual(["SIGTERM"]);
});

test("a later stop with a nearer deadline counts", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  const cli = fakeCli();
  ada.session.attach(cli.process);
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  await ada.send("stop"); // within a minute
  await ada.statesOnce("stored", "delivered", "injected");
  const nearer = "nearer";
  const order = { command_id: nearer, reason: "quick", approved: true, force: false, deadline_s: 1 };
  test.bus.publish("agent.ada.shutdown", order);
  await waitFor(
    () => outcomes(test)[nearer]?.startsWith("applied: it had not finished within 1 s") === true,
    {
      ...{ what: "it is ended", saw: () => outcomes(test) },
    },
  );
});

test("a session that ends by itself while it is asked to stop and is paused has both written down", async () => {
  await using test = await startTestServer();
  const ada = await host(test);
  const cli = fakeCli();
  ada.session.attach(cli.process);
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  const pause = await ada.send("pause");
  await ada.statesOnce("stored", "delivered", "injected");
  const stop = await ada.send("stop");
  await ada.statesOnce("stored", "delivered", "injected");
  cli.end("exit code 1");
  await ada[Symbol.asyncDispose]();
  await waitFor(() => Object.values(outcomes(test)).every((each) => /^(applied|failed)/.test(each)), {
    ...{ what: "both have their end", saw: () => outcomes(test) },
  });
  expect(outcomes(test)).toEqual({
    [pause]: "failed: the session has ended: the test is over",
    [stop]: "applied: it ended by itself: the test is over",
  });
  expect(cli.signals).toEqual([]);
});

test("a stop that comes before the CLI runs ends it as soon as it does", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  await ada.send("stop", { force: true });
  await ada.statesOnce("stored", "delivered");
  const cli = fakeCli();
  ada.session.attach(cli.process);
  // Nothing was told: no hook has been called.
  await ada.statesOnce("stored", "delivered", "applied");
  expect(cli.signals).toEqual(["SIGTERM"]);
});

test("a stop ends the wait for the approval of a turn's end, and the request is taken back", async () => {
  await using test = await startTestServer();
  await using ada = await host(test, { stopApproval: { waitS: 3_600, unanswered: "go_on" } });
  const cli = fakeCli();
  ada.session.attach(cli.process);
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  const end = ada.hook("Stop", { last_assistant_message: "all done" });
  const open = () => test.server.requests.open();
  await waitFor(() => open().length === 1, { what: "the request is asked" });
  await ada.send("stop");
  expect(await end).toEqual({});
  await waitFor(() => test.server.requests.all().every(({ state }) => state === "withdrawn"), {
    ...{ what: "it is withdrawn", saw: () => test.server.requests.all() },
  });
  await ada.statesOnce("stored", "delivered", "injected", "applied");
});

test("a permission that the CLI waits for no more is taken back, and one asked after a stop is refused unasked", async () => {
  await using test = await startTestServer();
  await using ada = await host(test, { permissions: "inbox" });
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  const given = new AbortController();
  const asking = ada.session.hook({ hook_event_name: "PermissionRequest", ...tool }, given.signal);
  await waitFor(() => test.server.requests.all().length === 1, { what: "the request is asked" });
  given.abort();
  await asking;
  await waitFor(() => test.server.requests.all().every(({ state }) => state === "withdrawn"), {
    what: "it is withdrawn",
  });
  const attention = () => test.server.fleet.get(id)?.axes.attention;
  await waitFor(() => attention()?.value === "none", { what: "nothing waits", saw: attention });
  await ada.send("stop", { reason: "lunch" });
  await ada.statesOnce("stored", "delivered", "injected");
  expect(await ada.hook("PermissionRequest", tool)).toMatchObject({
    hookSpecificOutput: { decision: { behavior: "deny", message: expect.stringContaining("lunch") } },
  });
  expect(test.server.requests.all()).toHaveLength(1);
});

const asksColour = {
  tool_name: "AskUserQuestion",
  tool_input: {
    questions: [
      { question: "Which?", header: "Q", multiSelect: false, options: [{ label: "red" }, { label: "blue" }] },
    ],
  },
};

test("questions that nobody answers in time are denied in words that the model can act on", async () => {
  await using test = await startTestServer();
  await using ada = await host(test, { permissions: "inbox", holdMs: 6_000 });
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  const answer = await ada.hook("PermissionRequest", asksColour);
  expect(answer).toMatchObject({
    hookSpecificOutput: {
      decision: {
        behavior: "deny",
        message: expect.stringMatching(/^Nobody has answered .* within 1 s\. Decide/),
      },
    },
  });
  expect(test.server.requests.all()).toMatchObject([{ kind: "question", state: "expired" }]);
});

test("an answer that meets a pause has not reached the CLI before it is let go", async () => {
  await using test = await startTestServer();
  await using ada = await host(test, { permissions: "inbox" });
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  const asking = ada.hook("PermissionRequest", asksColour);
  await waitFor(() => test.server.requests.open().length === 1, { what: "the request is asked" });
  await ada.send("pause");
  await ada.statesOnce("stored", "delivered", "injected");
  const [request] = test.server.requests.open();
  await test.server.requests.answer(request?.request_id ?? "", { text: "2" }, "ann");
  await ada.statesOnce("stored", "delivered", "injected", "applied"); // held, with the answer
  const answerId = `answer-${request?.request_id}`;
  const life = () => {
    const commands = test.server.fleet.get(id)?.commands ?? [];
    return commands.find(({ command_id }) => command_id === answerId)?.receipts.map(({ state }) => state);
  };
  await waitFor(() => life()?.includes("delivered"), { what: "the host has it", saw: life });
  expect(life()).not.toContain("injected");
  await ada.send("resume");
  expect(await asking).toMatchObject({
    hookSpecificOutput: {
      decision: {
        behavior: "allow",
        updatedInput: { ...asksColour.tool_input, answers: { "Which?": "blue" } },
      },
    },
  });
  await waitFor(() => life()?.includes("injected"), { what: "the CLI has it", saw: life });
});

test("two subagents that ask for the same wait each for itself, and past the end of the turn", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  const [first, second] = [
    { ...tool, agent_id: "s1", tool_use_id: "u1" },
    { ...tool, agent_id: "s2", tool_use_id: "u2" },
  ];
  for (const call of [first, second]) {
    await ada.hook("PreToolUse", call);
    const { tool_use_id: _, ...asked } = call; // 2.1.330 does not say of which call it is
    await ada.hook("PermissionRequest", asked);
  }
  await ada.hook("Stop");
  const attention = () => test.server.fleet.get(id)?.axes.attention;
  await waitFor(() => attention()?.reason.includes("(and 1 more)"), { what: "both wait", saw: attention });
  await ada.hook("PostToolUse", second);
  await waitFor(() => attention()?.reason === "waits for a permission: Bash ls", {
    what: "one waits",
    saw: attention,
  });
  await ada.hook("PostToolUse", first);
  await waitFor(() => attention()?.value === "none", { what: "none waits", saw: attention });
});

test("after a stop an agent may report and ask, and a captain commands nobody", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  await ada.send("stop");
  await ada.statesOnce("stored", "delivered", "injected");
  const answers = await Promise.all(
    ["acknowledge", "ask_human", "command_agent", "spawn_agent", "broadcast"].map((name) =>
      ada.hook("PreToolUse", { tool_name: `mcp__cliai__${name}`, tool_input: {} }),
    ),
  );
  const denied = answers.map((answer) => JSON.stringify(answer).includes("deny"));
  expect(denied).toEqual([false, false, true, true, true]);
});

test("what is asked of a session that never calls a hook has its end with it", async () => {
  await using test = await startTestServer();
  const ada = await host(test);
  const pause = await ada.send("pause");
  const resume = await ada.send("resume");
  await ada.statesOnce("stored", "delivered");
  await ada[Symbol.asyncDispose]();
  const detail = "failed: the session has ended: the test is over";
  await waitFor(() => Object.values(outcomes(test)).every((each) => each === detail), {
    ...{ what: "both have failed", saw: () => outcomes(test) },
  });
  expect(Object.keys(outcomes(test))).toEqual([pause, resume]);
});

test("a stop by force ends a CLI that takes nothing it is told", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  const cli = fakeCli();
  const never = new Promise<never>(() => undefined);
  ada.session.attach(cli.process);
  ada.session.open({ stream: { say: () => never, interrupt: () => never } });
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  await ada.send("stop", { force: true });
  await ada.statesOnce("stored", "delivered", "applied");
  expect(cli.signals).toEqual(["SIGTERM"]);
});

const approved = {
  ...{ hook_event_name: "PostToolUse", tool_name: "mcp__cliai__request_stop_approval" },
  ...{ tool_use_id: "u2", tool_response: [{ type: "text", text: '{"approved": true}' }] },
};

test("an approval that is seen by the stream lets the turn end, until new words come after it", async () => {
  await using test = await startTestServer();
  await using ada = await host(test, { stopApproval: { waitS: 0, unanswered: "go_on" } });
  await ada.hook("UserPromptSubmit", { prompt: "begin" });
  ada.session.observe(approved);
  expect(await ada.hook("Stop")).toEqual({});
  ada.session.observe(approved);
  ada.session.takeSign({ type: "taken", text: "one thing more" });
  expect(await ada.hook("Stop")).toMatchObject({ decision: "block" });
});

test("what the stream shows of a tool's end is told as its hook would have told it", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  await ada.hook("PreToolUse", tool);
  const running = () => test.server.fleet.get(id)?.axes.activity.reason ?? "";
  await waitFor(() => running().includes("Bash"), { what: "its tool is shown", saw: running });
  ada.session.observe({ ...tool, hook_event_name: "PostToolUse", tool_response: "ok" });
  await waitFor(() => !running().includes("runs Bash"), { what: "its end is shown", saw: running });
});

test("a turn whose end no hook tells ends with the result of the stream", async () => {
  await using test = await startTestServer();
  await using ada = await host(test);
  ada.session.attach(fakeCli().process);
  await ada.hook("PreToolUse", tool);
  const activity = () => test.server.fleet.get(id)?.axes.activity.value;
  await waitFor(() => activity() === "working", { what: "it works", saw: activity });
  ada.session.turnResult({ isError: false, wasAsked: true, text: "done" });
  await waitFor(() => activity() === "idle", { what: "it is idle", saw: activity });
  await ada.send("pause");
  await ada.statesOnce("stored", "delivered", "injected", "applied");
});

test("a session with a stream is given nothing by another way before that is open: its hooks might not be called yet", async () => {
  await using test = await startTestServer();
  await using ada = await host(test, { hasStream: true });
  const said: string[] = [];
  const socket = createServer((connection) => void connection.on("data", (data) => said.push(`${data}`)));
  const path = ada.dir.join("messaging.sock");
  await new Promise<void>((resolve) => socket.listen(path, resolve));
  await using _ = { [Symbol.asyncDispose]: async () => void socket.close() };
  ada.session.bridgeNews({ messaging: { path } });
  await ada.hook("SessionStart");
  await ada.send("task");
  await ada.statesOnce("stored", "delivered");
  ada.session.open({ stream: { say: async (text) => void said.push(text), interrupt: async () => false } });
  await ada.statesOnce("stored", "delivered", "injected");
  const { route } = test.server.fleet.get(id)?.commands.at(-1)?.receipts.at(-1) ?? {};
  expect([route, said.length]).toEqual(["stream-json", 1]);
});
