// `cliai loop` as its host starts it, and its session as the host opens it: what the host is asked and told.
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import * as v from "valibot";
import type { AgentLaunch } from "../../../src/agents/agent-launch.ts";
import { local } from "../../../src/agents/local/local.ts";
import { ModelServerSchema } from "../../../src/domain/model-server.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { permissionModeNames } from "../../../src/loop/permission.ts";
import type { ChatTurn } from "../../support/openai-chat-answer.ts";
import { type ChatScript, startOpenaiChatServer } from "../../support/openai-chat-server.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { type AnsweredLaunch, openCli } from "../opened-cli.ts";

const launchOf = (more: Partial<AgentLaunch> = {}): AgentLaunch => ({
  ...{ agentId: parseAgentId("ada"), sessionId: "s-1", dir: "/agents/ada", cwd: "/work" },
  ...{ mcpServer: { command: "cliai", args: [], env: {} }, mcpConfigPath: "/agents/ada/mcp.json" },
  ...{ strictMcp: false, instructions: "Be brief.", passedOn: [] },
  modelServer: v.parse(ModelServerSchema, { url: "http://gpu:8080" }),
  ...more,
});

test("local > starts the loop on its model server, with its instructions and sessions in the agent's own folder", async () => {
  expect(await local.prepare(launchOf())).toEqual({
    args: [
      "loop",
      "--model-server=http://gpu:8080",
      "--instructions=/agents/ada/instructions.txt",
      "--sessions=/agents/ada/sessions",
    ],
    files: [{ path: "/agents/ada/instructions.txt", content: "Be brief.\n" }],
  });
});

test("local > is told of the gate before its model server by a variable, which others cannot read", async () => {
  const gate = "http://127.0.0.1:9/secret";
  const server = v.parse(ModelServerSchema, { url: "http://gpu:8080" });
  const { args, env } = await local.prepare(launchOf({ modelServer: { ...server, gate } }));
  expect(env).toEqual({ CLIAI_MODEL_GATE: gate });
  expect(args.join(" ")).not.toContain("secret");
});

test("local > hands on what its profile says, and --model before the model of the server", async () => {
  const modelServer = v.parse(ModelServerSchema, {
    ...{ url: "http://gpu:8080", model: "small", kind: "ollama", context: 8_000 },
    ...{ calls: "schema", max_steps: 7, key_from: "GPU_KEY", keep_alive: "30m" },
  });
  const asked = { modelServer, model: "big", permissionMode: "accept-edits", commandForm: "shell" } as const;
  const { args } = await local.prepare(launchOf({ ...asked, passedOn: ["--kind=openai"] }));
  for (const arg of ["--model=big", "--kind=ollama", "--context=8000", "--calls=schema", "--max-steps=7"])
    expect(args).toContain(arg);
  for (const arg of [
    "--key-from=GPU_KEY",
    "--permission-mode=accept-edits",
    "--shell=shell",
    "--keep-alive=30m",
  ])
    expect(args).toContain(arg);
  expect(args.at(-1)).toBe("--kind=openai");
});

test("local > has no rules for tools, and says so", async () => {
  const prepare = async () => await local.prepare(launchOf({ allowedTools: ["Bash(git:*)"] }));
  await expect(prepare()).rejects.toMatchObject({
    code: "config_invalid",
    hint: expect.stringContaining("permission_mode"),
  });
});

test("local > has the permission modes of the loop", () => {
  expect(local.permissionModes).toEqual([...permissionModeNames]);
});

const call = (name: string, input: Record<string, unknown> = {}): ChatTurn => ({
  toolUses: [{ name, input }],
});
const go = { type: "go" } as const;

async function openLocal(dir: TempDir, script: ChatScript, options: AnsweredLaunch = {}) {
  await using parts = new AsyncDisposableStack();
  const model = parts.use(await startOpenaiChatServer(script));
  const work = dir.join("work");
  await mkdir(work, { recursive: true });
  const modelServer = v.parse(ModelServerSchema, { url: model.url, model: "tiny" });
  const place = { cli: local, path: local.program, dir, work, env: { PATH: process.env.PATH ?? "" } };
  const launch = { modelServer, ...options.launch };
  const opened = parts.use(await openCli({ ...options, ...place, launch }));
  const running = parts.move();
  return { ...opened, model, work, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

test("local > asks the host before every tool, and a person only for what its mode asks for; its own tools need nobody", async () => {
  await using dir = await tempDir();
  await using opened = await openLocal(
    dir,
    {
      turns: [
        call("report_status"),
        call("list_files"),
        call("write_file", { path: "a", text: "1" }),
        { text: "All done." },
      ],
    },
    { answer: ({ facts }) => (facts.kind === "permission" ? { type: "permit" } : go) },
  );
  expect(await opened.session.say("Do it.", "order-1")).toBe("started");
  expect(await opened.result(1)).toMatchObject({ isError: false, said: "All done." });
  const asked = opened.told.hooks.map(({ facts, tool }) => [facts.kind, tool?.name]);
  expect(asked).toEqual([
    ["prompt", undefined],
    ["tool_start", "report_status"],
    ["tool_start", "list_files"],
    ["tool_start", "write_file"],
    ["permission", "write_file"],
    ["turn_end", undefined],
  ]);
  expect(opened.told.hooks[1]?.tool?.isOwn).toBe(true);
  expect(opened.session).toMatchObject({ carriesHooks: true, holdsOnlyAsked: false });
  expect(opened.told.signs).toEqual([{ type: "taken", text: "Do it.", id: "order-1" }, { type: "answer" }]);
  expect(opened.told.usage).toMatchObject([{ tokens: 4_200, isConversation: true }]);
  expect(opened.model.requests[0]?.body.messages[0]?.content).toContain("You are ada.");
});

test("local > a tool that the host denies does not run, and its turn goes on", async () => {
  await using dir = await tempDir();
  await using opened = await openLocal(
    dir,
    { turns: [call("write_file", { path: "a", text: "1" }), { text: "Then not." }] },
    { answer: ({ facts }) => (facts.kind === "tool_start" ? { type: "deny", reason: "Stop." } : go) },
  );
  await opened.session.say("Do it.");
  expect(await opened.result(1)).toMatchObject({ isError: false, said: "Then not." });
  expect(existsSync(`${opened.work}/a`)).toBe(false);
});

test("local > a wait for the model server is a retry, and no answer of the model", async () => {
  await using dir = await tempDir();
  const loading: ChatTurn = { error: { status: 503, message: "Loading model" } };
  await using opened = await openLocal(dir, { turns: [loading, loading, { text: "Here." }] });
  await opened.session.say("Do it.", "order-1");
  expect(await opened.result(1)).toMatchObject({ said: "Here." });
  const [retry, taken] = opened.told.signs;
  expect(retry).toMatchObject({
    type: "retry",
    error: "overloaded",
    detail: expect.stringContaining("503 Loading model"),
  });
  expect(taken).toMatchObject({ type: "taken", id: "order-1" });
});

test("local > a failed turn tells its remedy; a text while a turn runs joins it; the session goes on after its process", async () => {
  await using dir = await tempDir();
  const refused: ChatTurn = { error: { status: 400, message: "invalid temperature" } };
  const held = Promise.withResolvers<void>();
  const answer: NonNullable<AnsweredLaunch["answer"]> = async ({ facts }) => {
    if (facts.kind === "tool_start") await held.promise;
    return go;
  };
  let sessionId = "";
  {
    await using opened = await openLocal(
      dir,
      { turns: [refused, call("list_files"), { text: "Both." }] },
      { answer },
    );
    await opened.session.say("One.");
    const failed = await opened.result(1);
    expect(failed).toMatchObject({ isError: true, text: expect.stringContaining("invalid temperature") });
    await opened.session.say("Two.");
    await opened.model.waitForRequest(({ newText }) => newText.includes("Two."), {
      what: "the second prompt",
    });
    const joined = opened.session.say("Three.", "order-3");
    held.resolve();
    expect(await joined).toBe("steered");
    await opened.result(2);
    expect(opened.model.requests.at(-1)?.newText).toContain("Three.");
    sessionId = opened.told.session;
  }
  const launch = { isResumed: true, sessionId };
  await using again = await openLocal(dir, { turns: [{ text: "I know." }] }, { launch });
  await again.session.say("Do you remember?");
  expect(await again.result(1)).toMatchObject({ said: "I know." });
  expect(JSON.stringify(again.model.requests[0]?.body.messages)).toContain("Three.");
});
