// The tools that act: who has them, what they say of themselves, and what they do.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { TokenScope } from "../../../src/domain/access/token-scopes.ts";
import { waitFor } from "../../support/wait-for.ts";
import { commandsOf } from "../test-app.ts";
import { callTool, type McpApp, operatorsToken, startMcpApp } from "./operator-client.ts";

let mcp: McpApp;
beforeAll(async () => {
  mcp = await startMcpApp();
  await mcp.web.heartbeat("ada", { session_mode: "headless" });
});
afterAll(() => mcp[Symbol.asyncDispose]());

const clientWith = (...scopes: TokenScope[]) => mcp.connect(mcp.tokenWith("aide", "mcp", ...scopes));
const actingOf = async (client: Awaited<ReturnType<typeof clientWith>>) =>
  (await client.listTools()).tools.filter(({ annotations }) => annotations?.readOnlyHint !== true);
const orders = ["send_task", "send_message", "pause_agent", "resume_agent", "stop_agent"];

async function ask(tool: string, args: object): Promise<string> {
  const body = { request_id: crypto.randomUUID(), tool, arguments: { ...args, wait_s: 0 } };
  const answer = await mcp.web.bus.request("tools.call.ada", body, { timeoutMs: 60_000 });
  return JSON.parse(new TextDecoder().decode(answer)).result.request_id;
}

describe("which tools a token has", () => {
  test("by its scopes: orders with `command`, answers with `answer`, neither without", async () => {
    const names = async (...scopes: TokenScope[]) =>
      (await actingOf(await clientWith(...scopes))).map(({ name }) => name);
    expect(await names("read")).toEqual([]);
    expect(await names("command")).toEqual(orders);
    expect(await names("answer")).toEqual(["answer_request"]);
  });

  test("the operator's own token gives orders, and answers nothing: that needs a token with a name and the scope", async () => {
    const client = await mcp.connect(operatorsToken);
    expect((await actingOf(client)).map(({ name }) => name)).toEqual(orders);
    const request_id = await ask("request_permission", { tool: "Bash", input: "rm -rf /" });
    await expect(callTool(client, "answer_request", { request_id, approved: true })).rejects.toThrow(
      "answer_request",
    );
    expect(mcp.web.test.server.requests.get(request_id)?.state).toBe("asked");
  });

  test("each says what it may do: only pausing and letting go destroy nothing", async () => {
    const tools = await actingOf(await clientWith("command", "answer"));
    const harmless = tools.filter(({ annotations }) => annotations?.destructiveHint === false);
    expect(harmless.map(({ name }) => name)).toEqual(["pause_agent", "resume_agent"]);
    expect(tools.every(({ annotations }) => annotations?.readOnlyHint === false)).toBe(true);
  });
});

describe("orders", () => {
  test("a task is stored in the token's name, once for one id, and its receipts are told", async () => {
    const client = await clientWith("command");
    const task = { agent_id: "ada", text: "sweep the floor", command_id: "sweep-1", wait_s: 0 };
    expect(await callTool(client, "send_task", task)).toMatchObject({
      ...{ agent_id: "ada", command_id: "sweep-1", duplicate: false },
      receipts: [{ state: "stored" }],
    });
    expect(await callTool(client, "send_task", task)).toMatchObject({ duplicate: true });
    expect(commandsOf(mcp.web.test, "ada")).toMatchObject([
      { command_id: "sweep-1", type: "task", from: "aide (token)", summary: "sweep the floor" },
    ]);
  });

  test("a pause waits until the agent has it", async () => {
    const client = await clientWith("command");
    const paused = callTool(client, "pause_agent", { agent_id: "ada", reason: "lunch", wait_s: 20 });
    const order = await waitFor(() => commandsOf(mcp.web.test, "ada").find(({ type }) => type === "pause"), {
      what: "the pause is stored",
    });
    const { command_id } = order;
    mcp.web.bus.publish("agent.ada.receipt", { agent_id: "ada", command_id, state: "delivered" });
    expect(await paused).toMatchObject({
      command_id,
      receipts: [{ state: "stored" }, { state: "delivered" }],
    });
  });

  test("a stop hands its reason and force on, and a message goes to the agent", async () => {
    const client = await clientWith("command");
    const stopped = { agent_id: "ada", reason: "enough", force: true, wait_s: 0 };
    expect(await callTool(client, "stop_agent", stopped)).toMatchObject({ duplicate: false });
    const sent = await callTool(client, "send_message", { agent_id: "ada", text: "see you" });
    expect(sent).toEqual({ message_id: expect.any(String), thread: sent.message_id });
    await waitFor(
      () => {
        const types = commandsOf(mcp.web.test, "ada").map(({ type, summary }) => `${type} ${summary}`);
        return types.includes("stop enough") && types.includes("message see you");
      },
      { what: "both are with ada", saw: () => commandsOf(mcp.web.test, "ada") },
    );
  });

  test("what is refused is told with its remedy", async () => {
    const client = await clientWith("command");
    expect((await callTool(client, "send_task", { agent_id: "nobody", text: "go" })).error).toContain(
      'no agent "nobody"',
    );
    expect((await callTool(client, "send_task", { agent_id: "ada", text: " " })).error).toContain(
      "a task needs its text",
    );
    expect((await callTool(client, "pause_agent", { agent_id: "ada", wait_s: 60 })).error).toContain(
      "wait_s",
    );
  });
});

describe("answers", () => {
  test("count in the token's name, and the second is told who was first", async () => {
    const client = await clientWith("answer");
    const request_id = await ask("request_permission", { tool: "Bash", input: "ls" });
    const given = { request_id, approved: false, reason: "not now" };
    expect(await callTool(client, "answer_request", given)).toMatchObject({
      ...{ request_id, state: "answered", answered: { approved: false } },
      untrusted: { answer: { by: "aide (token)", reason: "not now" } },
    });
    const again = await callTool(client, "answer_request", { request_id, approved: true });
    expect(again.error).toContain("answered already by aide (token)");
    const question = await ask("ask_human", { question: "which?", choices: ["left", "right"] });
    const both = await callTool(client, "answer_request", {
      request_id: question,
      text: "1",
      approved: true,
    });
    expect(both.error).toContain("exactly one of");
    const chosen = await callTool(client, "answer_request", { request_id: question, text: "1" });
    expect(chosen.untrusted.answer.text).toBe("left");
  });
});
