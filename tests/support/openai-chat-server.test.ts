import { expect, test } from "bun:test";
import { startOpenaiChatServer } from "./openai-chat-server.ts";

const tools = [{ type: "function", function: { name: "bash", parameters: {} } }];
const ask = (url: string, content: string, more: object = { tools }) =>
  fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { authorization: "Bearer dummy" },
    body: JSON.stringify({ model: "m", messages: [{ role: "user", content }], ...more }),
  });

test("rules come before turns, turns before the fallback, and a side request uses up none of them", async () => {
  await using model = await startOpenaiChatServer({
    rules: [{ match: /special/, once: true, turn: { text: "by rule" } }],
    turns: [{ text: "first" }, ({ newText }) => ({ text: `second to ${newText}` })],
    fallback: { text: "no more" },
  });
  const answers: unknown[] = [];
  for (const prompt of ["special", "special", "b", "c"]) {
    expect(await (await ask(model.url, "a title, please", {})).json()).toMatchObject({
      choices: [{ message: { content: "side" } }],
    });
    answers.push(await (await ask(model.url, prompt)).json());
  }
  expect(answers).toMatchObject(
    ["by rule", "first", "second to b", "no more"].map((content) => ({
      choices: [{ message: { content } }],
    })),
  );
  expect(model.requests[1]).toMatchObject({
    newText: "special",
    toolNames: ["bash"],
    isSide: false,
    authorization: "Bearer dummy",
  });
  model.setScript({ turns: [{ text: "anew" }] });
  expect(await (await ask(model.url, "d")).json()).toMatchObject({
    choices: [{ message: { content: "anew" } }],
  });
});

test("a stream carries the text in pieces, then the tool calls, the reason to end, the usage and [DONE]", async () => {
  const usage = { prompt_tokens: 7, completion_tokens: 3, cached_tokens: 2 };
  await using model = await startOpenaiChatServer({
    fallback: { text: "I shall look now.", toolUses: [{ name: "bash", input: { command: "ls" } }], usage },
  });
  const answer = await ask(model.url, "look", { tools, stream: true });
  expect(answer.headers.get("content-type")).toBe("text/event-stream");
  const events = (await answer.text()).trim().split("\n\n");
  expect(events.pop()).toBe("data: [DONE]");
  const chunks = events.map((event) => JSON.parse(event.replace("data: ", "")));
  const choices = chunks.flatMap((chunk) => chunk.choices);
  expect(choices.map(({ delta }) => delta.content ?? "").join("")).toBe("I shall look now.");
  expect(choices.flatMap(({ delta }) => delta.tool_calls ?? [])).toMatchObject([
    { index: 0, type: "function", function: { name: "bash", arguments: '{"command":"ls"}' } },
  ]);
  expect(choices.at(-1).finish_reason).toBe("tool_calls");
  expect(chunks.at(-1)).toMatchObject({
    choices: [],
    usage: { prompt_tokens: 7, total_tokens: 10, prompt_tokens_details: { cached_tokens: 2 } },
  });
});

test("a tool's result is new text, and what came before the model's last message is not", async () => {
  await using model = await startOpenaiChatServer();
  const messages = [
    { role: "user", content: [{ type: "text", text: "the prompt" }] },
    { role: "assistant", content: null, tool_calls: [] },
    { role: "tool", tool_call_id: "call_1", content: "the result" },
  ];
  await ask(model.url, "", { tools, messages });
  expect(model.requests[0]?.newText).toBe("the result");
});

test("an error turn answers with its status, and an unreadable request with 400", async () => {
  await using model = await startOpenaiChatServer({
    turns: [{ error: { status: 429, type: "rate_limit_error", code: "rate_limit", retryAfterS: 2 } }],
  });
  const limited = await ask(model.url, "x");
  expect(limited.status).toBe(429);
  expect(limited.headers.get("retry-after")).toBe("2");
  expect(await limited.json()).toMatchObject({ error: { type: "rate_limit_error", code: "rate_limit" } });
  expect((await fetch(`${model.url}/chat/completions`, { method: "POST", body: "{}" })).status).toBe(400);
});

test("a delayed answer does not hold up the server's end, and waitForRequest() says what there was instead", async () => {
  let answer: Promise<unknown> = Promise.resolve();
  {
    await using model = await startOpenaiChatServer({ fallback: { delayMs: 60_000, text: "late" } });
    answer = ask(model.url, "the prompt").catch((error: unknown) => error);
    await model.waitForRequest(({ newText }) => newText === "the prompt", { what: "the prompt" });
    const other = model.waitForRequest(() => false, { what: "another prompt", deadlineMs: 50 });
    await expect(other).rejects.toThrow(/another prompt[\s\S]*the prompt/);
  }
  expect(await answer).toBeInstanceOf(Error);
});
