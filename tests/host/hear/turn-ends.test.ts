// As a host shows it, over a real nats-server and a real server, around a CLI that is the test.
import { describe, expect, test } from "bun:test";
import { appendFile } from "node:fs/promises";
import { claudeHooks, claudeSession } from "../../../src/agents/claude/claude-session.ts";
import type { HookTranslation } from "../../../src/agents/session-cli.ts";
import type { SessionSign } from "../../../src/domain/hook.ts";
import { pause } from "../../../src/waiting.ts";
import { fakeCli, id, openStream, startHosted, tool } from "../../support/hosted-session.ts";
import { staysPending, waitFor } from "../../support/wait-for.ts";

describe("createTurnEnds()", () => {
  test("a turn that its CLI ends although the end was refused makes no task applied", async () => {
    await using ada = await startHosted({
      stopApproval: { waitS: 0, unanswered: "go_on" },
      hasStream: true,
    });
    ada.session.open({ stream: openStream });
    const taskId = await ada.send("task");
    await ada.receipts("injected");
    await ada.hook("UserPromptSubmit", { prompt: `[cliai task ${taskId}] dig` });
    ada.answered(taskId);
    await ada.receipts("injected", "seen");
    expect(await ada.hook("Stop", { last_assistant_message: "all done" })).toMatchObject({
      decision: "block",
    });
    ada.session.turnResult({ isError: false, wasAsked: true, text: "all done" });
    await ada.receipts("injected", "seen", "failed");
    expect(ada.outcomes()[taskId]).toContain("its end was refused");
    await waitFor(() => ada.server.fleet.get(id)?.axes.activity.value === "idle", {
      what: "its turn is over",
    });
  });

  test("a result that a forced stop has brought about ends no task, nor one that the model was not shown to have", async () => {
    await using ada = await startHosted({ hasStream: true });
    const cli = fakeCli();
    ada.session.attach(cli.process);
    ada.session.open({ stream: openStream });
    const had = await ada.send("task");
    await ada.receipts("injected");
    await ada.hook("UserPromptSubmit", { prompt: `[cliai task ${had}] dig` });
    ada.answered(had);
    await ada.receipts("injected", "seen");
    const unseen = await ada.send("task");
    await ada.receipts("injected");
    await ada.hook("UserPromptSubmit", { prompt: `[cliai task ${unseen}] dig` });
    const stop = await ada.send("stop", { force: true });
    await waitFor(() => ada.outcomes()[stop]?.startsWith("injected") === true, { what: "the stop is told" });
    ada.session.turnResult({ isError: true, wasAsked: true, text: "interrupted" });
    await waitFor(() => ada.outcomes()[stop]?.startsWith("applied") === true, { what: "it is stopped" });
    expect(ada.outcomes()).toMatchObject({
      [had]: expect.stringMatching(/^seen/),
      [unseen]: expect.stringMatching(/^injected/),
    });
  });

  test("a hook that comes after the result of its turn says why it failed, and does not count for the next turn", async () => {
    await using ada = await startHosted({ hasStream: true });
    ada.session.open({ stream: openStream });
    const fleet = () => ada.server.fleet.get(id);
    await ada.hook("UserPromptSubmit", { prompt: "begin" });
    ada.session.takeSign({ type: "answer" });
    ada.session.turnResult({ isError: true, wasAsked: true, text: "API Error: 429" });
    await ada.hook("StopFailure", { error: "rate_limit", last_assistant_message: "API Error: 429" });
    await waitFor(() => fleet()?.session?.turn_error?.error === "usage_limit", {
      ...{ what: "it says why", saw: fleet },
    });
    await ada.hook("UserPromptSubmit", { prompt: "again" });
    await waitFor(() => fleet()?.axes.activity.value === "working", { what: "it works", saw: fleet });
    ada.session.takeSign({ type: "answer" });
    ada.session.turnResult({ isError: false, wasAsked: true, text: "done" });
    await waitFor(() => fleet()?.axes.activity.value === "idle", { what: "it is idle", saw: fleet });
    expect(fleet()?.axes.attention.value).toBe("none");
  });

  test("such a hook that comes when the next turn runs already does not hide that turn's end", async () => {
    await using ada = await startHosted({ hasStream: true });
    ada.session.open({ stream: openStream });
    const activity = () => ada.server.fleet.get(id)?.axes.activity.value;
    const fail = () =>
      ada.hook("StopFailure", { error: "rate_limit", last_assistant_message: "API Error: 429" });
    await ada.hook("UserPromptSubmit", { prompt: "begin" });
    ada.session.takeSign({ type: "answer" });
    ada.session.turnResult({ isError: true, wasAsked: true, text: "API Error: 429" });
    await ada.hook("UserPromptSubmit", { prompt: "again" });
    await fail();
    ada.session.takeSign({ type: "answer" });
    await waitFor(() => activity() === "working", { what: "it works", saw: activity });
    ada.session.turnResult({ isError: false, wasAsked: true, text: "done" });
    await waitFor(() => activity() === "idle", { what: "it is idle", saw: activity });
    expect(ada.axes()?.attention.value).toBe("none");
  });

  test("nor does one that comes before the result, if the next prompt is there by then", async () => {
    await using ada = await startHosted({ hasStream: true });
    ada.session.open({ stream: openStream });
    const activity = () => ada.server.fleet.get(id)?.axes.activity.value;
    await ada.hook("UserPromptSubmit", { prompt: "begin" });
    ada.session.takeSign({ type: "answer" });
    await ada.hook("StopFailure", { error: "rate_limit", last_assistant_message: "API Error: 429" });
    await ada.hook("UserPromptSubmit", { prompt: "again" });
    ada.session.turnResult({ isError: true, wasAsked: true, text: "API Error: 429" });
    ada.session.takeSign({ type: "answer" });
    await waitFor(() => activity() === "working", { what: "it works", saw: activity });
    ada.session.turnResult({ isError: false, wasAsked: true, text: "done" });
    await waitFor(() => activity() === "idle", { what: "it is idle", saw: activity });
  });

  test("an end that the CLI waits for no more ends no turn", async () => {
    await using ada = await startHosted({ stopApproval: { waitS: 1, unanswered: "end" } });
    await ada.begin();
    const given = new AbortController();
    const late = ada.session.hook({ hook_event_name: "Stop", session_id: "s1" }, given.signal);
    given.abort();
    expect(await late).toEqual({});
    await ada.send("pause");
    // A turn still runs, as far as is known: the pause waits for its next tool.
    await ada.receipts("injected");
  });

  test("a turn whose end no hook tells ends with the result of the stream", async () => {
    await using ada = await startHosted();
    ada.session.attach(fakeCli().process);
    await ada.hook("PreToolUse", tool);
    const activity = () => ada.server.fleet.get(id)?.axes.activity.value;
    await waitFor(() => activity() === "working", { what: "it works", saw: activity });
    ada.session.turnResult({ isError: false, wasAsked: true, text: "done" });
    await waitFor(() => activity() === "idle", { what: "it is idle", saw: activity });
    await ada.send("pause");
    await ada.receipts("injected", "applied");
  });

  test("a turn that the record says to have failed ends, and its task has failed, also one that was not seen", async () => {
    const at = () => new Date().toISOString();
    await using ada = await startHosted({
      cli: {
        ...claudeSession,
        readRecordLine: (line) => [line as SessionSign],
      },
    });
    const transcript_path = ada.dir.join("record.jsonl");
    await ada.hook("UserPromptSubmit", { prompt: "begin", transcript_path });
    const taskId = await ada.send("task");
    await ada.receipts();
    const isTold = async () =>
      JSON.stringify(await ada.hook("PostToolUse", { ...tool, tool_response: "ok" })).includes(taskId);
    await waitFor(isTold, { what: "it has the task" });
    await ada.receipts("injected");
    const signs = [
      { type: "taken", text: `[cliai task ${taskId}] dig`, at: at() },
      { type: "turn_failed", detail: "401 no such key", error: "authentication", at: at() },
    ];
    await Bun.write(transcript_path, signs.map((sign) => `${JSON.stringify(sign)}\n`).join(""));
    await ada.receipts("injected", "failed");
    expect(ada.outcomes()[taskId]).toContain("401 no such key");
    await waitFor(() => ada.axes()?.activity.value === "idle", { what: "its turn is over", saw: ada.axes });
  });

  /** Claude's hooks, with the time of each. */
  const hooks: HookTranslation = {
    ...claudeHooks,
    read: (payload) => {
      const hook = claudeHooks.read(payload);
      return hook && { ...hook, at: (payload as { readonly timestamp?: string }).timestamp };
    },
  };

  /** The record tells what each request has used. */
  const readRecordedRequest = (line: unknown) => {
    const { used } = line as { readonly used?: number };
    return used === undefined ? undefined : { tokens: used, isConversation: true };
  };

  /** A host of a CLI that says each time that it waits for its user. Its session has the task of `taskId`. */
  async function withTask({ isRecordLate = false } = {}) {
    await using starting = new AsyncDisposableStack();
    const cli = { ...claudeSession, tellsIdle: true, hooks, readRecordedRequest };
    const ada = starting.use(await startHosted({ cli }));
    const transcript_path = ada.dir.join("transcript.jsonl");
    const hookOf = (name: string, fields: object = {}) =>
      ada.hook(name, { transcript_path, prompt_id: "p1", ...fields });
    await hookOf("UserPromptSubmit", { prompt: "begin" });
    const taskId = await ada.send("task");
    const lines = [
      { type: "user", message: { role: "user", content: `[cliai task ${taskId}] dig` } },
      { type: "assistant", message: { model: "a-model" } },
    ];
    let answer: unknown;
    const isTold = async () => {
      answer = await hookOf("PostToolUse", { ...tool, tool_response: "ok" });
      return JSON.stringify(answer).includes(taskId);
    };
    await waitFor(isTold, { what: "it has the task" });
    await ada.receipts("injected");
    const record = (...more: readonly object[]) =>
      appendFile(transcript_path, more.map((line) => `${JSON.stringify(line)}\n`).join(""));
    if (!isRecordLate) await record(...lines);
    const isIdle = (fields: object) =>
      hookOf("Notification", { notification_type: "idle_prompt", ...fields });
    const running = starting.move();
    const activity = () => ada.server.fleet.get(id)?.axes.activity.value;
    const recordTask = () => record(...lines);
    return {
      ...ada,
      hookOf,
      isIdle,
      taskId,
      activity,
      record,
      recordTask,
      [Symbol.asyncDispose]: () => running.disposeAsync(),
    };
  }

  test("of a CLI that says that it is idle, that alone ends a turn, with what its record tells by then", async () => {
    await using ada = await withTask();
    await ada.hookOf("Stop", { last_assistant_message: "all done" });
    // Another hook keeps the turn going.
    await ada.hookOf("PreToolUse", { ...tool, tool_use_id: "u2" });
    await ada.hookOf("Stop", { last_assistant_message: "really done" });
    expect(ada.activity()).toBe("working");
    await ada.isIdle({ prompt_id: "p1" });
    await ada.receipts("injected", "seen", "applied");
    expect(ada.outcomes()[ada.taskId]).toContain("really done");
    await waitFor(() => ada.activity() === "idle", { what: "its turn is over", saw: ada.activity });
  });

  test("a record that tells the turn's answer only a while after its end still ends the turn's task", async () => {
    await using ada = await withTask({ isRecordLate: true });
    await ada.hookOf("Stop", { last_assistant_message: "all done" });
    const idle = ada.isIdle({ prompt_id: "p1" });
    await staysPending(idle, { what: "the end", because: "the record may still tell more", forMs: 1_700 });
    await ada.recordTask();
    await idle;
    await ada.receipts("injected", "seen", "applied");
  });

  test("the next prompt does not wait for evidence of the order that it brings itself", async () => {
    await using ada = await withTask({ isRecordLate: true });
    await ada.hookOf("Stop", { last_assistant_message: "all done" });
    const prompt = `[cliai task ${ada.taskId}] dig`;
    const answered: string[] = [];
    await Promise.all([
      ada.isIdle({ prompt_id: "p1" }).then(() => answered.push("idle")),
      ada.hookOf("UserPromptSubmit", { prompt, prompt_id: "p2" }).then(() => answered.push("prompt")),
    ]);
    expect(answered).toEqual(["prompt", "idle"]);
  });

  test("a turn that fails while an order waits for it does not fail the order, which is the next prompt at once", async () => {
    await using ada = await withTask({ isRecordLate: true });
    // Qwen Code 0.24.4 does not wait for this hook.
    const failed = ada.hookOf("StopFailure", { error: "server_error" });
    await pause(100);
    await ada.hookOf("UserPromptSubmit", { prompt: `[cliai task ${ada.taskId}] dig`, prompt_id: "p2" });
    await ada.recordTask();
    await failed;
    await ada.receipts("injected", "seen");
    expect(ada.server.fleet.get(id)?.session?.turn_error).toBeUndefined();
    await waitFor(() => ada.activity() === "working", { what: "it works", saw: ada.activity });
    await ada.hookOf("Stop", { last_assistant_message: "all done", prompt_id: "p2" });
    await ada.isIdle({ prompt_id: "p2" });
    await ada.receipts("injected", "seen", "applied");
  });

  test("what the turn's last request has used is read also if the record tells it after the end", async () => {
    await using ada = await withTask();
    await ada.hookOf("Stop", { last_assistant_message: "all done" });
    await ada.isIdle({ prompt_id: "p1" });
    await ada.receipts("injected", "seen", "applied");
    await ada.record({ used: 17 });
    const used = () => ada.server.fleet.get(id)?.usage?.tokens_used;
    await waitFor(() => used() === 17, { what: "its usage is told", saw: used });
  });

  test("a turn that is idle without its hook was broken off by its user: its task stays open", async () => {
    await using ada = await withTask();
    await ada.isIdle({ prompt_id: "p1" });
    await ada.receipts("injected", "seen");
    await waitFor(() => ada.activity() === "idle", { what: "its turn is over", saw: ada.activity });
    await ada.hookOf("UserPromptSubmit", { prompt: "something else", prompt_id: "p2" });
    await ada.hookOf("Stop", { prompt_id: "p2" });
    await ada.isIdle({ prompt_id: "p2" });
    await waitFor(() => ada.activity() === "idle", { what: "its turn is over", saw: ada.activity });
    await ada.receipts("injected", "seen");
  });

  test("the next prompt ends the turn before it, and what comes late of that turn does not end the next one", async () => {
    await using ada = await withTask();
    await ada.hookOf("Stop", { last_assistant_message: "all done" });
    const beforeIt = new Date(Date.now() - 10).toISOString();
    await ada.hookOf("UserPromptSubmit", { prompt: "next", prompt_id: "p2" });
    await ada.receipts("injected", "seen", "applied");
    await ada.isIdle({ prompt_id: "p1" });
    await ada.isIdle({ prompt_id: undefined, timestamp: beforeIt });
    await ada.send("pause");
    // A turn still runs: the pause waits for its next tool.
    await ada.receipts("injected");
    await ada.isIdle({ prompt_id: undefined, timestamp: new Date().toISOString() });
    await ada.receipts("injected", "applied");
  });

  test("a turn ends also if what says that it is idle names the prompt before", async () => {
    await using ada = await withTask();
    // So did Qwen Code 0.24.4 at the end of the turn of a prompt that it had queued: Stop of prompt 3, then idle_prompt of prompt 2.
    await ada.hookOf("Stop", { last_assistant_message: "all done" });
    await ada.isIdle({ prompt_id: "p0", timestamp: new Date().toISOString() });
    await ada.receipts("injected", "seen", "applied");
    await waitFor(() => ada.activity() === "idle", { what: "its turn is over", saw: ada.activity });
  });

  test("an end that two hooks show at once is taken once: it does not end the turn that one of them begins", async () => {
    await using ada = await withTask();
    await ada.hookOf("Stop", { last_assistant_message: "all done" });
    const timestamp = new Date(Date.now() - 10).toISOString();
    await Promise.all([
      ada.hookOf("UserPromptSubmit", { prompt: "next", prompt_id: "p2" }),
      ada.isIdle({ prompt_id: "p1", timestamp }),
    ]);
    await ada.receipts("injected", "seen", "applied");
    await ada.send("pause");
    // A turn still runs: the pause waits for its next tool.
    await ada.receipts("injected");
    await ada.isIdle({ prompt_id: "p2", timestamp: new Date().toISOString() });
    await ada.receipts("injected", "applied");
  });
});
