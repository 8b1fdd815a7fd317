// The turns of a session, over a real nats-server and a real server, where our hooks are not the whole truth of them.
import { describe, expect, test } from "bun:test";
import { appendFile } from "node:fs/promises";
import { fakeCli, type HostedAlone, id, openStream, startHosted, tool } from "../support/hosted-session.ts";
import { stays, waitFor } from "../support/wait-for.ts";

const untilActivity = ({ axes }: HostedAlone, value: string, reason = "") =>
  waitFor(() => axes()?.activity.value === value && axes()?.activity.reason.includes(reason) === true, {
    ...{ what: `${value} ${reason}`, saw: axes },
  });
const aRead = { because: "the session's record is read every 250 ms", forMs: 400 };
const open = ({ session }: HostedAlone) => session.open({ stream: openStream });
const shell = { id: "b1", type: "shell", status: "running", description: "npm run build" };
const line = (fields: object) => `${JSON.stringify({ timestamp: new Date().toISOString(), ...fields })}\n`;
const recordedEnd = () => line({ type: "system", subtype: "turn_duration" });

/** On a terminal, with a record of its session that the test writes. */
async function hostRecorded(more: Parameters<typeof startHosted>[0] = {}) {
  const ada = await startHosted(more);
  const transcript_path = ada.dir.join("record.jsonl");
  return {
    ada,
    hook: (name: string, fields: object = {}) => ada.hook(name, { transcript_path, ...fields }),
    write: (text: string) => appendFile(transcript_path, text),
  };
}

describe("createHearing()", () => {
  test("on a terminal a turn is over when its record says so: a hook of the user's may keep it going", async () => {
    const { ada, hook, write } = await hostRecorded();
    await using _ = ada;
    const cli = fakeCli();
    ada.session.attach(cli.process);
    await hook("UserPromptSubmit", { prompt: "begin" });
    await write(line({ type: "user" }) + line({ type: "assistant", message: { model: "m" } }));
    await hook("Stop");
    await untilActivity(ada, "working");
    await ada.send("stop");
    await ada.receipts("injected");
    const told = { subtype: "stop_hook_summary", hookErrors: ["carry on"] };
    await write(line({ type: "system", ...told }));
    await stays(() => cli.signals.length === 0, { what: "its CLI is not ended", ...aRead });
    await hook("Stop", { stop_hook_active: true });
    await write(recordedEnd());
    await ada.receipts("injected", "applied");
    expect(Object.values(ada.outcomes())).toEqual([
      "applied: its turn had ended; its process ended: exit code 143",
    ]);
  });

  test("an end in the record that is older than the turn that runs ends nothing", async () => {
    const { ada, hook, write } = await hostRecorded();
    await using _ = ada;
    await hook("UserPromptSubmit", { prompt: "begin" });
    const end = recordedEnd();
    const written = Date.now();
    await waitFor(() => Date.now() > written, { what: "the clock has gone on", intervalMs: 1 });
    await hook("PreToolUse", { tool_name: "Bash", tool_input: {}, tool_use_id: "u1" });
    await write(end);
    await untilActivity(ada, "working", "Bash");
    await stays(() => ada.axes()?.activity.value === "working", { what: "it works", ...aRead });
    await write(recordedEnd());
    await untilActivity(ada, "idle");
  });

  test("an end on a terminal that was refused, and that the CLI overrides, is told as a failure", async () => {
    const { ada, hook, write } = await hostRecorded({ stopApproval: { waitS: 0, unanswered: "go_on" } });
    await using _ = ada;
    await hook("UserPromptSubmit", { prompt: "begin" });
    await write(line({ type: "user" }) + line({ type: "assistant", message: { model: "m" } }));
    expect(await hook("Stop", { last_assistant_message: "done" })).toMatchObject({ decision: "block" });
    await write(recordedEnd());
    await untilActivity(ada, "idle", "its turn failed");
    expect(ada.server.fleet.get(id)?.session?.turn_error?.detail).toContain("its end was refused");
  });

  test("what stood in the record before this run is no evidence of what this run was given", async () => {
    const { ada, hook, write } = await hostRecorded({ routes: ["hook"] });
    await using _ = ada;
    const taken = line({ type: "user", message: { role: "user", content: "[cliai task t1] dig" } });
    const answer = line({ type: "assistant", message: { model: "m" } });
    await write(taken + answer);
    await hook("SessionStart", { source: "resume" });
    await hook("UserPromptSubmit", { prompt: "begin" });
    await ada.send("task", { command_id: "t1" });
    await ada.receipts();
    const tool = { tool_name: "Bash", tool_input: {}, tool_use_id: "u1", tool_response: "ok" };
    const isTold = async () => JSON.stringify(await hook("PostToolUse", tool)).includes("[cliai task t1]");
    await waitFor(isTold, { what: "the hook's answer carries it" });
    await ada.receipts("injected");
    await stays(() => ada.states().at(-1) === "injected", { what: "it is not seen", ...aRead });
    await write(taken + answer);
    await ada.receipts("injected", "seen");
  });

  test("what goes on in the background is work: a stop waits for it until its deadline, and says what it cut off", async () => {
    await using ada = await startHosted();
    ada.session.attach(fakeCli().process);
    await ada.begin();
    await ada.hook("Stop", { background_tasks: [shell] });
    await untilActivity(ada, "working", "1 background shell");
    expect(ada.server.fleet.get(id)?.session?.background).toEqual([
      { type: "shell", description: "npm run build" },
    ]);
    ada.bus.publish("agent.ada.shutdown", {
      reason: "enough",
      approved: true,
      force: false,
      deadline_s: 0.5,
    });
    await ada.receipts("injected", "applied");
    expect(Object.values(ada.outcomes())[0]).toContain("not finished within 0.5 s (1 background shell)");
  });

  test("a subagent in the background is work from its start to its end, and its tools open no turn", async () => {
    await using ada = await startHosted();
    await ada.begin();
    await ada.hook("SubagentStart", { agent_id: "a1", agent_type: "general-purpose" });
    await ada.hook("Stop");
    await untilActivity(ada, "working", "1 background subagent");
    const tool = { tool_name: "Bash", tool_input: {}, tool_use_id: "u1", agent_id: "a1" };
    await ada.hook("PreToolUse", tool);
    await ada.hook("PostToolUse", { ...tool, tool_response: "ok" });
    await untilActivity(ada, "working", "1 background subagent");
    await ada.hook("SubagentStop", { agent_id: "a1" });
    // Its end wakes the model.
    await ada.hook("UserPromptSubmit", { prompt: "<task-notification>" });
    await untilActivity(ada, "working", "a turn is open");
    await ada.hook("Stop", { background_tasks: [] });
    await untilActivity(ada, "idle");
  });

  test("a result that is read behind the next prompt's hook ends its own turn alone", async () => {
    await using ada = await startHosted({ hasStream: true });
    open(ada);
    const taskId = await ada.send("task");
    await ada.receipts("injected");
    await ada.hook("UserPromptSubmit", { prompt: `[cliai task ${taskId}] dig` });
    ada.answered(taskId);
    await ada.hook("Stop");
    await ada.hook("UserPromptSubmit", { prompt: "the next" });
    ada.session.turnResult({ isError: false, wasAsked: true, text: "dug" });
    await ada.receipts("injected", "seen", "applied");
    expect(ada.axes()?.activity.value).toBe("working");
    ada.session.takeSign({ type: "answer" });
    ada.session.turnResult({ isError: false, wasAsked: true, text: "that, too" });
    await untilActivity(ada, "idle");
  });

  test("a prompt that is stopped by a hook, without its words, fails the task that was offered, and no later one", async () => {
    await using ada = await startHosted({ hasStream: true });
    open(ada);
    const first = await ada.send("task");
    await ada.receipts("injected");
    await ada.hook("UserPromptSubmit", { prompt: `[cliai task ${first}] dig` });
    const second = await ada.send("task");
    await ada.receipts("injected");
    ada.session.takeSign({ type: "refused", text: "Operation stopped by hook: halt it", reason: "halt it" });
    ada.session.turnResult({ isError: false, wasAsked: false, text: "Operation stopped by hook: halt it" });
    await untilActivity(ada, "idle", "its turn failed");
    await waitFor(() => ada.outcomes()[first]?.startsWith("failed") === true, {
      what: "the first has failed",
    });
    expect(ada.outcomes()[first]).toContain("halt it");
    // The same, read late in the session's record.
    ada.session.takeSign({ type: "refused", text: `[cliai task ${first}] dig`, reason: "halt it" });
    expect(ada.outcomes()[second]).toStartWith("injected");
  });

  test("a result without a request to the model applies no task", async () => {
    await using ada = await startHosted({ hasStream: true });
    open(ada);
    await ada.send("task");
    await ada.receipts("injected");
    ada.session.turnResult({ isError: false, wasAsked: false, text: "nothing" });
    await untilActivity(ada, "idle");
    expect(ada.states()).toEqual(["stored", "delivered", "injected"]);
  });

  test("what the model said last is told once, before the end of its turn, and without secrets", async () => {
    const { ada, hook, write } = await hostRecorded();
    await using _ = ada;
    const said: string[] = [];
    const kinds: string[] = [];
    ada.bus.subscribe("agent.ada.event", ({ data }) => {
      const { kind, detail } = JSON.parse(new TextDecoder().decode(data));
      kinds.push(kind);
      if (kind === "said") said.push(detail);
    });
    await ada.bus.flush();
    await hook("UserPromptSubmit", { prompt: "begin" });
    await write(line({ type: "user" }) + line({ type: "assistant", message: { model: "m" } }));
    await hook("Stop", { last_assistant_message: "Not yet done." });
    await hook("PreToolUse", { tool_name: "Bash", tool_input: {}, tool_use_id: "u1" });
    await hook("Stop", { last_assistant_message: `It is done.\nThe key is sk-${"a".repeat(20)}.` });
    await write(recordedEnd());
    await untilActivity(ada, "idle");
    expect(said).toEqual(["It is done.\nThe key is ***."]);
    expect(kinds.slice(-2)).toEqual(["said", "turn_end"]);
    expect(ada.server.fleet.get(id)?.last_words).toMatchObject({ text: said[0] ?? "" });
    await hook("UserPromptSubmit", { prompt: "more" });
    await hook("Stop", { last_assistant_message: "x".repeat(9_000) });
    await write(recordedEnd());
    await waitFor(() => said.length === 2, { what: "the second words" });
    expect(said[1]).toBe(`${"x".repeat(3_999)}…`);
    expect(ada.server.fleet.get(id)?.last_words?.text.length).toBeLessThan(1_002);
  });

  test("what the model says in the middle of its turn is told as well, by the session's record or by its stream", async () => {
    const { ada, hook, write } = await hostRecorded();
    await using _ = ada;
    const said: string[] = [];
    ada.bus.subscribe("agent.ada.event", ({ data }) => {
      const { kind, detail } = JSON.parse(new TextDecoder().decode(data));
      if (kind === "said") said.push(detail);
    });
    await ada.bus.flush();
    const answer = (...content: object[]) => line({ type: "assistant", message: { model: "m", content } });
    const text = (words: string) => ({ type: "text", text: words });
    await hook("UserPromptSubmit", { prompt: "begin" });
    await write(
      line({ type: "user" }) + answer(text("I will look.")) + answer({ type: "tool_use", id: "u1" }),
    );
    await waitFor(() => said.length === 1, { what: "it is told while the tool runs" });
    await write(answer(text("It is mended.")));
    await hook("Stop", { last_assistant_message: "It is mended." });
    await write(recordedEnd());
    await untilActivity(ada, "idle");
    expect(said).toEqual(["I will look.", "It is mended."]);

    ada.session.heard("By the stream.");
    await hook("PreToolUse", tool);
    await waitFor(() => said.length === 3, { what: "it is told before the tool" });
    expect(said[2]).toBe("By the stream.");
  });

  test("a tool that the CLI's own rules refused is told from its record, once, and runs no more", async () => {
    const { ada, hook, write } = await hostRecorded();
    await using _ = ada;
    const bash = { tool_name: "Bash", tool_input: { command: "npm test" }, tool_use_id: "t1" };
    await hook("UserPromptSubmit", { prompt: "begin" });
    await hook("PreToolUse", bash);
    await untilActivity(ada, "working", "runs Bash");
    const content = [
      { type: "tool_result", tool_use_id: "t1", is_error: true, content: "It requires approval" },
    ];
    const refused = { type: "user", message: { role: "user", content } };
    const decision = { permissionDecision: { decision: "reject", source: "config" } };
    await write(line({ ...refused, ...decision }) + line({ ...refused, ...decision }));
    await untilActivity(ada, "working", "a turn is open");
    expect(ada.axes()?.attention).toMatchObject({
      value: "refused",
      reason: "Bash: no rule allows it",
      hint: expect.stringContaining('"allowed_tools": ["Bash(npm test)"]'),
    });
  });

  test("a request that is made again is over when the model has answered", async () => {
    await using ada = await startHosted({ hasStream: true });
    open(ada);
    await ada.hook("UserPromptSubmit", { prompt: "begin" });
    ada.session.takeSign({ type: "retry", detail: "1/10: 529 overloaded", error: "overloaded" });
    await untilActivity(ada, "retrying", "1/10: 529 overloaded");
    ada.session.takeSign({ type: "answer" });
    await untilActivity(ada, "working");
  });

  type Recorded = Awaited<ReturnType<typeof hostRecorded>>;

  /** A turn on a terminal to which a task was handed over. */
  async function withTaskHandedOver() {
    const { ada, hook, write } = await hostRecorded();
    await hook("SessionStart", { source: "startup" });
    await hook("UserPromptSubmit", { prompt: "begin" });
    const taskId = await ada.send("task");
    // The route `hook` hands it over with the answer to a hook of the turn.
    await waitFor(async () => JSON.stringify(await hook("PostToolUse", tool)).includes(taskId), {
      what: "it is handed over",
    });
    const taken = line({ type: "user", message: { role: "user", content: `[cliai task ${taskId}] dig` } });
    return { ada, hook, write, taskId, taken };
  }

  /** The same, and the model has the task. */
  async function withTaskOnTerminal() {
    const { taken, ...recorded } = await withTaskHandedOver();
    await recorded.write(taken + line({ type: "assistant", message: { model: "m" } }));
    await recorded.ada.receipts("injected", "seen");
    return recorded;
  }

  test("on a terminal, too, the end of a turn ends the task that the model had in it, with the model's last words", async () => {
    const { ada, hook, write, taskId } = await withTaskOnTerminal();
    await using _ = ada;
    await hook("Stop", { last_assistant_message: "I have dug." });
    await stays(() => ada.states().at(-1) === "seen", { what: "a hook may keep the turn going", ...aRead });
    await write(recordedEnd());
    await ada.receipts("injected", "seen", "applied");
    expect(ada.outcomes()[taskId]).toBe("applied: its turn has ended: I have dug.");
  });

  test("a turn on a terminal that fails makes its task failed", async () => {
    const { ada, hook, taskId } = await withTaskOnTerminal();
    await using _ = ada;
    await hook("StopFailure", { error: "rate_limit", last_assistant_message: "API Error: 429" });
    await ada.receipts("injected", "seen", "failed");
    expect(ada.outcomes()[taskId]).toStartWith("failed: its turn has failed");
  });

  test("a turn on a terminal that fails before the model's first word fails the task in its conversation, and no later turn applies it", async () => {
    const { ada, hook, write, taskId, taken } = await withTaskHandedOver();
    await using _ = ada;
    await ada.receipts("injected");
    await write(taken);
    await hook("StopFailure", { error: "rate_limit", last_assistant_message: "API Error: 429" });
    await ada.receipts("injected", "failed");
    await haveTurn({ ada, hook, write }, "p2", "something else", "Done.");
    await untilActivity(ada, "idle", "its turn ended");
    expect(ada.outcomes()[taskId]).toStartWith("failed: its turn has failed");
  });

  test("a turn on a terminal that a forced stop cuts off applies no task", async () => {
    const { ada, hook, write, taskId } = await withTaskOnTerminal();
    await using _ = ada;
    const cli = fakeCli();
    ada.session.attach(cli.process);
    const stopId = await ada.send("stop", { force: true });
    await waitFor(() => ada.outcomes()[stopId]?.startsWith("injected") === true, {
      what: "the stop is told",
    });
    await hook("Stop", { last_assistant_message: "OK." });
    await write(recordedEnd());
    await waitFor(() => ada.outcomes()[stopId]?.startsWith("applied") === true, {
      what: "the stop is applied",
    });
    expect(ada.outcomes()[taskId]).toStartWith("seen");
  });

  const interruption = (promptId: string) =>
    line({
      type: "user",
      promptId,
      message: { role: "user", content: [{ type: "text", text: "[Request interrupted by user]" }] },
    });
  const answer = () => line({ type: "assistant", message: { model: "m" } });

  /** A whole turn about a prompt, as the hooks and the record show it. */
  async function haveTurn({ hook, write }: Recorded, promptId: string, content: string, says: string) {
    await hook("UserPromptSubmit", { prompt: content, prompt_id: promptId });
    await write(line({ type: "user", message: { role: "user", content } }) + answer());
    await hook("Stop", { last_assistant_message: says });
    await write(recordedEnd());
  }

  test("a turn on a terminal that its user interrupts ends no task, nor does a later turn that is about something else", async () => {
    const recorded = await withTaskOnTerminal();
    const { ada, hook, write, taskId } = recorded;
    await using _ = ada;
    await hook("UserPromptSubmit", { prompt: "more", prompt_id: "p2" });
    await write(interruption("p2"));
    await untilActivity(ada, "idle");
    await haveTurn(recorded, "p3", "what time is it", "Noon.");
    await waitFor(() => ada.server.fleet.get(id)?.last_words?.text === "Noon.", { what: "the turn is over" });
    await untilActivity(ada, "idle");
    await stays(() => ada.states().at(-1) === "seen", { what: "the task is open", ...aRead });
    // Its user sends its words once more.
    await haveTurn(recorded, "p4", `[cliai task ${taskId}] dig`, "I have dug.");
    await ada.receipts("injected", "seen", "applied");
    expect(ada.outcomes()[taskId]).toBe("applied: its turn has ended: I have dug.");
  });

  test("an interruption that is read when the next prompt has begun leaves the task all the same", async () => {
    const recorded = await withTaskOnTerminal();
    const { ada, hook, write } = recorded;
    await using _ = ada;
    await hook("UserPromptSubmit", { prompt: "more", prompt_id: "p2" });
    await write(interruption("p1"));
    await haveTurn(recorded, "p3", "what time is it", "Noon.");
    await untilActivity(ada, "idle");
    await stays(() => ada.states().at(-1) === "seen", { what: "the task is open", ...aRead });
  });

  test("an end in the record that is read when the next turn has begun applies the tasks of its own turn, not in the words of the next", async () => {
    const { ada, hook, write, taskId } = await withTaskOnTerminal();
    await using _ = ada;
    const end = recordedEnd();
    const written = Date.now();
    await waitFor(() => Date.now() > written, { what: "the clock has gone on", intervalMs: 1 });
    await hook("UserPromptSubmit", { prompt: "more", prompt_id: "p2" });
    await write(end);
    await ada.receipts("injected", "seen", "applied");
    expect(ada.outcomes()[taskId]).toBe("applied: its turn has ended");
    expect(ada.axes()?.activity.value).toBe("working");
  });

  test("another conversation in the same run fails the task that the last one had, and no later turn applies it", async () => {
    const recorded = await withTaskOnTerminal();
    const { ada, hook, write, taskId } = recorded;
    await using _ = ada;
    await hook("UserPromptSubmit", { prompt: "more", prompt_id: "p2" });
    await write(interruption("p2"));
    await untilActivity(ada, "idle");
    await hook("SessionEnd", { reason: "clear" });
    await hook("SessionStart", { source: "clear", session_id: "s2" });
    await ada.receipts("injected", "seen", "failed");
    await haveTurn(recorded, "p3", "what time is it", "Noon.");
    await untilActivity(ada, "idle");
    expect(ada.outcomes()[taskId]).toBe(
      "failed: the session ended: another one has begun in its place (clear)",
    );
  });

  test("a conversation that ends right after a turn: what the record still tells of that turn counts", async () => {
    const { ada, hook, write, taskId } = await withTaskOnTerminal();
    await using _ = ada;
    await hook("Stop", { last_assistant_message: "I have dug." });
    const ending = hook("SessionEnd", { reason: "clear" });
    await write(recordedEnd());
    await ending;
    await hook("SessionStart", { source: "clear", session_id: "s2" });
    await ada.receipts("injected", "seen", "applied");
    expect(ada.outcomes()[taskId]).toBe("applied: its turn has ended: I have dug.");
  });

  test("what the last conversation was not shown to have is handed over in the next one, marked", async () => {
    const recorded = await hostRecorded({ routes: ["hook"] });
    const { ada, hook, write } = recorded;
    await using _ = ada;
    await hook("SessionStart", { source: "startup" });
    await hook("UserPromptSubmit", { prompt: "begin", prompt_id: "p1" });
    const taskId = await ada.send("task");
    const isTold = async () => JSON.stringify(await hook("PostToolUse", tool)).includes(taskId);
    await waitFor(isTold, { what: "it is handed over" });
    await write(line({ type: "attachment", content: `[cliai task ${taskId}] dig` }) + interruption("p1"));
    await untilActivity(ada, "idle");
    await hook("SessionEnd", { reason: "clear" });
    await hook("SessionStart", { source: "clear", session_id: "s2" });
    const inNext = { session_id: "s2" };
    await hook("UserPromptSubmit", { prompt: "again", prompt_id: "p2", ...inNext });
    const again = await waitFor(
      async () => {
        const answered = JSON.stringify(await hook("PostToolUse", { ...tool, ...inNext }));
        return answered.includes(taskId) && answered;
      },
      { what: "it is handed over again" },
    );
    expect(again).toContain("It may have been given to you before");
    expect(ada.states().at(-1)).toBe("injected");
    await write(line({ type: "attachment", content: `[cliai task ${taskId}] dig` }) + answer());
    await ada.receipts("injected", "seen");
    await waitFor(() => ada.server.fleet.get(id)?.commands[0]?.taken_by?.session_id === "s2", {
      what: "it belongs to the next session",
      saw: () => ada.server.fleet.get(id)?.commands[0],
    });
  });
});
