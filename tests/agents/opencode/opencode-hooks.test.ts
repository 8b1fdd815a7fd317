// The plugin in the real OpenCode, offline: it holds a tool until the host answers, and refuses one that the host refuses.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { HookAnswer } from "../../../src/domain/hook.ts";
import { stays, waitFor } from "../../support/wait-for.ts";
import { openSession } from "./opened-session.ts";

const bash = (command: string) => ({ toolUses: [{ name: "bash", input: { command, description: "d" } }] });

test("opencodeHooks: a tool is held until the host answers, and one that it refuses does not run", async () => {
  const held = Promise.withResolvers<HookAnswer>();
  let calls = 0;
  await using opened = await openSession({
    answer: ({ facts: { kind } }) => {
      if (kind !== "tool_start") return { type: "go" };
      calls += 1;
      return calls === 1 ? held.promise : { type: "deny", reason: "You are stopped." };
    },
    script: { turns: [bash("touch a"), bash("touch b"), { text: "ok" }] },
  });
  const { session, model, work } = opened;
  await session.say("work");
  await waitFor(() => calls, { what: "the tool asks" });
  const because = "the command would have run by then";
  await stays(() => !existsSync(`${work}/a`), { what: "it is held", because, forMs: 1_000 });
  held.resolve({ type: "go" });
  expect(await opened.result(1)).toMatchObject({ isError: false, text: "ok" });
  expect([existsSync(`${work}/a`), existsSync(`${work}/b`)]).toEqual([true, false]);
  expect(model.requests[2]?.newText).toContain("You are stopped.");
});

test("opencodeHooks: without its host, no tool runs but cliai's own", async () => {
  await using opened = await openSession({
    script: { turns: [bash("touch a"), { toolUses: [{ name: "cliai_report_status" }] }, { text: "ok" }] },
  });
  const { session, model, work } = opened;
  await opened.endHost();
  await session.say("work");
  expect(await opened.result(1)).toMatchObject({ isError: false, text: "ok" });
  expect(existsSync(`${work}/a`)).toBe(false);
  expect(model.requests[1]?.newText).toContain("cliai's host of this session does not answer");
  expect(model.requests[2]?.newText).toContain("TINY_SECRET"); // the result of that tool
});
