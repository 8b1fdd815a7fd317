// As a host shows it, over a real nats-server and a real server, around a CLI that is the test.
import { describe, expect, test } from "bun:test";
import { claudeSession } from "../../../src/agents/claude/claude-session.ts";
import { agentSubject, streams } from "../../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../../src/log.ts";
import { hookOf, id, openStream, startHosted, streamInto, tool } from "../../support/hosted-session.ts";
import { stays, staysPending, waitFor } from "../../support/wait-for.ts";

const aCallIsLetGoAtOnce = "a call that is let go is answered at once, without a wait";

describe("createPauses()", () => {
  test("a pause holds while NATS and the server are away, and a resume after their return lets go", async () => {
    await using ada = await startHosted();
    await ada.begin();
    const { call: held } = await ada.heldByPause();
    ada.nats.kill();
    await staysPending(held, { what: "the call is held", because: aCallIsLetGoAtOnce });
    await waitFor(
      async () => {
        try {
          await ada.send("resume");
          return true;
        } catch {
          return false; // the server comes back by itself
        }
      },
      { what: "the resume is stored" },
    );
    expect(await held).toEqual({});
  });

  test("a pause before the first hook holds the first tool call", async () => {
    await using ada = await startHosted();
    await ada.send("pause");
    await ada.receipts();
    await ada.begin();
    const held = ada.hook("PreToolUse", tool);
    await ada.receipts("injected", "applied");
    await staysPending(held, { what: "the call is held", because: aCallIsLetGoAtOnce });
    await ada.send("resume");
    expect(await held).toEqual({});
  });

  test("once anybody sees that a pause is delivered, no tool call starts any more", async () => {
    await using ada = await startHosted();
    await ada.begin();
    const onReceipt = Promise.withResolvers<Promise<unknown>>();
    const unsubscribe = (await ada.nats.bus()).subscribe(agentSubject(id, "receipt"), ({ data }) => {
      // The first receipt: `delivered`. The host has no answer from nats-server yet.
      unsubscribe();
      expect(JSON.parse(new TextDecoder().decode(data))).toMatchObject({ state: "delivered" });
      onReceipt.resolve(Promise.resolve({ call: ada.hook("PreToolUse", tool) }));
    });
    await ada.send("pause");
    const { call } = (await onReceipt.promise) as { call: Promise<unknown> };
    await ada.receipts("injected", "applied");
    await staysPending(call, { what: "the call is held", because: aCallIsLetGoAtOnce });
    await ada.send("resume");
    expect(await call).toEqual({});
  });

  test("a pause whose receipt cannot be stored holds nothing until it can", async () => {
    const logged: string[] = [];
    await using ada = await startHosted({ log: { ...silentLogger, warn: (line) => void logged.push(line) } });
    await ada.begin();
    const manager = await (await ada.nats.bus()).connection.jetstreamManager();
    const { config } = await manager.streams.info(streams.audit);
    await manager.streams.update(streams.audit, { ...config, max_msg_size: 10 });
    await ada.send("pause");
    await waitFor(() => logged.some((line) => line.includes("is not taken yet")), { what: "the trouble" });
    expect(await ada.hook("PreToolUse", tool)).toEqual({});
    await manager.streams.update(streams.audit, config);
    await ada.receipts("injected");
    const held = ada.hook("PreToolUse", tool);
    await ada.receipts("injected", "applied");
    await ada.send("resume");
    expect(await held).toEqual({});
  });

  test("a session that only begins shows no hook that can hold it: a pause stays delivered, and so does its resume", async () => {
    await using ada = await startHosted();
    await ada.hook("SessionStart", { source: "startup" });
    await waitFor(() => ada.server.fleet.get(id)?.session?.session_id === "s1", { what: "it has begun" });
    const paused = await ada.send("pause");
    await ada.receipts();
    await ada.send("resume");
    await ada.receipts();
    await stays(() => ada.outcomes()[paused]?.startsWith("delivered") === true, {
      what: "the pause has no further receipt",
      because: "receipts come within a few milliseconds of their cause",
    });
    await ada.hook("PreToolUse", tool);
    await ada.receipts("injected", "applied");
    expect(ada.outcomes()[paused]).toBe("applied: resumed before a tool call came");
  });

  test("a session of a CLI that calls the hook for its start in the same way is held by it from the first", async () => {
    await using ada = await startHosted({ cli: { ...claudeSession, startShowsHolding: true } });
    await ada.send("pause");
    await ada.receipts();
    await ada.hook("SessionStart", { source: "startup" });
    await ada.receipts("injected", "applied");
  });

  test("a session whose stream carries the hook before a tool is held by it from the first", async () => {
    await using ada = await startHosted({ hasStream: true });
    await ada.send("pause");
    await ada.receipts();
    ada.session.open({ stream: { ...openStream, carriesHooks: true } });
    await ada.receipts("injected", "applied");
  });

  test("a session that does not hold every tool gets a pause no further than delivered, though it asks for some", async () => {
    await using ada = await startHosted({ hasStream: true });
    ada.session.open({ stream: openStream });
    const asked = hookOf({ ...tool, hook_event_name: "PreToolUse" });
    expect(await ada.session.takeHook(asked)).toEqual({ type: "go" });
    await ada.send("pause");
    await ada.receipts();
    const held = ada.session.takeHook({ ...asked, facts: { ...asked.facts, tool_use_id: "u2" } });
    await ada.send("resume");
    expect(await held).toEqual({ type: "go" });
    expect(ada.states()).not.toContain("applied");
  });

  describe("of a session that holds only the tools that ask for a permission", () => {
    const asked = hookOf({ ...tool, hook_event_name: "PreToolUse" });
    const prompt = hookOf({ hook_event_name: "UserPromptSubmit", prompt: "begin" });
    const startAsking = async () => {
      const ada = await startHosted({ hasStream: true });
      ada.session.open({ stream: { ...openStream, holdsOnlyAsked: true } });
      return ada;
    };

    test("a pause is applied once a call is held, and not before: the turn may go on without asking", async () => {
      await using ada = await startAsking();
      await ada.session.takeHook(prompt);
      const paused = await ada.send("pause");
      await ada.receipts();
      const held = ada.session.takeHook(asked);
      await ada.receipts("injected", "applied");
      expect(ada.outcomes()[paused]).toStartWith("applied: a tool call is held");
      await ada.send("resume");
      await ada.receipts("injected", "applied");
      expect(await held).toEqual({ type: "go" });
    });

    test("a pause is applied when its turn ends, and what the session is told then waits until it is let go", async () => {
      const told: string[] = [];
      await using ada = await startHosted({ hasStream: true });
      ada.session.open({ stream: { ...streamInto(told), holdsOnlyAsked: true } });
      await ada.session.takeHook(prompt);
      const paused = await ada.send("pause");
      await ada.receipts();
      ada.session.takeSign({ type: "taken", text: "begin" });
      ada.session.turnResult({ isError: false, wasAsked: true, text: "done" });
      await ada.receipts("injected", "applied");
      expect(ada.outcomes()[paused]).toContain("its next texts wait until it is resumed");
      await ada.send("task");
      await stays(() => told.length === 0, {
        ...{ what: "it is told nothing", because: "an order is handed over at once", forMs: 300 },
      });
      await ada.send("resume");
      await waitFor(() => told.length === 1, { what: "it is told the task" });
    });

    test("an agent that is paused before its session is open gets the task of its launch when it is let go", async () => {
      const told: string[] = [];
      await using ada = await startHosted({ hasStream: true });
      await ada.send("pause");
      await ada.receipts();
      ada.session.open({ stream: { ...streamInto(told), holdsOnlyAsked: true } }, "dig");
      await ada.receipts("injected", "applied");
      await stays(() => told.length === 0, {
        ...{
          what: "it is told nothing",
          because: "the task is given to an open session at once",
          forMs: 300,
        },
      });
      await ada.send("resume");
      await waitFor(() => told.length === 1, { what: "it is told the task" });
      expect(told).toEqual(["dig"]);
    });

    test("a permission request is held for longer than any hook of another CLI, and runs when it is let go", async () => {
      await using ada = await startHosted({ hasStream: true, holdMs: 50 });
      ada.session.open({ stream: { ...openStream, holdsOnlyAsked: true } });
      await ada.session.takeHook(prompt);
      const paused = await ada.send("pause");
      await ada.receipts();
      const held = ada.session.takeHook({ ...asked, waitsLong: true });
      await ada.receipts("injected", "applied");
      expect(ada.outcomes()[paused]).toBe("applied: a tool call is held before it starts");
      await staysPending(held, {
        what: "it is held",
        because: "other hooks are answered after 50 ms",
        forMs: 300,
      });
      await ada.send("resume");
      expect(await held).toEqual({ type: "go" });
    });

    test("a pause is applied when the next prompt of its turn waits, which is sent when it is let go", async () => {
      await using ada = await startAsking();
      await ada.session.takeHook(prompt);
      const paused = await ada.send("pause");
      await ada.receipts();
      const next = ada.session.whenLetGo(new AbortController().signal);
      await ada.receipts("injected", "applied");
      expect(ada.outcomes()[paused]).toBe("applied: its next prompt is held before it starts");
      await ada.send("resume");
      await next;
    });

    test("a pause that is let go before anything was held has failed", async () => {
      await using ada = await startAsking();
      await ada.session.takeHook(prompt);
      const paused = await ada.send("pause");
      await ada.receipts();
      await ada.send("resume");
      await ada.receipts("injected", "applied");
      expect(ada.outcomes()[paused]).toBe(
        "failed: resumed before its turn was over; no tool had asked for a permission",
      );
    });
  });

  test("a second pause while a call is held holds it, too", async () => {
    await using ada = await startHosted();
    await ada.begin();
    const { call: held } = await ada.heldByPause();
    const second = await ada.send("pause");
    await waitFor(() => ada.outcomes()[second] === "applied: a tool call is held before it starts", {
      ...{ what: "the second is applied", saw: () => ada.outcomes() },
    });
    await ada.send("resume");
    expect(await held).toEqual({});
  });

  test("the CLI's word that it waits for its user ends a turn that no hook ended", async () => {
    await using ada = await startHosted();
    await ada.begin();
    await ada.send("pause");
    await ada.receipts("injected");
    await ada.hook("Notification", { notification_type: "idle_prompt", message: "waiting" });
    await ada.receipts("injected", "applied");
  });

  test("what is asked of a session that never calls a hook has its end with it", async () => {
    await using ada = await startHosted();
    const pause = await ada.send("pause");
    const resume = await ada.send("resume");
    await ada.receipts();
    await ada.end();
    const detail = "failed: the session has ended: the test is over";
    await waitFor(() => Object.values(ada.outcomes()).every((each) => each === detail), {
      ...{ what: "both have failed", saw: () => ada.outcomes() },
    });
    expect(Object.keys(ada.outcomes())).toEqual([pause, resume]);
  });
});
