// What the real Codex asks, offline: answered by the host, or by nobody.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { HookAnswer } from "../../../src/domain/hook.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { until, waitFor } from "../../support/wait-for.ts";
import { openSession } from "./opened-session.ts";

const call = (name: string, input: Record<string, unknown>) => ({ toolUses: [{ name, input }] });
/** What a model calls to get out of the sandbox. */
const escalated = (cmd: string) =>
  call("exec_command", { cmd, sandbox_permissions: "require_escalated", justification: "the test says so" });
/** Nothing of these tests runs in the sandbox, which not every machine can make. */
const permissionMode = "read-only";
const isAsked = (kind: string) => kind === "permission" || kind === "question";

test("readRequest() gives a permission, refuses one with words that the model reads, and answers a question", async () => {
  const answers: HookAnswer[] = [
    { type: "permit" },
    { type: "forbid", reason: "Not now: the disk is full." },
    { type: "answer", answers: ["blue"] },
  ];
  const question = {
    ...{ id: "q1", header: "Colour", question: "Which colour?" },
    options: [
      { label: "red", description: "r" },
      { label: "blue", description: "b" },
    ],
  };
  await using opened = await openSession({
    launch: { permissionMode, asksPermissions: true },
    answer: ({ facts: { kind } }) => (isAsked(kind) ? answers.shift() : undefined) ?? { type: "go" },
    script: {
      turns: [
        escalated("touch a"),
        escalated("touch b"),
        call("request_user_input", { questions: [question] }),
        { text: "ok" },
      ],
    },
  });
  const { session, told, model, work } = opened;
  await session.say("work");
  expect(await opened.result(1)).toMatchObject({ isError: false, text: "ok" });
  expect([existsSync(`${work}/a`), existsSync(`${work}/b`)]).toEqual([true, false]);
  expect(model.requests[2]?.newText).toContain("Not now: the disk is full.");
  expect(model.requests[3]?.newText).toContain("blue");
  const asked = told.hooks.filter(({ facts }) => isAsked(facts.kind));
  expect(asked).toMatchObject([
    { facts: { tool: "Bash" }, tool: { input: { command: "touch a", cwd: work } } },
    { facts: { tool: "Bash", detail: "touch b" } },
    {
      facts: { kind: "question" },
      tool: { questions: [{ choices: [{ label: "red" }, { label: "blue" }] }] },
    },
  ]);
});

test("readRequest() shows the files of a patch; where nobody can be asked, it is refused with words", async () => {
  const patch = "*** Begin Patch\n*** Add File: new.txt\n+hello\n*** End Patch\n";
  await using opened = await openSession({
    config: ['approval_policy = "on-request"'],
    launch: { permissionMode },
    script: { turns: [call("exec_command", { cmd: `apply_patch <<'EOF'\n${patch}EOF` }), { text: "ok" }] },
  });
  const { session, told, model, work } = opened;
  await session.say("work");
  expect(await opened.result(1)).toMatchObject({ isError: false, text: "ok" });
  const [asked] = told.hooks.filter(({ facts }) => isAsked(facts.kind));
  expect(asked).toMatchObject({ facts: { tool: "apply_patch", detail: `${work}/new.txt` } });
  expect(JSON.stringify(asked?.tool?.input)).toContain("hello");
  expect(existsSync(`${work}/new.txt`)).toBe(false);
  expect(model.requests[1]?.newText).toContain("Nobody can be asked in this session");
});

test("readRequest() asks whether another MCP server's tool may run, and what that server asks its user", async () => {
  await using dir = await tempDir();
  const tables = [
    "[mcp_servers.other]",
    `command = ${JSON.stringify(process.execPath)}`,
    `args = ${JSON.stringify([dir.join("tiny.mjs")])}`,
  ];
  await using opened = await openSession({
    ...{ dir, tables, launch: { permissionMode, asksPermissions: true } },
    answer: ({ facts: { kind } }) =>
      kind === "question" ? { type: "answer", answers: ["yes"] } : { type: "permit" },
    script: { turns: [{ toolUses: [{ name: "ask", namespace: "mcp__other" }] }, { text: "ok" }] },
  });
  const { session, told, model } = opened;
  await session.say("work");
  expect(await opened.result(1)).toMatchObject({ isError: false, text: "ok" });
  expect(told.hooks.filter(({ facts }) => isAsked(facts.kind))).toMatchObject([
    { facts: { kind: "permission", tool: "mcp__other__ask" }, tool: { isOwn: false } },
    { facts: { kind: "question" }, tool: { questions: [{ question: "Go on? ok" }] } },
  ]);
  expect(model.requests[1]?.newText).toContain('"ok":true');
});

test("readRequest(): an interrupt withdraws what is asked", async () => {
  const asked = Promise.withResolvers<AbortSignal | undefined>();
  await using opened = await openSession({
    launch: { permissionMode, asksPermissions: true },
    answer: async ({ facts: { kind } }, signal) => {
      if (!isAsked(kind)) return { type: "go" };
      asked.resolve(signal);
      await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      return { type: "permit" };
    },
    script: { turns: [escalated("touch a"), { text: "ok" }] },
  });
  const { session, work } = opened;
  await session.say("work");
  const signal = await asked.promise;
  await until("the turn is over", () => session.interrupt());
  expect(await opened.result(1)).toMatchObject({ isError: true, text: "its turn was interrupted" });
  await waitFor(() => signal?.aborted === true, { what: "it is withdrawn" });
  expect(existsSync(`${work}/a`)).toBe(false);
});
