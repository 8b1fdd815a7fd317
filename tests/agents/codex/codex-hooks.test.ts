// Our hook in the real Codex, offline: it holds a tool until the host answers, and refuses one that the host refuses.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { HookAnswer } from "../../../src/domain/hook.ts";
import { stays, until, waitFor } from "../../support/wait-for.ts";
import { openSession } from "./opened-session.ts";

const shell = (cmd: string) => ({ toolUses: [{ name: "exec_command", input: { cmd } }] });

test("codexHooks: a tool is held until the host answers, and one that it refuses does not run", async () => {
  const held = Promise.withResolvers<HookAnswer>();
  let calls = 0;
  await using opened = await openSession({
    answer: ({ facts: { kind } }) => {
      if (kind !== "tool_start") return { type: "go" };
      calls += 1;
      return calls === 1 ? held.promise : { type: "deny", reason: "You are stopped." };
    },
    script: { turns: [shell("touch a"), shell("touch b"), { text: "ok" }] },
  });
  const { session, told, model, work } = opened;
  await session.say("work");
  await waitFor(() => calls, { what: "the tool asks" });
  const because = "the command would have run by then";
  await stays(() => !existsSync(`${work}/a`), { what: "it is held", because, forMs: 1_000 });
  // The hook shows that the model has its prompt, before any tool runs.
  expect(told.signs.map(({ type }) => type)).toEqual(["taken", "answer"]);
  held.resolve({ type: "go" });
  expect(await opened.result(1)).toMatchObject({ isError: false, text: "ok" });
  expect([existsSync(`${work}/a`), existsSync(`${work}/b`)]).toEqual([true, false]);
  expect(model.requests[2]?.newText).toContain("You are stopped.");
});

test("codexHooks: an interrupt while a tool is held lets it go nowhere", async () => {
  const asked = Promise.withResolvers<AbortSignal | undefined>();
  await using opened = await openSession({
    answer: async ({ facts: { kind } }, signal) => {
      if (kind === "tool_start") {
        asked.resolve(signal);
        await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      }
      return { type: "go" };
    },
    script: { turns: [shell("touch a"), { text: "ok" }] },
  });
  const { session, work } = opened;
  await session.say("work");
  const signal = await asked.promise;
  await until("the turn is over", () => session.interrupt());
  expect(await opened.result(1)).toMatchObject({ isError: true, text: "its turn was interrupted" });
  await waitFor(() => signal?.aborted === true, { what: "the hook is no longer waited for" });
  const because = "the command would have run by then";
  await stays(() => !existsSync(`${work}/a`), { what: "it does not run", because, forMs: 500 });
});

test("codexHooks: what a subagent calls is held, too, and is told as the subagent's", async () => {
  const spawn = { name: "spawn_agent", namespace: "multi_agent_v1", input: { message: "be the helper" } };
  await using opened = await openSession({
    script: {
      rules: [
        { match: "be the helper", once: true, turn: shell("touch a") },
        { match: "work", once: true, turn: { toolUses: [spawn] } },
      ],
      fallback: { text: "ok", delayMs: 1_500 },
    },
  });
  const { session, told, work } = opened;
  await session.say("work");
  await waitFor(() => existsSync(`${work}/a`), { what: "it runs" });
  await opened.result(1);
  const ofSubagent = () =>
    [...told.hooks, ...told.observed].filter(({ isSubagent }) => isSubagent).map(({ facts }) => facts.kind);
  await waitFor(() => ofSubagent().includes("subagent_end"), { what: "the subagent has ended" });
  expect(ofSubagent()).toEqual(["tool_start", "subagent_start", "tool_end", "subagent_end"]);
  const ofTurn = told.observed.filter(({ facts }) => facts.kind.startsWith("subagent_"));
  // With the start, or with the end if Codex has named the prompt only after the start.
  expect(ofTurn.flatMap(({ facts }) => facts.detail ?? [])).toEqual(["be the helper"]);
  const [start] = ofTurn;
  expect(told.hooks.find(({ isSubagent }) => isSubagent)?.facts.subagent).toBe(start?.facts.subagent ?? "");
  expect(told.usage.filter(({ isConversation }) => !isConversation)).toHaveLength(2);
});

test("codexHooks: in code mode, each call of a script is held", async () => {
  let calls = 0;
  const script =
    'text(await tools.exec_command({cmd: "touch a"})); text(await tools.exec_command({cmd: "touch b"}));';
  await using opened = await openSession({
    launch: { model: "gpt-6.2-sol" },
    answer: ({ facts: { kind } }) => {
      if (kind !== "tool_start") return { type: "go" };
      calls += 1;
      return calls === 1 ? { type: "go" } : { type: "deny", reason: "You are stopped." };
    },
    script: { turns: [{ toolUses: [{ name: "exec", input: script }] }, { text: "ok" }] },
  });
  const { session, told, work } = opened;
  await session.say("work");
  expect(await opened.result(1)).toMatchObject({ isError: false, text: "ok" });
  expect(told.observed.map(({ facts }) => facts.tool_use_id)).toEqual([
    told.hooks[1]?.facts.tool_use_id ?? "",
  ]);
  expect([existsSync(`${work}/a`), existsSync(`${work}/b`)]).toEqual([true, false]);
});
