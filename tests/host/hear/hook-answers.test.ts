import { describe, expect, test } from "bun:test";
import type { Hook, HookAnswer, HookTool } from "../../../src/domain/hook.ts";
import type { Approvals } from "../../../src/host/approvals.ts";
import { createHookAnswers } from "../../../src/host/hear/hook-answers.ts";
import { createHookRoute } from "../../../src/host/routes/hook-route.ts";
import { createGate } from "../../../src/host/steer/gate.ts";
import { staysPending } from "../../support/wait-for.ts";

type Kind = Hook["facts"]["kind"];

const bash: HookTool = { name: "Bash", input: { command: "ls" }, isOwn: false };
const own = (name: string): HookTool => ({ name: `mcp__cliai__${name}`, input: {}, isOwn: true });
const hook = (kind: Kind, tool?: HookTool, isSubagent = false): Hook => ({
  facts: { kind },
  tool,
  isSubagent,
});

/** The gate and the route are the real ones; who approves is the test. */
function start({ permission = { type: "go" } as HookAnswer, mayEnd = { type: "go" } as HookAnswer } = {}) {
  let isStopping = false;
  const asked: string[] = [];
  let answer = Promise.resolve(permission);
  const approvals: Approvals = {
    mayEnd: async () => {
      asked.push("end");
      return mayEnd;
    },
    permission: async () => {
      asked.push("permission");
      return await answer;
    },
    watchTerminal: () => undefined,
    noteTool: ({ tool }) => void asked.push(`tool ${tool?.name}`),
    notePrompt: () => void asked.push("prompt"),
    stop: async () => undefined,
  };
  const gate = createGate({ holdMs: 60_000, onHeld: () => undefined });
  const route = createHookRoute(() => true);
  return {
    ...{ asked, gate },
    say: (text: string) => route.give(text, new AbortController().signal, () => undefined),
    answer: createHookAnswers({
      gate,
      heldCalls: { ask: () => undefined },
      approvals,
      files: { deny: () => undefined },
      hookRoute: route,
      isStopping: () => isStopping,
    }),
    stop() {
      isStopping = true;
      gate.shut("lunch");
    },
    /** Until the returned function is called, nobody answers a permission. */
    keepAsking() {
      const { promise, resolve } = Promise.withResolvers<HookAnswer>();
      answer = promise;
      return resolve;
    },
  };
}
const goes: HookAnswer = { type: "go" };

describe("createHookAnswers()", () => {
  test("words that wait go with the end of a tool, and with a prompt; never to a subagent", async () => {
    const { answer, say, asked } = start();
    const given = say("dig");
    expect(await answer(hook("tool_end", bash, true))).toEqual(goes);
    expect(await answer(hook("tool_end", bash))).toEqual({ type: "add", text: "dig" });
    expect(await given).toBe(true);
    void say("more");
    expect(await answer(hook("prompt"))).toEqual({ type: "add", text: "more" });
    expect(asked).toEqual(["tool Bash", "tool Bash", "prompt"]);
  });

  test("a turn does not end over words that wait, and is not asked about meanwhile", async () => {
    const { answer, say, asked } = start();
    void say("dig");
    expect(await answer(hook("turn_end"))).toEqual({ type: "hold_back", reason: "dig" });
    expect(asked).toEqual([]);
    expect(await answer(hook("turn_end"))).toEqual(goes);
    expect(asked).toEqual(["end"]);
  });

  test("who stops is let go, whatever was said of its end", async () => {
    const run = start({ mayEnd: { type: "hold_back", reason: "go on" } });
    expect(await run.answer(hook("turn_end"))).toEqual({ type: "hold_back", reason: "go on" });
    run.stop();
    expect(await run.answer(hook("turn_end"))).toEqual(goes);
    expect(run.asked).toEqual(["end"]);
  });

  test("a paused gate holds the start of a tool, until it is resumed", async () => {
    const { answer, gate } = start();
    gate.pause("eve");
    const held = answer(hook("tool_start", bash));
    await staysPending(held, { what: "it is held", because: "an open gate answers at once", forMs: 20 });
    gate.resume();
    expect(await held).toEqual(goes);
  });

  test("a shut gate denies every tool but those by which an agent reports", async () => {
    const run = start();
    run.stop();
    expect(await run.answer(hook("tool_start", bash))).toMatchObject({ type: "deny" });
    expect(await run.answer(hook("tool_start", own("report_status")))).toEqual(goes);
    expect(await run.answer(hook("tool_start", own("command_agent")))).toMatchObject({ type: "deny" });
    // A name alone opens nothing: it must be our own server's tool.
    const like = { ...own("report_status"), isOwn: false };
    expect(await run.answer(hook("tool_start", like))).toMatchObject({ type: "deny" });
  });

  test("a permission that is given passes the gate, too: a pause meanwhile holds it", async () => {
    const run = start();
    const permit = run.keepAsking();
    const asking = run.answer(hook("permission", bash));
    run.gate.pause("eve");
    permit({ type: "permit" });
    await staysPending(asking, { what: "it is held", because: "an open gate answers at once", forMs: 20 });
    run.gate.resume();
    expect(await asking).toEqual({ type: "permit" });
  });

  test("a stop meanwhile forbids what was permitted, in the stop's words", async () => {
    const run = start();
    const permit = run.keepAsking();
    const asking = run.answer(hook("permission", bash));
    run.stop();
    permit({ type: "permit" });
    expect(await asking).toEqual({ type: "forbid", reason: expect.stringContaining("lunch") });
  });

  test("after a stop nobody is asked for a permission, and what is forbidden does not wait at the gate", async () => {
    const stopped = start();
    stopped.stop();
    expect(await stopped.answer(hook("permission", bash))).toMatchObject({ type: "forbid" });
    expect(stopped.asked).toEqual([]);
    const paused = start({ permission: { type: "forbid", reason: "no" } });
    paused.gate.pause("eve");
    expect(await paused.answer(hook("question", bash))).toEqual({ type: "forbid", reason: "no" });
  });

  test.each<Kind>(["session_start", "notification", "subagent_start", "compaction", "session_end"])(
    "a hook of the kind %s is answered at once, and takes nothing",
    async (kind) => {
      const { answer, say, asked } = start();
      void say("dig");
      expect(await answer(hook(kind))).toEqual(goes);
      expect(asked).toEqual([]);
    },
  );
});
