// What the real OpenCode asks, offline: answered by the host, or by somebody else first.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { HookAnswer } from "../../../src/domain/hook.ts";
import { openSession } from "./opened-session.ts";

const call = (name: string, input: Record<string, unknown>) => ({ toolUses: [{ name, input }] });
const bash = (command: string) => call("bash", { command, description: "d" });

test("createAsking() gives a permission, refuses one with words that the model reads, and answers a question", async () => {
  const answers: HookAnswer[] = [
    { type: "permit" },
    { type: "forbid", reason: "Not now: the disk is full." },
    { type: "answer", answers: ["blue"] },
  ];
  const question = {
    question: "Which colour?",
    header: "Colour",
    options: [{ label: "blue", description: "b" }],
  };
  await using opened = await openSession({
    launch: { permissionMode: "ask" },
    answer: ({ facts: { kind } }) =>
      (kind === "permission" || kind === "question" ? answers.shift() : undefined) ?? { type: "go" },
    script: {
      turns: [bash("touch a"), bash("touch b"), call("question", { questions: [question] }), { text: "ok" }],
    },
  });
  const { session, told, model, work } = opened;
  await session.say("work");
  expect(await opened.result(1)).toMatchObject({ isError: false, text: "ok" });
  expect([existsSync(`${work}/a`), existsSync(`${work}/b`)]).toEqual([true, false]);
  expect(model.requests[2]?.newText).toContain("Not now: the disk is full.");
  expect(model.requests[3]?.newText).toContain("blue");
  const asked = told.hooks.filter(({ facts }) => facts.kind === "permission" || facts.kind === "question");
  expect(asked).toMatchObject([
    { facts: { tool: "bash", detail: "touch a" }, tool: { input: { command: "touch a" } } },
    { facts: { tool: "bash", detail: "touch b" } },
    { facts: { kind: "question" }, tool: { questions: [{ choices: [{ label: "blue" }] }] } },
  ]);
});
