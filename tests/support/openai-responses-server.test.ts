import { expect, test } from "bun:test";
import { startOpenaiResponsesServer } from "./openai-responses-server.ts";

const tools = [{ type: "function", name: "exec_command" }];
const prompt = (text: string) => ({
  type: "message",
  role: "user",
  content: [{ type: "input_text", text }],
});
const ask = (url: string, input: readonly object[], more: object = { tools }) =>
  fetch(`${url}/responses`, {
    method: "POST",
    body: JSON.stringify({ model: "m", input, stream: true, ...more }),
  });
async function eventsOf(response: Response): Promise<Record<string, unknown>[]> {
  const events = (await response.text()).trim().split("\n\n");
  return events.map((event) => JSON.parse(event.slice(event.indexOf("data: ") + 6)));
}

test("a stream carries the text in pieces, then the calls, each by its kind, and the usage", async () => {
  await using model = await startOpenaiResponsesServer({
    fallback: {
      text: "I shall look now.",
      toolUses: [
        { name: "report_status", namespace: "mcp__cliai", input: { status: "working" } },
        { name: "exec", input: "text(1)" },
      ],
      usage: { input_tokens: 7, cached_tokens: 2, output_tokens: 3 },
    },
  });
  const events = await eventsOf(await ask(model.url, [prompt("look")]));
  expect(events.map(({ delta = "" }) => delta).join("")).toBe("I shall look now.");
  expect(events.at(-1)).toMatchObject({
    type: "response.completed",
    response: {
      output: [
        { type: "message", content: [{ text: "I shall look now." }] },
        { type: "function_call", namespace: "mcp__cliai", arguments: '{"status":"working"}' },
        { type: "custom_tool_call", name: "exec", input: "text(1)" },
      ],
      usage: { input_tokens: 7, total_tokens: 10, input_tokens_details: { cached_tokens: 2 } },
    },
  });
});

test("what follows the model's last item is new text, with the results of tools; without tools it is a side request", async () => {
  await using model = await startOpenaiResponsesServer({ turns: [{ text: "by script" }] });
  const input = [
    prompt("the prompt"),
    { type: "function_call", call_id: "call_1", name: "exec_command", arguments: "{}" },
    { type: "function_call_output", call_id: "call_1", output: "the result" },
    prompt("steered"),
  ];
  expect(JSON.stringify(await eventsOf(await ask(model.url, input, {})))).toContain('"side"');
  expect(JSON.stringify(await eventsOf(await ask(model.url, input)))).toContain('"by script"');
  expect(model.requests.map(({ isSide }) => isSide)).toEqual([true, false]);
  expect(model.requests[1]?.newText).toBe("the result\nsteered");
  const inCodeMode = [{ type: "additional_tools", tools: [] }, prompt("x")];
  await ask(model.url, inCodeMode, {});
  expect(model.requests[2]?.isSide).toBe(false);
});

test("an error turn answers with its status, a failure ends the stream, and an unreadable request gets 400", async () => {
  await using model = await startOpenaiResponsesServer({
    turns: [
      { error: { status: 401, code: "invalid_api_key" } },
      { failure: { code: "rate_limit_exceeded", message: "slower" } },
    ],
  });
  const refused = await ask(model.url, [prompt("x")]);
  expect(refused.status).toBe(401);
  expect(await refused.json()).toMatchObject({ error: { code: "invalid_api_key" } });
  expect((await eventsOf(await ask(model.url, [prompt("x")]))).at(-1)).toMatchObject({
    type: "response.failed",
    response: { error: { code: "rate_limit_exceeded" } },
  });
  expect((await fetch(`${model.url}/responses`, { method: "POST", body: "{}" })).status).toBe(400);
});
